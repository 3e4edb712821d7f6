//! An error and what caused it, in one line.

use std::error::Error;

/// The error's text followed by its causes, `outer: inner: innermost`. A cause that the text before
/// it already ends with is left out: many libraries print theirs themselves.
pub fn causes(error: &dyn Error) -> String {
    let mut line = one_line(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = one_line(error);
        if !line.ends_with(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}

fn one_line(error: &dyn Error) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Outer {
        #[error("could not open the store")]
        Quiet(#[source] io::Error),
        #[error("could not open the store: {0}")]
        Talkative(#[source] io::Error),
    }

    #[test]
    fn causes_follow_in_one_line_and_none_is_said_twice() {
        let expected = "could not open the store: disk is gone";
        assert_eq!(
            causes(&Outer::Quiet(io::Error::other("disk\n  is gone"))),
            expected
        );
        assert_eq!(
            causes(&Outer::Talkative(io::Error::other("disk is gone"))),
            expected
        );
    }
}
