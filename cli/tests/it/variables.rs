//! `docs/variables.md` is what the programs declare, and nothing else.

use std::fs;
use std::process::Command;

use settings::{Variable, markdown, table};

/// Where the page is, seen from this package, in which cargo starts tests.
const PAGE: &str = "../docs/variables.md";
/// Set to anything, this has the page written in place of compared.
const WRITE: &str = "FRAUDSTREAM_WRITE_DOCS";
/// What to say to have it written.
const COMMAND: &str =
    "FRAUDSTREAM_WRITE_DOCS=1 cargo test --package fraudstream --test it variables";

const HEAD: &str = "\
# Environment variables

Everything that the programs read from their environment. `SERVICE --help` and `fraudstream audit --help` print the same. An empty
variable counts as unset. Invalid configuration ends the start with exit code 64 and one message that lists every problem; an unknown name
under one of our prefixes is a warning that suggests the nearest known name.

A value whose type is *secret* is never shown, and can come from a file: `NAME_FILE` names it, and `NAME` is then left out. `KAFKA_PROPERTY_*`
is any property of librdkafka, in capitals and with `_` for every dot: `KAFKA_PROPERTY_SOCKET_TIMEOUT_MS` is `socket.timeout.ms`.
Two kinds do not reach every client: `message.max.bytes` is for those that produce, and the detector's producer keeps its own time limits, which have to
go together (`transaction.timeout.ms`, `message.timeout.ms`, `socket.timeout.ms`, `request.timeout.ms`, `linger.ms`).

`fraudstream demo` takes arguments (`--help`) and, of these variables, `LOG_FORMAT` and `LOG_LEVEL` (`warn` unless it is set). `healthcheck`,
of every program, takes `ADMIN_ADDR`. `fraudstream audit` without `--follow` serves nothing and repeats nothing, so `ADMIN_ADDR`,
`SHUTDOWN_DEADLINE_MS` and `AUDIT_INTERVAL_MS` mean nothing to it.
";

/// The programs in the order in which a payment meets them, and the rooms that each reads.
fn programs() -> [(&'static str, Vec<&'static [Variable]>); 5] {
    let with_its_own = |rooms: &[&'static [Variable]]| [rooms, &[service::VARIABLES]].concat();
    [
        (
            "payment-producer",
            with_its_own(payment_producer::Config::ROOMS),
        ),
        (
            "fraud-detector",
            with_its_own(fraud_detector::Config::ROOMS),
        ),
        (
            "fraud-processor",
            with_its_own(fraud_processor::Config::ROOMS),
        ),
        (
            "legit-processor",
            with_its_own(legit_processor::Config::ROOMS),
        ),
        (
            "fraudstream audit",
            with_its_own(fraudstream::audit::Config::ROOMS),
        ),
    ]
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for (program, rooms) in programs() {
        page.push_str(&format!("\n## {program}\n\n{}", markdown(&rooms)));
    }
    page.push_str(&format!(
        "\n<!-- Made of the programs' own declarations, by `{COMMAND}`; without the variable `cargo test` compares. -->\n"
    ));
    page
}

#[test]
fn the_page_of_variables_is_what_the_programs_declare() {
    let expected = page();
    if std::env::var_os(WRITE).is_some() {
        fs::write(PAGE, expected).unwrap();
        return;
    }
    let found = fs::read_to_string(PAGE).unwrap_or_default();
    let first = found
        .lines()
        .zip(expected.lines())
        .find(|(found, expected)| found != expected);
    assert!(
        found == expected,
        "docs/variables.md is not what the programs declare, `{COMMAND}` writes it; it differs first in {first:?}"
    );
}

#[test]
fn the_audit_s_help_shows_the_variables_that_its_page_shows() {
    let asked = Command::new(env!("CARGO_BIN_EXE_fraudstream"))
        .args(["audit", "--help"])
        .output()
        .unwrap();
    let help = String::from_utf8(asked.stdout).unwrap();
    let (_, rooms) = programs().into_iter().next_back().unwrap();
    let expected = table(&rooms);
    assert!(
        help.contains(expected.trim_end()),
        "{expected} is not in {help}"
    );
}
