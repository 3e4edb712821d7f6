//! Two processes with one transactional id.

use kafka::testing::Cluster;
use service::testing::{Child, Observed as _, until};

use crate::support::bench::Bench;
use crate::support::books::check;
use crate::support::{DECIDED, child};

#[test]
fn of_two_detectors_with_one_instance_name_one_ends_and_names_the_id() {
    let bench = Bench::new(Cluster::real(), 4);
    let load = bench.load(0);
    let first = child(&bench, "same");
    first.wait_for_metric(DECIDED, |count| count > 200.0);
    let mut pair = [first, child(&bench, "same")];
    until(|| match pair.iter_mut().all(Child::is_running) {
        true => Err(format!(
            "both go on: {:#?}",
            pair.each_ref().map(Child::log)
        )),
        false => Ok(()),
    });
    let sent = load.stop();
    let id = format!("{}-same-0", bench.group);
    let mut ended = 0;
    for mut child in pair {
        if child.is_running() {
            // It has the name to itself now.
            bench.read(&bench.legit, sent);
            child.stop();
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
        let child = child(&bench, "same");
        bench.read(&bench.legit, sent);
        child.stop();
    }
    check(&bench.read(&bench.legit, sent), 0..sent);
}
