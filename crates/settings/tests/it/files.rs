//! `X_FILE`: the value in a file.

use std::path::Path;

use settings::{Environment, Problems, Reading, Secret};

use crate::{PASSWORD, Room, VARIABLES, lines};

fn read(path: &Path) -> Result<Option<Secret>, Problems> {
    let path = path.to_str().expect("a UTF-8 path");
    let environment = Environment::from_iter([("DATABASE_PASSWORD_FILE", path)]);
    let mut reading = Reading::new(&environment);
    let room: Room = reading.room("DATABASE_");
    let secret = reading.secret(&PASSWORD, room.password, room.password_file);
    reading
        .finish(secret, &[VARIABLES], &["DATABASE_"])
        .map(|(secret, warnings)| {
            assert_eq!(warnings, Vec::<String>::new());
            secret
        })
}

fn read_bytes(bytes: &[u8]) -> Result<Option<Secret>, Problems> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    std::fs::write(&path, bytes).expect("a file");
    read(&path)
}

#[test]
fn a_secret_file_is_read_without_the_newline_at_its_end() {
    for bytes in [&b"hunter2"[..], b"hunter2\n", b"hunter2\r\n"] {
        let secret = read_bytes(bytes).expect("a secret").expect("a value");
        assert_eq!(secret.expose(), "hunter2");
    }
    let secret = read_bytes(b" two words \n")
        .expect("a secret")
        .expect("a value");
    assert_eq!(secret.expose(), " two words ");
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_that_names_its_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    let problems = lines(&read(&missing).expect_err("a problem"));
    let start = format!("DATABASE_PASSWORD_FILE={missing:?} cannot be read (");
    assert!(problems[0].starts_with(&start), "{problems:?}");
    assert!(
        problems[0].ends_with(": expected the path of a text file that holds DATABASE_PASSWORD"),
        "{problems:?}"
    );
    assert!(read(folder.path()).is_err(), "a folder is no file");
}

#[test]
fn an_empty_binary_or_endless_file_is_a_problem() {
    fn check(problems: Problems, expected: &str) {
        let problems = lines(&problems);
        assert!(problems[0].contains(expected), "{problems:?}");
    }
    check(read_bytes(b"\n").expect_err("a problem"), "is empty");
    check(
        read_bytes(b"\xff\xfe").expect_err("a problem"),
        "is not UTF-8",
    );
    check(
        read(Path::new("/dev/zero")).expect_err("a problem"),
        "holds more than 1048576 bytes",
    );
}
