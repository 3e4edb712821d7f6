//! A service as a process of its own.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::observed::Observed;
use super::until::{DEADLINE, until};

/// A running program, killed when the test is done with it.
pub struct Child {
    process: std::process::Child,
    log: Lines,
    output: Lines,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    /// The lines on stderr.
    pub log: Vec<String>,
    /// What stood on stdout.
    pub output: String,
}

impl Child {
    /// Starts a program with these arguments, and these variables and no others.
    pub fn start<N: AsRef<str>, V: AsRef<str>>(
        program: &str,
        arguments: &[&str],
        variables: &[(N, V)],
    ) -> Self {
        let variables = variables.iter();
        let mut process = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("ADMIN_ADDR", "127.0.0.1:0")
            .env("LOG_FORMAT", "json")
            .envs(variables.map(|(name, value)| (name.as_ref(), value.as_ref())))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        Self {
            log: Lines::of(process.stderr.take().expect("stderr")),
            output: Lines::of(process.stdout.take().expect("stdout")),
            process,
        }
    }

    /// The lines on stderr so far.
    pub fn log(&self) -> Vec<String> {
        self.log.seen()
    }

    /// The lines on stdout so far.
    pub fn output(&self) -> Vec<String> {
        self.output.seen()
    }

    /// Waits for a line of the log that has this in it.
    pub fn wait_for_log(&self, text: &str) -> String {
        until(|| {
            let log = self.log();
            let found = log.iter().find(|line| line.contains(text)).cloned();
            found.ok_or_else(|| format!("no {text:?} in {log:#?}"))
        })
    }

    /// Where its admin server listens.
    pub fn address(&self) -> String {
        let line = self.wait_for_log("admin_addr");
        let after = line.split(r#""admin_addr":""#).nth(1);
        let address = after.and_then(|after| after.split('"').next());
        address.expect("an address").to_owned()
    }

    /// What its admin server answers: the head and the body.
    pub fn get(&self, path: &str) -> (String, String) {
        self.try_get(path).expect("an answer")
    }

    /// The same of a program that may end, or have ended.
    ///
    /// # Errors
    /// When nobody listens any more, or nobody answers.
    pub fn try_get(&self, path: &str) -> io::Result<(String, String)> {
        get(&self.address(), path)
    }

    /// What the system calls it.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.process.try_wait().expect("a process").is_none()
    }

    /// Sends a signal: `TERM`, `KILL`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let process = self.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &process])
            .status();
        assert!(sent.expect("kill").success(), "kill -{name}");
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let status = until(|| match self.process.try_wait().expect("a process") {
            Some(status) => Ok(status),
            None => Err(format!("did not end: {:#?}", self.log.seen())),
        });
        Ended {
            code: status.code(),
            log: self.log.all(),
            output: self.output.all().join("\n"),
        }
    }

    /// Tells it to drain, and waits until it has, with a good end.
    pub fn stop(self) {
        self.signal("TERM");
        let ended = self.end();
        assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
    }
}

/// What the server at this address answers: the head and the body.
///
/// # Errors
/// When nobody listens there, or nobody answers.
pub fn get(address: &str, path: &str) -> io::Result<(String, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) => Ok((head.to_owned(), body.to_owned())),
        None => Err(io::Error::other(format!("no HTTP: {answer:?}"))),
    }
}

impl Ended {
    /// The lines of the log that have this in them.
    pub fn lines(&self, text: &str) -> Vec<&str> {
        let lines = self.log.iter().map(String::as_str);
        lines.filter(|line| line.contains(text)).collect()
    }
}

impl Observed for Child {
    fn readiness(&self) -> String {
        self.get("/readyz").1
    }

    fn metrics(&self) -> String {
        self.get("/metrics").1
    }

    fn is_alive(&self) -> bool {
        self.get("/livez").0.starts_with("HTTP/1.1 200")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What comes through a pipe.
struct Lines {
    seen: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = Arc::clone(&seen);
        let reader = std::thread::spawn(move || {
            // Whatever it says is read, even what is no text: a pipe that nobody empties would hold the program up.
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                lines.push(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Self {
            seen,
            reader: Some(reader),
        }
    }

    fn seen(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.clone()
    }

    /// Everything, once the program is gone.
    fn all(&mut self) -> Vec<String> {
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no panic");
        }
        self.seen()
    }
}
