//! The tables that people read.

use settings::{Fallback, Variable, markdown, table};

use crate::{BATCH, PASSWORD, URL};

const SERVERS: Variable = Variable::new(
    "KAFKA_BOOTSTRAP_SERVERS",
    "host:port, comma-separated",
    Fallback::Value("localhost:9091,localhost:9092,localhost:9093"),
    "brokers to ask first; they name the rest of the cluster, so that one that answers is enough",
);

#[test]
fn help_shows_type_default_and_meaning_aligned_and_wrapped() {
    let expected = "\
DATABASE_URL             URL; required
                         where rows go
DATABASE_PASSWORD        secret; optional
                         password of the user in the URL
DATABASE_PASSWORD_FILE   path; optional
                         file to read DATABASE_PASSWORD from

KAFKA_BOOTSTRAP_SERVERS  host:port, comma-separated; default
                         localhost:9091,localhost:9092,localhost:9093
                         brokers to ask first; they name the rest of the cluster, so that one that
                         answers is enough
";
    assert_eq!(table(&[&[URL, PASSWORD], &[SERVERS, URL]]), expected);
    assert!(expected.lines().all(|line| line.len() <= 100));
}

#[test]
fn markdown_has_a_row_for_each_variable_and_keeps_its_columns() {
    let choice = Variable::new(
        "LOG_FORMAT",
        "json | pretty",
        Fallback::Value("json"),
        "how lines look",
    );
    let expected = "\
| variable | type | default | meaning |
|---|---|---|---|
| `DATABASE_URL` | URL | required | where rows go |
| `DATABASE_BATCH_ROWS` | rows | `1000` | rows of one transaction |
| `LOG_FORMAT` | json \\| pretty | `json` | how lines look |
";
    assert_eq!(markdown(&[&[URL], &[BATCH, choice]]), expected);
}

#[test]
fn a_room_without_rows_leaves_no_gap() {
    assert_eq!(table(&[&[], &[URL]]), table(&[&[URL]]));
    assert_eq!(table(&[]), "");
}
