//! The product's own audit, run as a person runs it, and held against our own count.

use serde_json::Value;

use crate::checker::{self, Books};
use crate::failure::{Failure, Outcome};
use crate::service::Service;
use crate::stage::{Stage, own};

/// How long it may take.
const LIMIT_SECONDS: u64 = 120;

/// Checks the books of a stage by our own count and by the audit, which have to agree. Says what
/// was counted.
pub fn balance(stage: &Stage<'_>, expected: u64) -> Outcome<Books> {
    let journal = &stage.bench.journal;
    let books = checker::check(&stage.system)?;
    journal.check(
        books.findings.is_empty() && books.produced == expected,
        format_args!(
            "own count: {} produced ({expected} expected), {} fraud, {} legit, {} dead-lettered, {} alerts; {}",
            books.produced, books.fraud, books.legit, books.dead_lettered, books.alerts, books.findings
        ),
    );
    let (code, json) = audit(stage)?;
    journal.say(&json);
    journal.check(
        code == Some(0),
        format_args!("audit ends with {code:?} (0 expected)"),
    );
    let differing = differing(&json, &books);
    journal.check(
        differing.is_empty(),
        format_args!("audit and own count: {}", told(&differing)),
    );
    stage.bench.audited(&json);
    Ok(books)
}

/// Which numbers of the audit's object are not those of our own count.
pub fn differing(json: &str, books: &Books) -> Vec<String> {
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let counts = [
        ("produced", books.produced),
        ("fraud", books.fraud),
        ("legit", books.legit),
        ("dead_lettered", books.dead_lettered),
        ("in_flight", 0),
        ("missing", 0),
        ("doubled", 0),
        ("foreign", 0),
    ];
    counts
        .iter()
        .filter(|(key, count)| value[key].as_u64() != Some(*count))
        .map(|(key, count)| format!("{key} {} instead of {count}", value[key]))
        .collect()
}

/// The same in words.
pub fn told(differing: &[String]) -> String {
    match differing.is_empty() {
        true => "the same".to_owned(),
        false => differing.join(", "),
    }
}

/// Runs `fraudstream audit --json`; its exit code and the last line of its stdout.
fn audit(stage: &Stage<'_>) -> Outcome<(Option<i32>, String)> {
    let names = &stage.system.names;
    let variables = own(vec![
        ("KAFKA_BOOTSTRAP_SERVERS", stage.bench.bootstrap.clone()),
        ("AUDIT_DETECTOR_GROUP", names.group(Service::Detector)),
        ("TOPIC_PAYMENTS", names.payments.clone()),
        ("TOPIC_FRAUD", names.fraud.clone()),
        ("TOPIC_LEGIT", names.legit.clone()),
        ("TOPIC_DLQ", names.dead.clone()),
        ("DATABASE_URL", stage.database_url()),
        ("LOG_FORMAT", "json".to_owned()),
    ]);
    let mut child = stage.command("fraudstream", &["audit", "--json"], &variables)?;
    let (status, took) = child.end(LIMIT_SECONDS)?;
    let stdout = child.stdout();
    let peak = crate::usage::Megabytes(child.peak_kib());
    let seconds = took.as_secs_f64();
    let journal = &stage.bench.journal;
    journal.say(format_args!(
        "audit: {status} after {seconds:.1} s, peak RSS {peak}"
    ));
    let last = stdout.lines().last().ok_or_else(|| {
        let words = child.last_words();
        Failure::new(format!(
            "the audit said nothing ({status}); its last words: {words}"
        ))
    })?;
    Ok((status.code(), last.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_differs_is_named_and_so_is_one_that_is_not_there() {
        let books = Books {
            produced: 3,
            fraud: 1,
            legit: 2,
            ..Books::default()
        };
        let mut audit = serde_json::json!({
            "produced": 3, "fraud": 1, "legit": 2, "dead_lettered": 0, "in_flight": 0, "missing": 0, "doubled": 0, "foreign": 0
        });
        assert_eq!(told(&differing(&audit.to_string(), &books)), "the same");
        audit["legit"] = 1.into();
        let said = told(&differing(&audit.to_string(), &books));
        assert_eq!(said, "legit 1 instead of 2");
        assert_eq!(differing("nothing", &books).len(), 8);
    }
}
