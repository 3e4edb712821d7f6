//! Two processes with one transactional id.

use std::time::{Duration, Instant};

use kafka::testing::Cluster;

use crate::support::bench::Bench;
use crate::support::books::{Load, check};
use crate::support::child::Child;
use crate::support::detector::DEADLINE;

#[test]
fn of_two_detectors_with_one_instance_name_one_ends_and_names_the_id() {
    let bench = Bench::new(Cluster::real(), 4);
    let load = Load::start(&bench);
    let first = Child::on(&bench, "same", &[]);
    first.wait_for_decisions(200.0);
    let mut pair = [first, Child::on(&bench, "same", &[])];
    let end = Instant::now() + DEADLINE;
    while pair.iter_mut().all(Child::is_running) {
        assert!(
            Instant::now() < end,
            "both go on: {:#?}",
            pair.map(|child| child.log())
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    let sent = load.stop();
    let id = format!("{}-same-0", bench.group);
    let mut ended = 0;
    for mut child in pair {
        if child.is_running() {
            // It has the name to itself now.
            bench.read(&bench.legit, sent);
            child.signal("TERM");
            assert_eq!(child.end().code, Some(0));
            continue;
        }
        let end = child.end();
        assert_eq!(end.code, Some(1), "{:#?}", end.log);
        let last = end.log.last().expect("a word");
        assert!(
            last.contains(&id) && last.contains("DETECTOR_INSTANCE"),
            "{last}"
        );
        ended += 1;
    }
    assert!(ended >= 1);
    if ended == 2 {
        let child = Child::on(&bench, "same", &[]);
        bench.read(&bench.legit, sent);
        child.signal("TERM");
        assert_eq!(child.end().code, Some(0));
    }
    check(&bench.read(&bench.legit, sent), 0..sent);
}
