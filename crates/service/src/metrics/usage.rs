//! CPU, memory and open files of this process, read from `/proc` at each scrape.
//!
//! The prometheus crate's own collector counts CPU in whole seconds, too coarse to measure a
//! service that needs a hundredth of a core.

use std::fs;
use std::sync::{Mutex, PoisonError};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, Gauge, IntGauge};

use crate::clock;

/// Ticks a second in `/proc/self/stat`: fixed for programs since Linux 2.6, whatever the kernel
/// uses inside.
const TICKS_PER_SECOND: f64 = 100.0;

/// A collector that reads on demand.
pub(super) struct Usage {
    cpu_seconds: Counter,
    resident_bytes: IntGauge,
    peak_resident_bytes: IntGauge,
    threads: IntGauge,
    open_files: IntGauge,
    started: Gauge,
    /// One reading at a time: the counter is set by a reset and an addition.
    reading: Mutex<()>,
}

impl Usage {
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let started = Gauge::new(
            "process_start_time_seconds",
            "When the process started, in seconds since the epoch.",
        )?;
        started.set(clock::now_ms() as f64 / 1000.0);
        Ok(Self {
            cpu_seconds: Counter::new(
                "process_cpu_seconds_total",
                "CPU time spent, in user and system mode.",
            )?,
            resident_bytes: IntGauge::new("process_resident_memory_bytes", "Memory in use.")?,
            peak_resident_bytes: IntGauge::new(
                "process_resident_memory_max_bytes",
                "Most memory that was ever in use.",
            )?,
            threads: IntGauge::new("process_threads", "Threads of the system.")?,
            open_files: IntGauge::new("process_open_fds", "Open file descriptors.")?,
            started,
            reading: Mutex::new(()),
        })
    }

    fn collectors(&self) -> [&dyn Collector; 6] {
        [
            &self.cpu_seconds,
            &self.resident_bytes,
            &self.peak_resident_bytes,
            &self.threads,
            &self.open_files,
            &self.started,
        ]
    }

    fn read(&self) -> Option<()> {
        let stat = Stat::parse(&fs::read_to_string("/proc/self/stat").ok()?)?;
        self.show(&stat);
        let status = fs::read_to_string("/proc/self/status").ok()?;
        self.resident_bytes.set(bytes(&status, "VmRSS:")?);
        self.peak_resident_bytes.set(bytes(&status, "VmHWM:")?);
        let open_files = fs::read_dir("/proc/self/fd").ok()?.count();
        // The listing itself has one open.
        self.open_files.set(i64::try_from(open_files).ok()? - 1);
        Some(())
    }

    fn show(&self, stat: &Stat) {
        self.cpu_seconds.reset();
        self.cpu_seconds.inc_by(stat.cpu_ticks / TICKS_PER_SECOND);
        self.threads.set(stat.threads);
    }
}

impl Collector for Usage {
    fn desc(&self) -> Vec<&Desc> {
        let collectors = self.collectors().into_iter();
        collectors.flat_map(|collector| collector.desc()).collect()
    }

    /// Where `/proc` is missing there is nothing but the start time.
    fn collect(&self) -> Vec<MetricFamily> {
        let _alone = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        match self.read() {
            Some(()) => {
                let collectors = self.collectors().into_iter();
                collectors
                    .flat_map(|collector| collector.collect())
                    .collect()
            }
            None => self.started.collect(),
        }
    }
}

/// The part of `/proc/self/stat` that is of use.
#[derive(Debug, PartialEq)]
struct Stat {
    cpu_ticks: f64,
    threads: i64,
}

impl Stat {
    fn parse(line: &str) -> Option<Self> {
        // The second field is the program's name in brackets, and may hold spaces and brackets.
        let after_name = &line[line.rfind(')')? + 1..];
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        // proc(5) counts from 1 and the state, here 0, is its field 3.
        let field = |number: usize| fields.get(number - 3).copied();
        let user: f64 = field(14)?.parse().ok()?;
        let system: f64 = field(15)?.parse().ok()?;
        Some(Self {
            cpu_ticks: user + system,
            threads: field(20)?.parse().ok()?,
        })
    }
}

/// A line such as `VmRSS:     1234 kB` of `/proc/self/status`.
fn bytes(status: &str, name: &str) -> Option<i64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stat_line_is_read_past_a_name_with_spaces_and_brackets() {
        let line = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 150 25 0 0 20 0 7 0 1 2 3";
        let expected = Stat {
            cpu_ticks: 175.0,
            threads: 7,
        };
        assert_eq!(Stat::parse(line), Some(expected));
        assert_eq!(Stat::parse("42 (a) S 1"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn cpu_time_is_the_systems_count_however_often_it_is_read() {
        let usage = Usage::new().expect("a collector");
        for _ in 0..2 {
            usage.show(&Stat {
                cpu_ticks: 175.0,
                threads: 7,
            });
        }
        assert_eq!(usage.cpu_seconds.get(), 1.75);
        assert_eq!(usage.threads.get(), 7);
    }

    #[test]
    fn memory_is_given_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(bytes(status, "VmRSS:"), Some(1024 * 1024));
        assert_eq!(bytes(status, "VmHWM:"), Some(2048 * 1024));
        assert_eq!(bytes(status, "VmSwap:"), None);
    }
}
