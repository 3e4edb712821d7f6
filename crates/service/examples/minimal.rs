//! The smallest service: it waits until it is asked to end. The tests run it as a process of its
//! own, and `MINIMAL_MODE` makes it end in other ways.

use std::error::Error;
use std::future::pending;
use std::process::ExitCode;

use serde::Deserialize;
use service::{Process, Program, thread};
use settings::{Fallback, FromText, Reading, Secret, Variable};

const MODE: Variable = Variable::new(
    "MINIMAL_MODE",
    "wait, finish, abandon, fail, panic, panic-in-thread, hang, give-up or unwell",
    Fallback::Value("wait"),
    "how it ends",
);
const PASSWORD: Variable = Variable::new(
    "MINIMAL_PASSWORD",
    "secret",
    Fallback::Unset,
    "opens nothing",
);

/// How it ends.
#[derive(Clone, Copy)]
enum Mode {
    Wait,
    Finish,
    Abandon,
    Fail,
    Panic,
    PanicInThread,
    Hang,
    GiveUp,
    Unwell,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    mode: Option<String>,
    password: Option<String>,
    password_file: Option<String>,
}

struct Config {
    mode: Mode,
    _password: Option<Secret>,
}

#[derive(Debug, thiserror::Error)]
#[error("could not do it")]
struct Failed(#[source] std::io::Error);

fn main() -> ExitCode {
    let program = Program {
        name: "minimal",
        version: "1.2.3",
        about: "waits until it is asked to end",
        variables: &[&[MODE, PASSWORD]],
    };
    program.start(read, run)
}

fn read(reading: &mut Reading<'_>) -> Option<Config> {
    let room: Room = reading.room("MINIMAL_");
    let mode = reading.parse(&MODE, room.mode);
    let password = reading.secret(&PASSWORD, room.password, room.password_file);
    Some(Config {
        mode: mode?,
        _password: password?,
    })
}

async fn run(config: Config, process: Process) -> Result<(), Box<dyn Error + Send + Sync>> {
    let well = !matches!(config.mode, Mode::Unwell);
    process.health.dependency("nothing", move || match well {
        true => Ok("always there".to_owned()),
        false => Err("gone".to_owned()),
    });
    process.health.pulse("loop".to_owned(), move || match well {
        true => Ok(()),
        false => Err("stuck".to_owned()),
    });
    tracing::info!("has said what it needs");
    match config.mode {
        Mode::Wait | Mode::Unwell => {
            process.shutdown.cancelled().await;
            Ok(())
        }
        Mode::Finish => Ok(()),
        Mode::Abandon => {
            tokio::task::spawn_blocking(|| {
                loop {
                    std::thread::park();
                }
            });
            Ok(())
        }
        Mode::Fail => Err(Failed(std::io::Error::other("it is impossible")).into()),
        Mode::Panic => panic!("asked to"),
        Mode::PanicInThread => {
            let work = || -> Result<(), std::io::Error> { panic!("asked to") };
            Ok(thread::spawn("worker-0", work).await?)
        }
        Mode::Hang => pending().await,
        Mode::GiveUp => {
            process.shutdown.cancel();
            pending().await
        }
    }
}

impl FromText for Mode {
    const EXPECTED: &'static str =
        "wait, finish, abandon, fail, panic, panic-in-thread, hang, give-up or unwell";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "wait" => Some(Self::Wait),
            "finish" => Some(Self::Finish),
            "abandon" => Some(Self::Abandon),
            "fail" => Some(Self::Fail),
            "panic" => Some(Self::Panic),
            "panic-in-thread" => Some(Self::PanicInThread),
            "hang" => Some(Self::Hang),
            "give-up" => Some(Self::GiveUp),
            "unwell" => Some(Self::Unwell),
            _ => None,
        }
    }
}
