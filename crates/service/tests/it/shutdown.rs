//! Signals, the drain and its deadline.

use serde_json::Value;

use crate::child::Child;
use crate::http::ask;

#[test]
fn sigterm_and_sigint_drain_and_exit_0() {
    for (signal, reason) in [("TERM", "SIGTERM"), ("INT", "SIGINT")] {
        let child = Child::start(&[], &[]);
        child.wait_until_running();
        child.signal(signal);
        assert_eq!(child.wait_for("draining")["reason"], reason);
        let ended = child.end();
        assert_eq!(ended.code, Some(0), "{:?}", ended.stderr);
        assert_eq!(ended.logged("ERROR"), Vec::<Value>::new());
    }
}

#[test]
fn a_drain_past_its_deadline_is_cut_off_with_exit_1() {
    let child = Child::start(
        &[],
        &[("MINIMAL_MODE", "hang"), ("SHUTDOWN_DEADLINE_MS", "50")],
    );
    child.wait_until_running();
    child.signal("TERM");
    let ended = child.end();
    assert_eq!(ended.code, Some(1), "{:?}", ended.stderr);
    let errors = ended.logged("ERROR");
    assert_eq!(
        errors[0]["error"],
        "draining took longer than 50 ms and was cut off"
    );
}

#[tokio::test]
async fn while_draining_the_admin_server_still_answers_and_a_second_signal_ends_at_once() {
    let child = Child::start(&[], &[("MINIMAL_MODE", "hang")]);
    let address = child.wait_until_running();
    child.signal("TERM");
    child.wait_for("draining");
    let not_ready = (
        503,
        "not ready, draining\nnothing: ok, always there\n".to_owned(),
    );
    assert_eq!(ask(address, "GET /readyz").await, not_ready);
    assert_eq!(
        ask(address, "GET /livez").await,
        (200, "alive, draining\n".to_owned())
    );

    child.signal("INT");
    let ended = child.end();
    assert_eq!(ended.code, Some(1), "{:?}", ended.stderr);
    assert_eq!(
        ended.logged("ERROR")[0]["error"],
        "a second signal (SIGINT) cut draining off"
    );
}

#[test]
fn a_service_that_begins_to_end_by_itself_has_the_same_deadline() {
    let child = Child::start(
        &[],
        &[("MINIMAL_MODE", "give-up"), ("SHUTDOWN_DEADLINE_MS", "50")],
    );
    assert_eq!(child.wait_for("draining")["reason"], "the service");
    assert_eq!(child.end().code, Some(1));
}

#[test]
fn the_first_signal_to_a_service_that_drains_already_is_not_a_second_one() {
    let child = Child::start(&[], &[("MINIMAL_MODE", "give-up")]);
    child.wait_for("draining");
    child.signal("TERM");
    child.wait_for("already draining");
    child.signal("INT");
    let ended = child.end();
    assert_eq!(ended.code, Some(1), "{:?}", ended.stderr);
    assert_eq!(
        ended.logged("ERROR")[0]["error"],
        "a second signal (SIGINT) cut draining off"
    );
}
