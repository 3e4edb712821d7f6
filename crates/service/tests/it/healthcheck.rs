//! `SERVICE healthcheck` against a running service.

use crate::child::{Child, Ended};

fn check(arguments: &[&str], address: &str) -> Ended {
    Child::start(arguments, &[("ADMIN_ADDR", address)]).end()
}

#[test]
fn a_ready_service_exits_0_also_when_it_listens_everywhere() {
    let child = Child::start(&[], &[("ADMIN_ADDR", "0.0.0.0:0")]);
    let address = child.wait_until_running().to_string();
    assert!(address.starts_with("0.0.0.0:"), "{address}");
    let ready = check(&["healthcheck"], &address);
    assert_eq!(
        (ready.code, ready.stdout.as_str()),
        (Some(0), "ready; nothing: ok, always there\n")
    );
    let alive = check(&["healthcheck", "live"], &address);
    assert_eq!(
        (alive.code, alive.stdout.as_str()),
        (Some(0), "alive; loop: ok, turning\n")
    );
}

#[test]
fn a_service_that_is_not_well_exits_1_with_its_reason() {
    let child = Child::start(
        &[],
        &[("MINIMAL_MODE", "unwell"), ("ADMIN_ADDR", "0.0.0.0:0")],
    );
    let listens = child.wait_until_running();
    let asked = format!("127.0.0.1:{}", listens.port());
    let address = listens.to_string();
    fn refused(ended: Ended, expected: String) {
        assert_eq!(ended.code, Some(1));
        assert_eq!(ended.stderr, [expected]);
    }
    refused(
        check(&["healthcheck", "ready"], &address),
        format!("minimal: not ready; nothing: failed, gone (http://{asked}/readyz answered 503)"),
    );
    refused(
        check(&["healthcheck", "live"], &address),
        format!("minimal: not alive; loop: failed, stuck (http://{asked}/livez answered 503)"),
    );
}

#[test]
fn a_service_that_is_not_there_exits_1_and_names_the_address() {
    // Nobody listens on the port of tcpmux.
    let address = "127.0.0.1:1";
    let ended = check(&["healthcheck"], address);
    assert_eq!(ended.code, Some(1));
    let start = format!("minimal: could not ask http://{address}/readyz: ");
    assert!(ended.stderr[0].starts_with(&start), "{:?}", ended.stderr);
}

#[test]
fn an_address_that_cannot_be_asked_is_explained() {
    let free_port = check(&["healthcheck"], "0.0.0.0:0");
    assert_eq!(free_port.code, Some(1));
    assert!(
        free_port.stderr[0].contains("port 0"),
        "{:?}",
        free_port.stderr
    );

    let bad = check(&["healthcheck"], "localhost");
    assert_eq!(bad.code, Some(64));
    assert!(
        bad.stderr[0].contains("ADMIN_ADDR=\"localhost\""),
        "{:?}",
        bad.stderr
    );
}
