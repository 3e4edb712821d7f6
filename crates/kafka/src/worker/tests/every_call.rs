//! Every call fails once, in every way that there is.

use std::collections::BTreeSet;

use super::plan::{Call, Effect, Plan, Twist};
use super::play::{Played, Scene};
use crate::fault::Fault;

/// The calls of a play in which nothing goes wrong.
fn calls() -> Vec<Call> {
    let Played {
        calls,
        ends,
        counted,
        output,
        ..
    } = Scene::small(Plan::default()).play();
    assert_eq!(ends, Vec::<String>::new());
    assert_eq!((counted, output), (9, 9));
    calls
}

/// The ways of the group.
fn moves() -> [Twist; 4] {
    [
        Twist::Kick,
        Twist::Revoke(vec![0]),
        Twist::Revoke(vec![1]),
        Twist::Revoke(vec![0, 1]),
    ]
}

#[test]
fn a_call_that_fails_once_loses_and_doubles_nothing() {
    let mut plays = 0;
    for (number, call) in calls().into_iter().enumerate() {
        for twist in call.failures() {
            Scene::small(Plan::at(number, twist)).play();
            plays += 1;
        }
    }
    assert!(plays > 1_200, "{plays}");
}

#[test]
fn partitions_that_come_and_go_at_any_call_lose_and_double_nothing() {
    for number in 0..calls().len() {
        for twist in moves() {
            let revoked = matches!(twist, Twist::Revoke(_));
            let played = Scene::small(Plan::at(number, twist)).play();
            assert_eq!(played.ends, Vec::<String>::new());
            // What is open is committed before partitions are given back, with the membership of that moment: an abort is lawful
            // only if the generation ends between the question for it and the positions that carry it.
            let aborted = played.calls.contains(&Call::Abort);
            assert!(
                !(revoked && aborted) || played.calls[number] == Call::SendOffsets,
                "{played:?}"
            );
        }
    }
}

#[test]
fn a_call_that_fails_while_partitions_go_loses_and_doubles_nothing() {
    for number in 0..calls().len() {
        for twist in moves() {
            let plan = Plan::at(number, twist);
            let after = Scene::small(plan.clone()).play().calls;
            for (later, call) in after.iter().enumerate().skip(number + 1).take(8) {
                for failure in call.some_failures(11) {
                    Scene::small(plan.clone().and(later, failure)).play();
                }
            }
        }
    }
}

#[test]
fn a_call_that_fails_while_another_is_mended_loses_and_doubles_nothing() {
    // What has to be aborted, and what nobody knows the outcome of.
    let faults = [(true, Effect::Not), (false, Effect::Yes)].map(|(abort, effect)| Twist::Fault {
        fatal: false,
        abort,
        retriable: !abort,
        code: Fault::TIMED_OUT,
        effect,
    });
    let calls = calls();
    let mut failed: BTreeSet<Call> = calls.iter().copied().collect();
    let calls = calls.into_iter().enumerate();
    for (number, _) in calls.filter(|(_, call)| call.is_of_the_producer()) {
        for fault in &faults {
            let plan = Plan::at(number, fault.clone());
            let after = Scene::small(plan.clone()).play().calls;
            for (later, call) in after.iter().enumerate().skip(number + 1).take(12) {
                failed.insert(*call);
                for failure in call.some_failures(11) {
                    Scene::small(plan.clone().and(later, failure)).play();
                }
            }
        }
    }
    // One that only a rebalance brings fails in the test before this one.
    failed.insert(Call::Unassign);
    let all: BTreeSet<Call> = Call::ALL.iter().copied().collect();
    assert_eq!(failed, all, "no call is left out");
}

#[test]
fn a_request_that_arrives_late_hits_no_later_transaction() {
    for (number, call) in calls().into_iter().enumerate() {
        if !matches!(call, Call::Commit | Call::SendOffsets) {
            continue;
        }
        for late in 1..12 {
            for retriable in [false, true] {
                let timed_out = Twist::Fault {
                    fatal: false,
                    abort: false,
                    retriable,
                    code: Fault::TIMED_OUT,
                    effect: Effect::Late(late),
                };
                let plan = Plan::at(number, timed_out);
                // What it did shows if the next transaction comes to nothing.
                for later in number + 1..number + 20 {
                    for end in [Twist::Crash(Effect::Not), Twist::Kick] {
                        Scene::small(plan.clone().and(later, end)).play();
                    }
                }
            }
        }
    }
}

#[test]
fn a_topic_made_anew_at_any_call_is_read_once_from_its_beginning() {
    for number in 0..calls().len() {
        for records in [0, 1, 4, 5, 12] {
            Scene::small(Plan::at(number, Twist::Renew(records))).play();
        }
    }
}

#[test]
fn records_deleted_before_they_were_read_halt_their_partition_and_no_other() {
    let mut cut = 0;
    for number in 0..calls().len() {
        for low in [1, 5, 9] {
            let plan = Plan::at(number, Twist::Retain(0, low));
            let played = Scene::small(plan.clone()).play();
            cut += played.cut.len();
            // Whatever fails after that, the other partition goes on.
            for later in (number + 1..played.calls.len()).step_by(3) {
                for failure in played.calls[later].some_failures(17) {
                    Scene::small(plan.clone().and(later, failure)).play();
                }
            }
        }
    }
    assert!(cut > 20, "{cut}");
}
