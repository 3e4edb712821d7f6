//! The table of variables: for `--help`, and as markdown for the documents.

use crate::{Fallback, Variable};

/// Widest line of `--help`.
const COLUMNS: usize = 100;

/// Variables as `--help` prints them: the name on the left, beside it the type with the default
/// and, below that, the meaning, wrapped to 100 columns. Rooms are set apart by an empty line, a
/// variable of two rooms is shown once.
pub fn table(rooms: &[&[Variable]]) -> String {
    let rooms = rows(rooms);
    let width = rooms
        .iter()
        .flatten()
        .map(|row| row.name.len())
        .max()
        .unwrap_or(0)
        + 2;
    let rooms: Vec<String> = rooms
        .iter()
        .map(|room| room.iter().map(|row| row.to_lines(width)).collect())
        .collect();
    rooms.join("\n")
}

/// The same as a markdown table: `docs/variables.md` is made of these, and `cargo test` compares.
pub fn markdown(rooms: &[&[Variable]]) -> String {
    let mut table = String::from("| variable | type | default | meaning |\n|---|---|---|---|\n");
    for row in rows(rooms).iter().flatten() {
        let fallback = match row.fallback {
            Fallback::Required => "required".to_owned(),
            Fallback::Unset => "none".to_owned(),
            Fallback::Value(value) => format!("`{value}`"),
        };
        let cells = [
            format!("`{}`", row.name),
            row.kind.clone(),
            fallback,
            row.meaning.clone(),
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    table
}

/// A line of the table: a declared variable, or the file that a secret may come from.
struct Row {
    name: String,
    kind: String,
    fallback: Fallback,
    meaning: String,
}

impl Row {
    fn declared(variable: &Variable) -> Self {
        Self {
            name: variable.name.to_owned(),
            kind: variable.kind.to_owned(),
            fallback: variable.fallback,
            meaning: variable.meaning.to_owned(),
        }
    }

    fn file_of(variable: &Variable) -> Self {
        Self {
            name: variable.file_name(),
            kind: "path".to_owned(),
            fallback: Fallback::Unset,
            meaning: format!("file to read {} from", variable.name),
        }
    }

    fn to_lines(&self, width: usize) -> String {
        let fallback = match self.fallback {
            Fallback::Required => "required".to_owned(),
            Fallback::Unset => "optional".to_owned(),
            Fallback::Value(value) => format!("default {value}"),
        };
        let mut text = wrap(&format!("{}; {fallback}", self.kind), COLUMNS - width);
        text.extend(wrap(&self.meaning, COLUMNS - width));
        let mut name = self.name.as_str();
        text.iter()
            .map(|line| format!("{:width$}{line}\n", std::mem::take(&mut name)))
            .collect()
    }
}

/// Rows by room, each name once, empty rooms left out.
fn rows(rooms: &[&[Variable]]) -> Vec<Vec<Row>> {
    let declared = |name: &str| {
        rooms
            .iter()
            .copied()
            .flatten()
            .any(|variable| variable.name == name)
    };
    let mut seen: Vec<&str> = Vec::new();
    let mut rows: Vec<Vec<Row>> = Vec::new();
    for room in rooms {
        let mut lines = Vec::new();
        for variable in room.iter() {
            if seen.contains(&variable.name) {
                continue;
            }
            seen.push(variable.name);
            lines.push(Row::declared(variable));
            if variable.is_secret() && !declared(&variable.file_name()) {
                lines.push(Row::file_of(variable));
            }
        }
        rows.push(lines);
    }
    rows.retain(|room| !room.is_empty());
    rows
}

/// Lines of at most `width` characters, broken at spaces. A longer word has a line to itself.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
