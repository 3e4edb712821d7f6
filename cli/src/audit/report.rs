//! The books for people, and as one line for programs.

use std::fmt::Write as _;

use super::books::{Balance, Extent, Finding, Names, Totals};

/// What people read: the numbers, what was not counted and why, and what is wrong.
pub fn text(balance: &Balance, names: &Names) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, balance, names);
    text
}

/// One object on one line. The first eight keys are a promise, and so is their order.
pub fn json(totals: &Totals) -> Result<String, serde_json::Error> {
    serde_json::to_string(totals).map(|line| line + "\n")
}

fn write(text: &mut String, balance: &Balance, names: &Names) -> std::fmt::Result {
    let Totals {
        produced,
        fraud,
        legit,
        dead_lettered,
        in_flight,
        missing,
        doubled,
        foreign,
        ..
    } = balance.totals;
    let Totals {
        to_decide,
        to_store,
        earlier_topic,
        before_start,
        not_in_payments,
        ..
    } = balance.totals;
    let waiting = format!("{to_decide} to decide, {to_store} to store");
    for (name, number, note) in [
        ("produced", produced, names.payments.as_str()),
        ("fraud", fraud, "in table fraud_payments"),
        ("legit", legit, "in table legit_payments"),
        (
            "dead-lettered",
            dead_lettered,
            "on the DLQ or in table dead_letters",
        ),
        ("in flight", in_flight, &waiting),
        ("missing", missing, ""),
        ("doubled", doubled, ""),
        (
            "foreign",
            foreign,
            "records on outputs and DLQ that are not the detector's",
        ),
    ] {
        writeln!(
            text,
            "{}",
            format!("{name:<14}{number:>14}  {note}").trim_end()
        )?;
    }
    writeln!(text)?;
    for (partition, (extent, gaps)) in &balance.partitions {
        write_partition(text, names, *partition, extent, *gaps)?;
    }
    for (number, what) in [
        (
            before_start,
            "payments are known that retention has taken from the topic; they are not counted",
        ),
        (
            earlier_topic,
            "payments are known of another topic, or of an earlier one of this name; they are not counted",
        ),
        (
            not_in_payments,
            "payments are known where the topic has no record: newer, compacted, or gone with a broker",
        ),
    ] {
        if number > 0 {
            writeln!(text, "{number} {what}")?;
        }
    }
    for finding in &balance.findings {
        write_finding(text, finding)?;
    }
    match balance.is_even() {
        true => writeln!(text, "\nthe books balance"),
        false => writeln!(text, "\nthe books do not balance"),
    }
}

fn write_partition(
    text: &mut String,
    names: &Names,
    partition: i32,
    extent: &Extent,
    gaps: u64,
) -> std::fmt::Result {
    let Extent {
        low,
        high,
        committed,
    } = extent;
    write!(
        text,
        "{}/{partition}: offsets {low} to {high}",
        names.payments
    )?;
    if *low > 0 {
        write!(text, " (retention has taken what was before)")?;
    }
    if gaps > 0 {
        write!(text, ", {gaps} of them without a record")?;
    }
    match committed {
        Some(committed) => writeln!(text, "; decided up to {committed}"),
        None => writeln!(text, "; nothing decided yet"),
    }
}

fn write_finding(text: &mut String, finding: &Finding) -> std::fmt::Result {
    let Finding {
        what,
        count,
        examples,
    } = finding;
    writeln!(text, "\n{count} {}", what.sentence())?;
    for example in examples {
        writeln!(text, "  {example}")?;
    }
    match count.saturating_sub(examples.len() as u64) {
        0 => Ok(()),
        more => writeln!(text, "  and {more} more"),
    }
}
