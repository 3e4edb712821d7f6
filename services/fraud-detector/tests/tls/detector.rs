//! `fraud-detector` as a process of its own.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::http;
use crate::stream::{DEADLINE, Stream};

/// Between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(100);

/// A running detector, killed when the test is done with it.
pub struct Detector {
    process: Child,
    stdout: PathBuf,
    stderr: PathBuf,
    /// What nobody but the broker may learn.
    secrets: Vec<String>,
    admin: SocketAddr,
}

/// How one ended.
pub struct Ended {
    pub code: Option<i32>,
    pub after: Duration,
    pub stdout: String,
    pub stderr: String,
}

impl Detector {
    /// Starts one and waits until its admin server listens. `more` variables replace those of the stream.
    pub fn start(stream: &Stream, more: &[(&str, &str)], secrets: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let stdout = folder.join(format!("{}.out", stream.name()));
        let stderr = folder.join(format!("{}.log", stream.name()));
        let process = Command::new(env!("CARGO_BIN_EXE_fraud-detector"))
            .env_clear()
            .envs(stream.variables())
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).expect("a file"))
            .stderr(File::create(&stderr).expect("a file"))
            .spawn();
        let mut detector = Self {
            process: process.expect("fraud-detector"),
            stdout,
            stderr,
            secrets: secrets.iter().copied().map(str::to_owned).collect(),
            admin: ([127, 0, 0, 1], 0).into(),
        };
        detector.admin = wait("the admin server", || {
            let log = read(&detector.stderr);
            let address = log.split_once("\"admin_addr\":\"")?.1.split_once('"')?.0;
            address.parse().ok()
        });
        detector
    }

    /// Starts one and waits until it is at work.
    pub fn ready(stream: &Stream, secrets: &[&str]) -> Self {
        let detector = Self::start(stream, &[], secrets);
        detector.wait_for(200, "joined, 1 partitions");
        detector
    }

    /// Waits until `/readyz` answers with this status and these words.
    pub fn wait_for(&self, status: u16, words: &str) {
        let mut last = String::new();
        wait(words, || {
            let (answered, body) = self.get("/readyz").ok()?;
            let found = answered == status && body.contains(words);
            last = body;
            found.then_some(())
        });
        self.keeps_its_secrets();
    }

    /// It is there and its loops turn.
    pub fn is_alive(&mut self) {
        let (status, body) = self.get("/livez").expect("an answer");
        assert_eq!(status, 200, "{body}");
        let ended = self.process.try_wait().expect("a process");
        assert_eq!(ended, None, "{}", read(&self.stderr));
    }

    /// Looks at everything that it shows for what nobody may see.
    pub fn keeps_its_secrets(&self) {
        let cmdline = format!("/proc/{}/cmdline", self.process.id());
        let mut shown = vec![
            read(&self.stdout),
            read(&self.stderr),
            read(Path::new(&cmdline)),
        ];
        // One that has ended shows nothing more.
        let pages = ["/metrics", "/readyz", "/livez"].map(|path| self.get(path));
        shown.extend(pages.into_iter().flatten().map(|(_, body)| body));
        for secret in &self.secrets {
            for text in &shown {
                assert!(!text.contains(secret), "a password in {text}");
            }
        }
    }

    /// Tells it to drain, which it does whatever it waits for.
    pub fn stop(self) -> Ended {
        let kill = format!("kill -TERM {}", self.process.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("sh").success(), "{kill}");
        let ended = self.end();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ended {
        let started = Instant::now();
        let status = wait("its end", || self.process.try_wait().expect("a process"));
        self.keeps_its_secrets();
        Ended {
            code: status.code(),
            after: started.elapsed(),
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
        }
    }

    fn get(&self, path: &str) -> std::io::Result<(u16, String)> {
        http::get(self.admin, path)
    }
}

impl Drop for Detector {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Ended {
    /// The lines of the log that have these words.
    pub fn lines(&self, words: &str) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines.filter(|line| line.contains(words)).collect()
    }
}

fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(LOOK);
    }
}

/// What is there so far; a file that is not there says nothing.
fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}
