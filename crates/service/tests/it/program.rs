//! Command line, configuration and exit codes.

use std::net::TcpListener;

use serde_json::Value;

use crate::child::{Child, Ended};

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    Child::start(arguments, variables).end()
}

#[test]
fn bad_configuration_exits_64_and_names_every_problem_without_secrets() {
    let ended = run(
        &[],
        &[
            ("ADMIN_ADDR", "everywhere"),
            ("LOG_LEVEL", "inf"),
            ("MINIMAL_MODE", "mysql://root:hunter2@db"),
            ("MINIMAL_PASSWORD", "hunter2"),
            ("MINIMAL_PASSWORD_FILE", "/run/secret"),
        ],
    );
    let expected = [
        "minimal: bad configuration, 4 problems:",
        "  MINIMAL_MODE=\"mysql://root:***@db\": expected wait, finish, abandon, fail, panic, panic-in-thread, hang, give-up or unwell",
        "  MINIMAL_PASSWORD_FILE=\"/run/secret\": expected one of MINIMAL_PASSWORD and MINIMAL_PASSWORD_FILE, not both",
        "  ADMIN_ADDR=\"everywhere\": expected an address and a port, as 0.0.0.0:8080 or [::]:8080",
        "  LOG_LEVEL=\"inf\": expected off, error, warn, info, debug or trace, also for a target as in info,kafka=debug",
    ];
    assert_eq!(ended.stderr, expected);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(64), ""));
}

#[test]
fn an_unknown_argument_exits_64_with_a_sentence() {
    let ended = run(&["--verbose"], &[]);
    assert_eq!(
        ended.stderr,
        ["minimal: unknown argument \"--verbose\", see minimal --help"]
    );
    assert_eq!(ended.code, Some(64));
}

#[test]
fn help_and_version_answer_on_stdout_whatever_the_configuration() {
    let bad = [("LOG_LEVEL", "inf")];
    let version = run(&["--version"], &bad);
    assert_eq!(
        (version.code, version.stdout.as_str()),
        (Some(0), "minimal 1.2.3\n")
    );

    let help = run(&["--help"], &bad);
    assert_eq!(help.code, Some(0));
    assert!(
        help.stdout
            .starts_with("minimal 1.2.3: waits until it is asked to end\n"),
        "{}",
        help.stdout
    );
    for word in [
        "healthcheck live",
        "MINIMAL_PASSWORD_FILE",
        "ADMIN_ADDR",
        "default 25000",
        "64 bad configuration",
    ] {
        assert!(help.stdout.contains(word), "{word} in {}", help.stdout);
    }
    assert!(
        help.stdout.lines().all(|line| line.len() <= 100),
        "{}",
        help.stdout
    );
}

#[test]
fn a_service_that_ends_by_itself_exits_0() {
    let ended = run(&[], &[("MINIMAL_MODE", "finish")]);
    assert_eq!(ended.code, Some(0), "{:?}", ended.stderr);
    assert_eq!(ended.logged("ERROR"), Vec::<Value>::new());
}

#[test]
fn a_thread_that_blocks_for_ever_does_not_keep_the_process() {
    let ended = run(&[], &[("MINIMAL_MODE", "abandon")]);
    assert_eq!(ended.code, Some(0), "{:?}", ended.stderr);
}

#[test]
fn a_failure_exits_1_and_is_said_once_with_its_causes() {
    let ended = run(&[], &[("MINIMAL_MODE", "fail")]);
    assert_eq!(ended.code, Some(1));
    let errors = ended.logged("ERROR");
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["message"], "minimal failed");
    assert_eq!(errors[0]["error"], "could not do it: it is impossible");
}

#[test]
fn a_panic_anywhere_exits_1_and_is_logged_with_its_place() {
    for (mode, error) in [
        ("panic", "the service panicked: asked to"),
        ("panic-in-thread", "thread worker-0 panicked: asked to"),
    ] {
        let ended = run(&[], &[("MINIMAL_MODE", mode)]);
        assert_eq!(ended.code, Some(1), "{mode}");
        let errors = ended.logged("ERROR");
        assert_eq!(errors.len(), 2, "{errors:?}");
        assert_eq!(errors[0]["panic"], "asked to");
        let place = errors[0]["place"].as_str().expect("a place");
        assert!(place.contains("minimal.rs:"), "{place}");
        assert_eq!(errors[1]["error"], error);
    }
}

#[test]
fn an_admin_address_in_use_exits_1_and_names_it() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = other.local_addr().expect("an address").to_string();
    let ended = run(&[], &[("ADMIN_ADDR", &address)]);
    assert_eq!(ended.code, Some(1));
    let errors = ended.logged("ERROR");
    let error = errors[0]["error"].as_str().expect("an error");
    let start = format!("could not listen on {address} (ADMIN_ADDR): ");
    assert!(error.starts_with(&start), "{error}");
}

#[test]
fn an_unknown_variable_under_our_prefixes_is_a_warning() {
    let ended = run(
        &[],
        &[
            ("MINIMAL_MODE", "finish"),
            ("MINIMAL_MOOD", "x"),
            ("HOME", "/"),
        ],
    );
    assert_eq!(ended.code, Some(0));
    let warnings = ended.logged("WARN");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let expected = "unknown variable MINIMAL_MOOD is ignored, the nearest name is MINIMAL_MODE";
    assert_eq!(warnings[0]["message"], expected);
}

#[test]
fn the_level_and_the_format_of_the_log_are_followed() {
    let quiet = run(&[], &[("MINIMAL_MODE", "finish"), ("LOG_LEVEL", "error")]);
    assert_eq!(quiet.stderr, Vec::<String>::new());

    let pretty = run(&[], &[("MINIMAL_MODE", "finish"), ("LOG_FORMAT", "pretty")]);
    assert!(
        pretty.stderr[0].contains(" INFO service::program: started"),
        "{:?}",
        pretty.stderr
    );
    assert!(
        !pretty.stderr[0].contains('\x1b'),
        "no colours in a pipe: {:?}",
        pretty.stderr
    );
}
