//! The program where it needs no servers: what it says instead of an answer.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};

fn run(variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fraudstream"));
    command.arg("audit").args(arguments);
    command.env_clear().envs(variables.iter().copied());
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn brokers_that_do_not_answer_end_it_with_2_and_a_sentence() {
    let variables = [
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9"),
        ("DATABASE_URL", "sqlite:nowhere.db"),
        ("AUDIT_DEADLINE_MS", "2000"),
    ];
    let ended = run(&variables, &["--json"]);
    let said = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(
        said.contains("could not tell: could not ask for topic payments: "),
        "{said}"
    );
    assert_eq!(
        text(&ended.stdout),
        "",
        "a line would be taken for an answer"
    );
}

#[test]
fn bad_variables_end_it_with_64_and_are_all_named() {
    let ended = run(&[("AUDIT_DEADLINE_MS", "soon"), ("TOPIC_DLQ", "a b")], &[]);
    assert_eq!(ended.status.code(), Some(64));
    let said = text(&ended.stderr);
    for name in ["AUDIT_DEADLINE_MS", "TOPIC_DLQ", "DATABASE_URL"] {
        assert!(said.contains(name), "{name} in {said}");
    }
}

#[test]
fn a_bad_command_line_is_not_taken_for_an_answer() {
    assert_eq!(run(&[], &["--no-such-thing"]).status.code(), Some(64));
    let ended = run(&[], &["--help"]);
    assert_eq!(ended.status.code(), Some(0));
    let help = text(&ended.stdout);
    for expected in ["AUDIT_DEADLINE_MS", "DATABASE_URL", "2 could not tell"] {
        assert!(help.contains(expected), "{expected} in {help}");
    }
}

#[test]
fn a_healthcheck_asks_the_admin_server_and_passes_its_answer_on() {
    fn ask(address: &str, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fraudstream"));
        command.arg("healthcheck").args(words);
        command.env_clear().env("ADMIN_ADDR", address);
        command.output().unwrap()
    }
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let asked = std::thread::spawn(move || {
        ["200 OK", "503 Service Unavailable"].map(|status| {
            let (mut stream, _) = server.accept().unwrap();
            let mut request = [0; 1024];
            let size = stream.read(&mut request).unwrap();
            write!(stream, "HTTP/1.1 {status}\r\n\r\nbooks\n").unwrap();
            let line = text(&request[..size]).lines().next().unwrap();
            line.to_owned()
        })
    });
    let good = ask(&address, &[]);
    assert_eq!(
        (good.status.code(), text(&good.stdout)),
        (Some(0), "books\n")
    );
    let bad = ask(&address, &["live"]);
    assert_eq!(bad.status.code(), Some(1));
    assert!(text(&bad.stderr).starts_with("fraudstream: books ("));
    let asked = asked.join().unwrap();
    assert_eq!(asked, ["GET /readyz HTTP/1.1", "GET /livez HTTP/1.1"]);
    assert_eq!(ask("nowhere", &[]).status.code(), Some(64));
}
