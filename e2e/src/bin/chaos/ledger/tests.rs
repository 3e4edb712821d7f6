use super::*;

const LEDGER: &str = "sent 1 a\nsent 2 b\nsent 3 c\nacked 1 0 7\nunknown 2 TimedOut\nrefused 3";

fn check(seen: &[(&str, (i32, i64), u64)], expected: &str) {
    let (mut judge, mut findings) = (Judge::default(), Findings::default());
    for line in LEDGER.lines() {
        judge.note(line).expect(line);
    }
    assert_eq!((judge.sent(), judge.unknown()), (2, 1));
    for (number, place, digest) in seen {
        judge.see(number, *place, *digest, &mut findings);
    }
    judge.close(&mut findings);
    let there = seen.iter().any(|(number, ..)| *number == "2");
    assert_eq!(judge.unknown_there(), usize::from(there));
    let nothing = "nothing lost, doubled, misrouted or changed";
    let expected = if expected.is_empty() {
        nothing
    } else {
        expected
    };
    assert_eq!(findings.to_string(), expected);
}

#[test]
fn what_was_acknowledged_is_there_once_and_the_unknown_once_or_never() {
    check(&[("1", (0, 7), 0xa)], "");
    check(&[("1", (0, 7), 0xa), ("2", (0, 8), 0xb)], "");
}

#[test]
fn what_is_not_is_found() {
    check(&[], "1 acknowledged but not on payments (as number 1)");
    check(
        &[("1", (0, 7), 0xa), ("1", (0, 9), 0xa)],
        "1 doubled on payments (as number 1 at 0/9)",
    );
    let first = ("1", (0, 7), 0xa);
    check(
        &[first, ("2", (0, 8), 0xb), ("2", (1, 8), 0xb)],
        "1 doubled on payments (as number 2 at 1/8)",
    );
    check(
        &[("1", (1, 7), 0xa)],
        "1 not where it was acknowledged (as number 1 at 1/7)",
    );
    check(
        &[first, ("3", (0, 8), 0xc)],
        "1 not where it was acknowledged (as number 3 at 0/8)",
    );
    check(
        &[first, ("x", (0, 8), 0xc)],
        "1 not where it was acknowledged (as number x at 0/8)",
    );
    check(
        &[("1", (0, 7), 0xf)],
        "1 with changed bytes (as number 1 at 0/7)",
    );
}

#[test]
fn what_was_acknowledged_without_an_offset_is_on_its_partition_once() {
    let see = |places: &[(i32, i64)]| {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = Ledger::create(&folder.path().join("ledger")).expect("a ledger");
        ledger.sent(4, 0xd);
        ledger.acked(4, 5, -1001);
        let mut judge = ledger.judge().expect("a judge");
        assert_eq!((judge.unknown(), judge.unplaced()), (0, 1));
        let mut findings = Findings::default();
        for place in places {
            judge.see("4", *place, 0xd, &mut findings);
        }
        judge.close(&mut findings);
        findings.to_string()
    };
    assert_eq!(
        see(&[(5, 8)]),
        "nothing lost, doubled, misrouted or changed"
    );
    assert_eq!(see(&[]), "1 acknowledged but not on payments (as number 4)");
    assert_eq!(
        see(&[(1, 8)]),
        "1 not where it was acknowledged (as number 4 at 1/8)"
    );
    assert_eq!(
        see(&[(5, 8), (5, 9)]),
        "1 doubled on payments (as number 4 at 5/9)"
    );
}

#[test]
fn a_ledger_is_read_back_from_disk() {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = Ledger::create(&folder.path().join("ledger")).expect("a ledger");
    ledger.sent(5, 0xff);
    ledger.acked(5, 2, 9);
    let mut judge = ledger.judge().expect("a judge");
    let mut findings = Findings::default();
    judge.see("5", (2, 9), 0xff, &mut findings);
    judge.close(&mut findings);
    assert!(findings.is_empty());
}
