//! Several things at once, by chance, made small again when one is found that matters.

use proptest::prelude::*;

use super::plan::{Call, Plan, Twist};
use super::play::Scene;

fn twists() -> impl Strategy<Value = Twist> {
    let calls = [
        Call::Poll,
        Call::Assign,
        Call::Committed,
        Call::Send,
        Call::Drain,
        Call::SendOffsets,
        Call::Commit,
        Call::Abort,
    ];
    let failures: Vec<Twist> = calls.into_iter().flat_map(Call::failures).collect();
    prop_oneof![
        6 => proptest::sample::select(failures),
        1 => Just(Twist::Kick),
        2 => proptest::sample::subsequence(vec![0, 1, 2], 1..=3).prop_map(Twist::Revoke),
        1 => (0..9_usize).prop_map(Twist::Renew),
        1 => (0..3_i32, 0..12_i64).prop_map(|(partition, low)| Twist::Retain(partition, low)),
        1 => Just(Twist::Rival),
    ]
}

fn scenes() -> impl Strategy<Value = Scene> {
    let records = proptest::collection::vec(0..7_usize, 1..=3);
    let plan = proptest::collection::vec((0..90_usize, twists()), 1..6);
    (records, 1..5_usize, plan).prop_map(|(records, commit_records, twists)| Scene {
        records,
        commit_records,
        plan: twists
            .into_iter()
            .fold(Plan::default(), |plan, (call, twist)| plan.and(call, twist)),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(2_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_goes_wrong_together_loses_and_doubles_nothing(scene in scenes()) {
        scene.play();
    }
}
