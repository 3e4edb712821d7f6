//! The detector as a process of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::support::bench::Bench;
use crate::support::detector::DEADLINE;

/// A running `fraud-detector`, killed when the test is done with it.
pub struct Child {
    process: std::process::Child,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

/// How it ended.
pub struct Ended {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub log: Vec<String>,
}

impl Child {
    /// Starts it with these variables and no others.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_fraud-detector"))
            .env_clear()
            .env("ADMIN_ADDR", "127.0.0.1:0")
            .env("LOG_FORMAT", "json")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the detector");
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let (stderr, lines) = (process.stderr.take().expect("stderr"), Arc::clone(&log));
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        });
        Self {
            process,
            log,
            reader: Some(reader),
        }
    }

    /// Starts it on a bench under this instance name.
    pub fn on(bench: &Bench, instance: &str, more: &[(&str, &str)]) -> Self {
        let (servers, partitions) = (
            bench.cluster.config().bootstrap_servers,
            bench.partitions.to_string(),
        );
        let variables = [
            ("KAFKA_BOOTSTRAP_SERVERS", &*servers),
            ("KAFKA_GROUP_ID", &bench.group),
            ("TOPIC_PAYMENTS", &bench.payments),
            ("TOPIC_FRAUD", &bench.fraud),
            ("TOPIC_LEGIT", &bench.legit),
            ("TOPIC_DLQ", &bench.dead_letters),
            ("TOPIC_PARTITIONS", &partitions),
            ("DETECTOR_INSTANCE", instance),
            ("DETECTOR_WORKERS", "1"),
            // The shortest that brokers allow: a killed member's partitions come back after it.
            ("KAFKA_PROPERTY_SESSION_TIMEOUT_MS", "6000"),
            ("KAFKA_PROPERTY_HEARTBEAT_INTERVAL_MS", "1500"),
        ];
        Self::start(&[&variables[..], more].concat())
    }

    /// One that always has a transaction open on the brokers while there is something to do: it commits seldom, and does not wait
    /// for that with sending.
    pub fn slow(bench: &Bench, instance: &str) -> Self {
        let slow = [
            ("DETECTOR_COMMIT_INTERVAL_MS", "400"),
            ("KAFKA_PROPERTY_LINGER_MS", "1"),
        ];
        Self::on(bench, instance, &slow)
    }

    /// Everything on stderr so far.
    pub fn log(&self) -> Vec<String> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits for a line of the log that has this in it.
    pub fn wait_for_log(&self, text: &str) -> String {
        let end = Instant::now() + DEADLINE;
        loop {
            if let Some(line) = self.log().into_iter().find(|line| line.contains(text)) {
                return line;
            }
            assert!(Instant::now() < end, "no {text:?} in {:#?}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// What its admin server answers.
    pub fn get(&self, path: &str) -> String {
        let line = self.wait_for_log("admin_addr");
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let address = line["admin_addr"].as_str().expect("an address");
        let mut stream = TcpStream::connect(address).expect("a connection");
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// The value of a line of `/metrics`, 0 where it is not there yet.
    pub fn metric(&self, line: &str) -> f64 {
        let answer = self.get("/metrics");
        let value = answer.lines().find_map(|found| {
            found
                .strip_prefix("fraudstream_")?
                .strip_prefix(line)?
                .strip_prefix(' ')
        });
        value.map_or(0.0, |value| value.parse().expect("a number"))
    }

    /// Waits until it has decided more than so many payments as legitimate.
    pub fn wait_for_decisions(&self, more_than: f64) {
        let end = Instant::now() + DEADLINE;
        while self.metric("decisions_total{verdict=\"legit\"}") <= more_than {
            assert!(
                Instant::now() < end,
                "nothing is decided: {:#?}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal: `TERM`, `KILL`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.process.id().to_string()])
            .status();
        assert!(sent.expect("kill").success(), "kill -{name}");
    }

    /// Whether it runs.
    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().expect("a process").is_none()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let end = Instant::now() + DEADLINE;
        while self.is_running() {
            assert!(Instant::now() < end, "did not end: {:#?}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        let code = self.process.wait().expect("an end").code();
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no panic");
        }
        Ended {
            code,
            log: self.log(),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
