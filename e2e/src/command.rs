//! Other programs, which have so long and no longer.

use std::io::{Read as _, Seek as _};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Attempt as _, Failure, Outcome};

/// Whatever Docker is asked to do: an engine that hangs must not hang a run. A container may take 60 s to stop, and there
/// are a dozen of them.
pub const DOCKER: Duration = Duration::from_secs(300);

/// Between two looks at whether it has ended.
const OFTEN: Duration = Duration::from_millis(5);

/// Runs a command to its end, and kills it when its time is up. Goes on after an interruption, since that is when things
/// are put back.
pub fn output(command: &mut Command, limit: Duration) -> Outcome<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    // Files take what a pipe would not hold.
    let file = || tempfile::tempfile().attempt("make a file for what a program says");
    let (mut stdout, mut stderr) = (file()?, file()?);
    let mut process = command
        .stdin(Stdio::null())
        .stdout(stdout.try_clone().attempt("share a file")?)
        .stderr(stderr.try_clone().attempt("share a file")?)
        .spawn()
        .attempt(format_args!("start {name}"))?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process
            .try_wait()
            .attempt(format_args!("wait for {name}"))?
        {
            break status;
        }
        if started.elapsed() >= limit {
            // Both fail only for a process that has ended.
            let _ = process.kill();
            let _ = process.wait();
            let late = format!("no end within {} s", limit.as_secs_f64());
            return Err(Failure::new(late));
        }
        thread::sleep(OFTEN);
    };
    let mut said = [Vec::new(), Vec::new()];
    for (file, text) in [&mut stdout, &mut stderr].into_iter().zip(&mut said) {
        file.rewind().attempt("go back to the start of a file")?;
        file.read_to_end(text).attempt("read what a program said")?;
    }
    let [stdout, stderr] = said;
    Ok(Output {
        status,
        stdout,
        stderr,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_program_says_is_told_apart_and_whole() {
        let script = "head -c 300000 /dev/zero; echo no >&2; exit 3";
        let output = output(&mut shell(script), DOCKER).expect("an output");
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.stdout.len(), 300_000);
        assert_eq!(output.stderr, b"no\n");
    }

    #[test]
    fn a_program_that_does_not_end_is_killed() {
        let began = Instant::now();
        let ended = output(Command::new("sleep").arg("60"), Duration::from_millis(50));
        let sentence = ended.expect_err("a failure").to_string();
        assert_eq!(sentence, "no end within 0.05 s");
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
