//! What the kernel says a process used.

use std::fmt;
use std::fs;

use crate::failure::{Attempt, Failure, Outcome};

/// Ticks a second in `/proc/PID/stat`: Linux shows every user the same, whatever it runs with.
const TICKS_PER_SECOND: f64 = 100.0;

/// Memory, and time on a CPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Memory in use now, KiB.
    pub resident_kib: u64,
    /// The most memory that was ever in use, KiB.
    pub peak_kib: u64,
    /// Time on a CPU, in user and kernel mode.
    pub cpu_seconds: f64,
}

impl Usage {
    /// Of a process that runs, or was stopped.
    pub fn of(pid: u32) -> Outcome<Self> {
        let read = |file: &str| {
            let path = format!("/proc/{pid}/{file}");
            fs::read_to_string(&path).attempt(format_args!("read {path}"))
        };
        Self::read(&read("status")?, &read("stat")?)
            .ok_or_else(|| Failure::new(format!("process {pid} has no memory any more")))
    }

    fn read(status: &str, stat: &str) -> Option<Self> {
        let kib = |name: &str| -> Option<u64> {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        // The second field is the program's name in parentheses, which may hold anything.
        let after_name = stat.rsplit_once(')')?.1;
        let mut fields = after_name.split_whitespace().skip(11);
        let mut ticks = || -> Option<u32> { fields.next()?.parse().ok() };
        let cpu_ticks = f64::from(ticks()?) + f64::from(ticks()?);
        Some(Self {
            resident_kib: kib("VmRSS:")?,
            peak_kib: kib("VmHWM:")?,
            cpu_seconds: cpu_ticks / TICKS_PER_SECOND,
        })
    }
}

/// KiB as the limits are written: MB of 1024 KiB.
#[derive(Debug, Clone, Copy)]
pub struct Megabytes(pub u64);

impl fmt::Display for Megabytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} MB", self.0 as f64 / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read_whatever_the_program_is_called() {
        let status = "Name:\tx\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n";
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20";
        let usage = Usage::read(status, stat).expect("usage");
        assert_eq!((usage.peak_kib, usage.resident_kib), (20_480, 10_240));
        assert_eq!(usage.cpu_seconds, 2.0);
        assert_eq!(Megabytes(usage.peak_kib).to_string(), "20.0 MB");
    }
}
