//! `examples/minimal.rs` as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child as Running, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Instant;

use serde_json::Value;

use crate::http::DEADLINE;

/// A running `minimal`, killed when the test is done with it.
pub struct Child {
    process: Running,
    stdout: Option<ChildStdout>,
    lines: Receiver<String>,
}

/// How it ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    /// Lines of stderr that nobody waited for.
    pub stderr: Vec<String>,
}

impl Child {
    /// Starts it with these arguments and nothing but these variables.
    pub fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(executable())
            .args(arguments)
            .env_clear()
            .env("ADMIN_ADDR", "127.0.0.1:0")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example `minimal`, which `cargo test -p service` builds");
        let stderr = BufReader::new(process.stderr.take().expect("stderr"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            stdout: process.stdout.take(),
            process,
            lines,
        }
    }

    /// Waits for the line of the log with this message.
    pub fn wait_for(&self, message: &str) -> Value {
        let end = Instant::now() + DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).expect(message);
            let line: Value = serde_json::from_str(&line).expect("a line of JSON");
            if line["message"] == message {
                return line;
            }
        }
    }

    /// Waits until its probes are in place; says where its admin server listens.
    pub fn wait_until_running(&self) -> SocketAddr {
        let line = self.wait_for("started");
        self.wait_for("has said what it needs");
        let address = line["admin_addr"].as_str().expect("an address");
        address.parse().expect("an address")
    }

    /// Sends a signal, `TERM` or `INT`.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.process.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("sh").success(), "{kill}");
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let end = Instant::now() + DEADLINE;
        let mut stderr = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => stderr.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("did not end: {stderr:?}"),
            }
        }
        let mut stdout = String::new();
        let mut pipe = self.stdout.take().expect("stdout");
        pipe.read_to_string(&mut stdout).expect("text on stdout");
        Ended {
            code: self.process.wait().expect("an end").code(),
            stdout,
            stderr,
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Ended {
    /// The lines of the log at this level.
    pub fn logged(&self, level: &str) -> Vec<Value> {
        let lines = self.stderr.iter();
        let lines = lines.map(|line| serde_json::from_str(line).expect("a line of JSON"));
        lines
            .filter(|line: &Value| line["level"] == level)
            .collect()
    }
}

/// Cargo names no path of an example; it lies beside the folder of this test.
fn executable() -> PathBuf {
    let test = std::env::current_exe().expect("this test");
    let target = test.ancestors().nth(2).expect("the target folder");
    target.join("examples").join("minimal")
}
