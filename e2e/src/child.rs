//! A process of ours: started, asked, signalled by its id, and never left behind.

use std::cell::Cell;
use std::fmt;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child as Running, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Attempt, Failure, Outcome};
use crate::http::{self, Answer};
use crate::usage::Usage;
use crate::wait::Wait;

/// Processes end within milliseconds; their times are printed.
const OFTEN: Duration = Duration::from_millis(10);

/// What is done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Asked to drain and end.
    Term,
    /// Ended on the spot.
    Kill,
    /// Frozen.
    Stop,
    /// Thawed.
    Cont,
}

/// A child process, killed when it is dropped.
#[derive(Debug)]
pub struct Child {
    name: String,
    process: Running,
    folder: PathBuf,
    admin: Cell<Option<SocketAddr>>,
    peak_kib: Cell<u64>,
}

impl Child {
    /// Starts `command` with nothing but `variables`; what it says goes to files in `folder`.
    pub fn start(
        mut command: Command,
        name: String,
        variables: &[(String, String)],
        folder: &Path,
    ) -> Outcome<Self> {
        let file = |kind: &str| {
            let path = folder.join(format!("{name}.{kind}"));
            File::create(&path).attempt(format_args!("create {}", path.display()))
        };
        let (stdout, stderr) = (file("out")?, file("log")?);
        let process = command
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .attempt(format_args!("start {}", command.get_program().display()))?;
        Ok(Self {
            name,
            process,
            folder: folder.to_owned(),
            admin: Cell::default(),
            peak_kib: Cell::default(),
        })
    }

    /// Its name in this run, which is also that of its files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it said on stderr.
    pub fn log(&self) -> String {
        self.said("log")
    }

    /// What it said on stdout.
    pub fn stdout(&self) -> String {
        self.said("out")
    }

    fn said(&self, kind: &str) -> String {
        let path = self.folder.join(format!("{}.{kind}", self.name));
        // A file that cannot be read says nothing, and whoever asks misses the words.
        String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
    }

    /// The last line that it said on stderr.
    pub fn last_words(&self) -> String {
        let log = self.log();
        log.lines().last().unwrap_or("nothing").to_owned()
    }

    /// Where its admin server listens: it picks a port and logs it.
    pub fn admin(&self) -> Outcome<SocketAddr> {
        if let Some(address) = self.admin.get() {
            return Ok(address);
        }
        let address = Wait::seconds(20)
            .every(OFTEN)
            .until(format_args!("{} has started", self.name), || {
                Ok(admin_address(&self.log()))
            })?;
        self.admin.set(Some(address));
        Ok(address)
    }

    /// Asks its admin server.
    pub fn get(&self, path: &str) -> Outcome<Answer> {
        http::get(self.admin()?, path)
    }

    /// Sends a signal to it and to nobody else.
    pub fn signal(&self, signal: Signal) -> Outcome {
        // Nobody has waited for it yet, so the id is still its own.
        let kill = format!("kill -{signal} {}", self.process.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        match sent.attempt(&kill)? {
            status if status.success() => Ok(()),
            status => Err(Failure::new(format!("{kill}: {status}"))),
        }
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Outcome<Option<ExitStatus>> {
        let ended = self.process.try_wait();
        ended.attempt(format_args!("ask how {} ended", self.name))
    }

    /// Waits for its end, and says how it ended and how long that took.
    pub fn end(&mut self, limit_seconds: u64) -> Outcome<(ExitStatus, Duration)> {
        let started = Instant::now();
        let name = self.name.clone();
        let status = Wait::seconds(limit_seconds).every(OFTEN).until(
            format_args!("{name} has ended"),
            || {
                // The last look while it lives; afterwards there is nothing to see.
                let _ = self.usage();
                self.ended()
            },
        )?;
        Ok((status, started.elapsed()))
    }

    /// What it uses.
    pub fn usage(&self) -> Outcome<Usage> {
        let usage = Usage::of(self.process.id())?;
        self.peak_kib.set(usage.peak_kib.max(self.peak_kib.get()));
        Ok(usage)
    }

    /// The most memory that it was seen to have needed, KiB.
    pub fn peak_kib(&self) -> u64 {
        self.peak_kib.get()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Both fail only for a process that has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Term => "TERM",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Cont => "CONT",
        })
    }
}

fn admin_address(log: &str) -> Option<SocketAddr> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut started = lines.filter(|line| line["message"] == "started");
    started.next()?["admin_addr"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admin_address_is_found_in_the_log() {
        let log = "{\"message\":\"x\"}\nno json\n{\"message\":\"started\",\"admin_addr\":\"127.0.0.1:4711\"}\n";
        assert_eq!(admin_address(log), Some(([127, 0, 0, 1], 4711).into()));
        assert_eq!(admin_address("{\"message\":\"started\"}"), None);
    }

    #[test]
    fn a_child_that_is_dropped_is_dead() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new("sleep");
        command.arg("60");
        let child = Child::start(command, "sleeper".to_owned(), &[], folder.path());
        let child = child.expect("a child");
        let pid = child.process.id();
        assert!(child.usage().is_ok());
        drop(child);
        assert!(Usage::of(pid).is_err());
    }
}
