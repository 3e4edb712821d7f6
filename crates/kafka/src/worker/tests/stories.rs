//! Courses of events that have a name.

use super::plan::{Plan, Twist};
use super::play::Scene;

#[test]
fn a_rival_that_comes_once_is_fenced_in_turn() {
    let calls = Scene::small(Plan::default()).play().calls.len();
    for number in 0..calls {
        let played = Scene::small(Plan::at(number, Twist::Rival)).play();
        assert_eq!(played.ends, Vec::<String>::new(), "{number}");
    }
}

#[test]
fn a_rival_that_stays_ends_the_process_with_the_id_that_both_use() {
    let mut scene = Scene::small(Plan::default());
    // Whenever a transaction gets under way, the other one opens its producer.
    for call in 0..60 {
        scene.plan = scene.plan.and(call, Twist::Rival);
    }
    let played = scene.play();
    assert!(
        played
            .ends
            .iter()
            .any(|end| end.contains("transactional id detector-one-0")
                && end.contains("DETECTOR_INSTANCE")),
        "{:?}",
        played.ends
    );
}

#[test]
fn what_is_refused_again_and_again_is_not_ready_until_a_transaction_commits() {
    let scene = Scene::small(Plan::at(0, Twist::Refused(80)));
    let played = scene.play();
    assert_eq!(played.ends, Vec::<String>::new());
    for told in ["2 transactions in a row", "4 transactions in a row"] {
        assert!(
            played.troubles.iter().any(|why| why.contains(told)),
            "{told} in {:?}",
            played.troubles
        );
    }
}
