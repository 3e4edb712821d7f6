//! What `/readyz` and `/livez` answer.

use service::testing::Observed as _;
use sink::testing::{Output, VISA};

use crate::support::{bench, config, program, start};

#[test]
fn it_says_how_many_partitions_it_has_and_a_replica_without_any_is_ready_as_a_spare() {
    let bench = bench(1);
    let first = start(config(&bench));
    first.wait_for("kafka: ok, joined, 1 partitions");
    first.wait_for("database: ok");
    assert_eq!(first.metric("ready{dependency=\"kafka\"}"), 1.0);
    assert_eq!(first.metric("ready{dependency=\"database\"}"), 1.0);
    let second = start(config(&bench));
    second.wait_for("kafka: ok, spare");
    assert!(second.is_alive());

    first.stop();
    second.wait_for("kafka: ok, joined, 1 partitions");
    bench.send(0, [&Output::foreign(VISA)]);
    bench.payments(1);
    second.stop();
}

#[test]
fn a_database_that_nobody_answers_for_makes_it_wait_and_not_die() {
    let child = program(
        &[],
        &[
            (
                "DATABASE_URL",
                "mysql://fraudstream:hunter2@127.0.0.1:1/fraudstream",
            ),
            ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ],
    );
    let readiness = child.wait_for("database: failed, could not connect to");
    assert!(
        readiness.contains("mysql://fraudstream@127.0.0.1:1/fraudstream"),
        "{readiness}"
    );
    assert!(child.get("/readyz").0.starts_with("HTTP/1.1 503"));
    assert!(child.is_alive());
    assert_eq!(child.metric("ready{dependency=\"database\"}"), 0.0);
    let log = child.log().join("\n");
    assert!(!log.contains("hunter2") && !readiness.contains("hunter2"));
    child.stop();
}

#[test]
fn a_database_that_refuses_it_ends_it_with_a_sentence() {
    let child = program(
        &[],
        &[
            ("DATABASE_URL", "sqlite:/nowhere/at/all/rows.db"),
            ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ],
    );
    let ended = child.end();
    assert_eq!(ended.code, Some(1), "{:#?}", ended.log);
    let last = ended.log.last().expect("a word");
    assert!(last.contains("/nowhere/at/all/rows.db"), "{last}");
}

#[test]
fn it_names_the_topic_that_it_waits_for_and_goes_on_by_itself_once_it_is_there() {
    let bench = bench(1);
    let mut config = config(&bench);
    config.creation.create = false;
    config.topic.name = bench.cluster.name("late");
    let late = config.topic.name.clone();
    let processor = start(config);
    processor.wait_for(&format!("waiting for topics that are missing: {late}"));
    processor.wait_for("database: ok");
    assert!(processor.is_alive());
    bench.cluster.topic("late", 1);
    processor.wait_for("kafka: ok, joined, 1 partitions");
    processor.stop();
}

#[test]
fn a_program_that_runs_is_asked_by_its_healthcheck() {
    let child = program(
        &[],
        &[
            ("DATABASE_URL", "mysql://u@127.0.0.1:1/d"),
            ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ],
    );
    child.wait_for("database: failed");
    let address = child.address();
    let ask = |what| program(&["healthcheck", what], &[("ADMIN_ADDR", &address)]).end();
    let ready = ask("ready");
    assert_eq!(ready.code, Some(1), "{ready:?}");
    assert!(
        ready.log.join("\n").contains("database: failed"),
        "{ready:?}"
    );
    let live = ask("live");
    assert_eq!(live.code, Some(0), "{live:?}");
    assert!(live.output.contains("sink: ok"), "{live:?}");
    child.stop();
    let gone = ask("live");
    assert_eq!(gone.code, Some(1), "{gone:?}");
}
