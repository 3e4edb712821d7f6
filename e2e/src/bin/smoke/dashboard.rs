//! What a dashboard asks.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::variables::Variables;
use e2e::failure::{Attempt as _, Failure, Outcome};

/// One of Grafana's dashboards.
#[derive(Debug)]
pub struct Dashboard {
    /// The file's name, without its ending.
    pub name: String,
    /// Its panels that ask something.
    pub panels: Vec<Panel>,
    /// Its variables.
    pub variables: Variables,
}

/// A panel, and what it asks as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Panel {
    /// Its title.
    pub title: String,
    /// Its queries.
    pub queries: Vec<String>,
}

impl Dashboard {
    /// All of a folder.
    pub fn all(folder: &Path) -> Outcome<Vec<Self>> {
        let what = format!("read {}", folder.display());
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).attempt(&what)? {
            let path = entry.attempt(&what)?.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        if paths.is_empty() {
            return Err(Failure::new(format!(
                "there is no dashboard in {}",
                folder.display()
            )));
        }
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Outcome<Self> {
        let what = format!("read {}", path.display());
        let text = fs::read_to_string(path).attempt(&what)?;
        let json: Value = serde_json::from_str(&text).attempt(&what)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        Self::of(name.into_owned(), &json).attempt(&what)
    }

    fn of(name: String, json: &Value) -> Outcome<Self> {
        let mut panels = Vec::new();
        collect(&json["panels"], &mut panels)?;
        if panels.is_empty() {
            return Err(Failure::new("it has no panels"));
        }
        Ok(Self {
            name,
            panels,
            variables: Variables::of(&json["templating"]["list"])?,
        })
    }
}

/// Panels lie in rows, too, when these are folded.
fn collect(list: &Value, panels: &mut Vec<Panel>) -> Outcome {
    for panel in list.as_array().into_iter().flatten() {
        collect(&panel["panels"], panels)?;
        let title = panel["title"].as_str().unwrap_or_default().to_owned();
        if panel["type"] == "row" || panel["type"] == "text" {
            continue;
        }
        let targets = panel["targets"].as_array().into_iter().flatten();
        let queries: Vec<String> = targets
            .filter_map(|target| target["expr"].as_str())
            .map(str::to_owned)
            .collect();
        if title.is_empty() || queries.is_empty() {
            return Err(Failure::new(format!(
                "panel {} {title:?} has no title or asks nothing",
                panel["id"]
            )));
        }
        panels.push(Panel { title, queries });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn panels(list: Value) -> Outcome<Vec<Panel>> {
        let mut panels = Vec::new();
        collect(&list, &mut panels).map(|()| panels)
    }

    #[test]
    fn panels_are_found_in_folded_rows_too() {
        let list = json!([
            {"type": "row", "title": "open", "panels": []},
            {"type": "stat", "title": "one", "targets": [{"expr": "a"}, {"expr": "b"}]},
            {"type": "row", "title": "folded", "panels": [
                {"type": "timeseries", "title": "two", "targets": [{"expr": "c"}]},
            ]},
        ]);
        let panel = |title: &str, queries: &[&str]| Panel {
            title: title.to_owned(),
            queries: queries.iter().map(|&query| query.to_owned()).collect(),
        };
        assert_eq!(
            panels(list).unwrap(),
            [panel("one", &["a", "b"]), panel("two", &["c"])]
        );
    }

    #[test]
    fn a_panel_that_asks_nothing_is_a_fault() {
        let list = json!([{"type": "stat", "title": "one", "targets": []}]);
        assert!(panels(list).is_err());
    }
}
