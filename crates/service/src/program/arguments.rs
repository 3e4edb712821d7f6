//! The command line, which is short: services are configured by variables.

use std::ffi::OsString;

use crate::healthcheck::Check;

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Run,
    Help,
    Version,
    Healthcheck(Check),
}

impl Command {
    /// Reads the arguments after the program's name; the error is the first that means nothing.
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut arguments = arguments
            .into_iter()
            .map(|argument| argument.to_string_lossy().into_owned());
        let command = match arguments.next().as_deref() {
            None => return Ok(Self::Run),
            Some("--help" | "-h" | "help") => Self::Help,
            Some("--version" | "-V") => Self::Version,
            Some("healthcheck") => match arguments.next().as_deref() {
                None | Some("ready") => Self::Healthcheck(Check::Ready),
                Some("live") => Self::Healthcheck(Check::Live),
                Some(other) => return Err(other.to_owned()),
            },
            Some(other) => return Err(other.to_owned()),
        };
        match arguments.next() {
            None => Ok(command),
            Some(other) => Err(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &str, expected: Result<Command, &str>) {
        let words = arguments.split_whitespace().map(OsString::from);
        let expected = expected.map_err(str::to_owned);
        assert_eq!(Command::parse(words), expected, "{arguments}");
    }

    #[test]
    fn every_command_is_known_and_anything_else_is_named() {
        check("", Ok(Command::Run));
        check("--help", Ok(Command::Help));
        check("-h", Ok(Command::Help));
        check("--version", Ok(Command::Version));
        check("healthcheck", Ok(Command::Healthcheck(Check::Ready)));
        check("healthcheck ready", Ok(Command::Healthcheck(Check::Ready)));
        check("healthcheck live", Ok(Command::Healthcheck(Check::Live)));
        check("healthcheck dead", Err("dead"));
        check("healthcheck live now", Err("now"));
        check("--version now", Err("now"));
        check("run", Err("run"));
    }
}
