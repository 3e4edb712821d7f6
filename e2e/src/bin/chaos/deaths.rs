//! Processes that end, whoever made them: Docker tells of every signal that was sent and of every end.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use e2e::failure::{Attempt as _, Failure, Outcome};
use e2e::journal::Journal;

use crate::docker::PROJECT;
use life::{Event, Life};

mod life;

/// Follows what Docker tells of the containers of the services. Dropping it ends that.
pub struct Deaths {
    file: PathBuf,
    follower: RefCell<Child>,
    read: Cell<usize>,
    lives: RefCell<HashMap<String, Life>>,
}

impl Deaths {
    /// Follows from now on; `folder` gets a file with what was told.
    pub fn follow(folder: &Path) -> Outcome<Self> {
        let file = folder.join("deaths");
        let told = File::create(&file).attempt(format_args!("create {}", file.display()))?;
        let mut command = Command::new("docker");
        command.args(["events", "--format", "json", "--filter", "type=container"]);
        command.args([
            "--filter",
            &format!("label=com.docker.compose.project={PROJECT}"),
        ]);
        for event in ["start", "kill", "die"] {
            command.args(["--filter", &format!("event={event}")]);
        }
        let follower = command.stdin(Stdio::null()).stdout(told).spawn();
        Ok(Self {
            file,
            follower: RefCell::new(follower.attempt("follow Docker's events")?),
            read: Cell::new(0),
            lives: RefCell::default(),
        })
    }

    /// Checks every end since the last look; `stormy` if brokers or MySQL were struck meanwhile.
    pub fn check(&self, journal: &Journal, stormy: bool) -> Outcome {
        let ended = self.follower.borrow_mut().try_wait();
        if let Some(status) = ended.attempt("ask whether Docker's events are followed")? {
            let deaf = format!("Docker's events are not followed any more ({status})");
            return Err(Failure::new(deaf));
        }
        let told = fs::read_to_string(&self.file).attempt("read Docker's events")?;
        let new = told.get(self.read.get()..).unwrap_or_default();
        // A line that is being written is read the next time.
        let whole = new.rfind('\n').map_or(0, |end| end + 1);
        self.read.set(self.read.get() + whole);
        for line in new[..whole].lines() {
            let event = Event::of(line);
            let event = event.ok_or_else(|| Failure::new(format!("Docker's event {line}")))?;
            let mut lives = self.lives.borrow_mut();
            let life = lives.entry(event.container.clone()).or_default();
            if let Some(death) = life.see(&event, stormy) {
                journal.check(death.is_fair, format_args!("{} {}", event.name, death.how));
            }
        }
        Ok(())
    }
}

impl Drop for Deaths {
    fn drop(&mut self) {
        // Both fail only for a process that has ended.
        let follower = self.follower.get_mut();
        let _ = follower.kill();
        let _ = follower.wait();
    }
}
