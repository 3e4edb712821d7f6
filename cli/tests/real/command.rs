//! The program over a pipeline: its exit code and what it prints.

use std::process::{Command, Output as Ended};

use store::{Relation, Table};

use crate::support::pipeline::{Output, Pipeline};

/// `fraudstream audit` over a pipeline, with nothing else in its environment but what comes last.
fn audit(pipeline: &Pipeline, arguments: &[&str], also: &[(&str, &str)]) -> Ended {
    let names = &pipeline.names;
    let variables = [
        (
            "KAFKA_BOOTSTRAP_SERVERS",
            pipeline.config.kafka.bootstrap_servers.as_str(),
        ),
        ("DATABASE_URL", pipeline.database.url()),
        ("AUDIT_DETECTOR_GROUP", &pipeline.config.detector_group),
        ("TOPIC_PAYMENTS", &names.payments),
        ("TOPIC_FRAUD", &names.fraud),
        ("TOPIC_LEGIT", &names.legit),
        ("TOPIC_DLQ", &names.dead_letters),
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_fraudstream"));
    command.arg("audit").args(arguments).env_clear();
    command
        .envs(variables)
        .envs(also.iter().copied())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

async fn at_rest() -> Pipeline {
    let mut pipeline = Pipeline::real().await;
    pipeline.produce(4);
    pipeline.decide(Output::Legit, 0..4);
    pipeline.commit_all();
    pipeline.store(Table::Legit, 0..4, 4).await;
    pipeline
}

#[tokio::test]
async fn even_books_end_with_0_and_the_promised_line() {
    let pipeline = at_rest().await;
    let ended = audit(&pipeline, &["--json"], &[]);
    assert_eq!(ended.status.code(), Some(0), "{}", text(&ended.stderr));
    let line = text(&ended.stdout).lines().last().unwrap();
    let promised = concat!(
        r#"{"produced":4,"fraud":0,"legit":4,"dead_lettered":0,"#,
        r#""in_flight":0,"missing":0,"doubled":0,"foreign":0,"#
    );
    assert!(line.starts_with(promised), "{line}");
    let people = audit(&pipeline, &[], &[]);
    assert_eq!(people.status.code(), Some(0));
    let report = text(&people.stdout);
    assert!(report.ends_with("the books balance\n"), "{report}");
}

#[tokio::test]
async fn uneven_books_end_with_1_and_name_the_payment() {
    let pipeline = at_rest().await;
    pipeline.delete_row(Relation::LegitPayments, 3).await;
    let ended = audit(&pipeline, &[], &[]);
    assert_eq!(ended.status.code(), Some(1), "{}", text(&ended.stderr));
    let report = text(&ended.stdout);
    let example = format!(
        "{}: on topic {}, in no table",
        pipeline.named(3),
        pipeline.names.legit
    );
    assert!(report.contains(&example), "{report}");
    assert!(report.ends_with("the books do not balance\n"), "{report}");
    let ended = audit(&pipeline, &["--json"], &[]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        text(&ended.stdout).contains(r#""missing":1,"#),
        "{}",
        text(&ended.stdout)
    );
    assert!(
        text(&ended.stderr).contains(&example),
        "{}",
        text(&ended.stderr)
    );
}

#[tokio::test]
async fn what_could_not_be_told_ends_with_2_and_a_sentence() {
    let pipeline = at_rest().await;
    let check = |variable: (&str, &str), sentence: &str| {
        let ended = audit(&pipeline, &["--json"], &[variable]);
        let said = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains(sentence), "{sentence} in {said}");
        assert_eq!(
            text(&ended.stdout),
            "",
            "a line would be taken for an answer"
        );
    };
    check(
        ("TOPIC_DLQ", "no-such-topic"),
        "could not ask for topic no-such-topic: there is no such topic",
    );
    let away = "mysql://nobody@127.0.0.1:9/fraudstream";
    check(
        ("DATABASE_URL", away),
        &format!("could not connect to {away}"),
    );
    let (server, _) = pipeline.database.url().rsplit_once('@').unwrap();
    let stranger = format!(
        "mysql://stranger:guess@{}",
        &pipeline.database.url()[server.len() + 1..]
    );
    check(
        ("DATABASE_URL", &stranger),
        "the database refuses the user, the password or a right",
    );
    check(("AUDIT_DEADLINE_MS", "1"), "within 0.001 s");
}
