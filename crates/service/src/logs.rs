//! Log lines: one event each, on stderr, since stdout belongs to what a command answers.

use std::io::{self, IsTerminal};
use std::panic::{self, PanicHookInfo};

use settings::FromText;
use tracing::error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{Registry, fmt};

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Words, for people.
    Pretty,
}

/// The least level that is logged, for everything and for targets of their own.
#[derive(Clone, Debug)]
pub struct LogLevel(Targets);

impl LogFormat {
    /// The format for whoever reads stderr: a person at a terminal or a machine.
    pub fn for_stderr() -> Self {
        match io::stderr().is_terminal() {
            true => Self::Pretty,
            false => Self::Json,
        }
    }
}

/// Sends events to stderr and panics to the log, from now on and for the whole process. Fails when
/// somebody did so before.
pub fn init(format: LogFormat, level: LogLevel) -> Result<(), TryInitError> {
    // A stderr that went away must not end the process, which the layer's own complaint would do.
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .log_internal_errors(false);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .boxed(),
        LogFormat::Pretty => lines.with_ansi(io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(level.0))
        .try_init()?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    error!(
        thread = std::thread::current().name(),
        panic = panic.payload_as_str().unwrap_or("no message"),
        place,
        "a thread panicked"
    );
}

impl FromText for LogFormat {
    const EXPECTED: &'static str = "json or pretty";

    fn from_text(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "json" => Some(Self::Json),
            "pretty" => Some(Self::Pretty),
            _ => None,
        }
    }
}

impl FromText for LogLevel {
    const EXPECTED: &'static str =
        "off, error, warn, info, debug or trace, also for a target as in info,kafka=debug";

    /// `Targets` reads a mistyped level as the name of a target and logs nothing else; this does
    /// not.
    fn from_text(text: &str) -> Option<Self> {
        let mut targets = Targets::new().with_default(LevelFilter::INFO);
        for directive in text.split(',').map(str::trim) {
            targets = match directive.split_once('=') {
                None => targets.with_default(level(directive)?),
                Some((target, of_target)) if !target.trim().is_empty() => {
                    targets.with_target(target.trim(), level(of_target.trim())?)
                }
                Some(_) => return None,
            };
        }
        Some(Self(targets))
    }
}

fn level(name: &str) -> Option<LevelFilter> {
    match name.to_ascii_lowercase().as_str() {
        "off" => Some(LevelFilter::OFF),
        "error" => Some(LevelFilter::ERROR),
        "warn" => Some(LevelFilter::WARN),
        "info" => Some(LevelFilter::INFO),
        "debug" => Some(LevelFilter::DEBUG),
        "trace" => Some(LevelFilter::TRACE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_level_holds_for_all_and_a_target_may_have_its_own() {
        let level = LogLevel::from_text("warn, kafka=DEBUG").expect("a level");
        assert!(level.0.would_enable("store", &Level::WARN));
        assert!(!level.0.would_enable("store", &Level::INFO));
        assert!(level.0.would_enable("kafka::worker", &Level::DEBUG));
        assert!(!level.0.would_enable("kafka::worker", &Level::TRACE));
    }

    #[test]
    fn a_target_alone_leaves_the_rest_at_info() {
        let level = LogLevel::from_text("kafka=off").expect("a level");
        assert!(level.0.would_enable("store", &Level::INFO));
        assert!(!level.0.would_enable("kafka", &Level::ERROR));
    }

    #[test]
    fn a_mistyped_level_is_refused_and_never_taken_for_a_target() {
        for text in [
            "inf",
            "info,",
            "kafka=",
            "=debug",
            "kafka=loud",
            "info;debug",
        ] {
            assert!(LogLevel::from_text(text).is_none(), "{text}");
        }
    }
}
