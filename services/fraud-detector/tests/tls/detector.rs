//! `fraud-detector` as a process of its own that is watched for what it must not show.

use service::testing::{Child, Ended, Observed as _, until};

use crate::stream::Stream;

/// A running detector, killed when the test is done with it.
pub struct Detector {
    child: Child,
    /// What nobody but the broker may learn.
    secrets: Vec<String>,
}

impl Detector {
    /// Starts one and waits until its admin server listens. `more` variables replace those of the stream.
    pub fn start(stream: &Stream, more: &[(&str, &str)], secrets: &[&str]) -> Self {
        let mut variables = stream.variables();
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        variables.extend(more.iter().map(owned));
        let child = Child::start(env!("CARGO_BIN_EXE_fraud-detector"), &[], &variables);
        child.address();
        Self {
            child,
            secrets: secrets.iter().copied().map(str::to_owned).collect(),
        }
    }

    /// Starts one and waits until it is at work.
    pub fn ready(stream: &Stream, secrets: &[&str]) -> Self {
        let detector = Self::start(stream, &[], secrets);
        detector.wait_for(200, "joined, 1 partitions");
        detector
    }

    /// Waits until `/readyz` answers with this status and these words.
    pub fn wait_for(&self, status: u16, words: &str) {
        let status = format!("HTTP/1.1 {status} ");
        until(|| {
            let (head, body) = self.child.get("/readyz");
            match head.starts_with(&status) && body.contains(words) {
                true => Ok(()),
                false => Err(format!("not {status}and {words:?} but {head:?}, {body:?}")),
            }
        });
        self.keeps_its_secrets();
    }

    /// It is there and its loops turn.
    pub fn is_alive(&mut self) {
        assert!(self.child.is_alive(), "{:#?}", self.child.log());
        assert!(self.child.is_running(), "{:#?}", self.child.log());
    }

    /// Looks at everything that it shows for what nobody may see.
    pub fn keeps_its_secrets(&self) {
        let cmdline = std::fs::read(format!("/proc/{}/cmdline", self.child.id()));
        let cmdline = String::from_utf8_lossy(&cmdline.unwrap_or_default()).into_owned();
        // One that has ended shows nothing more.
        let pages = ["/metrics", "/readyz", "/livez"].map(|path| self.child.try_get(path));
        let pages = pages.into_iter().flatten().map(|(_, body)| body);
        let shown = [self.child.output(), self.child.log(), vec![cmdline]].concat();
        check(&self.secrets, shown.into_iter().chain(pages));
    }

    /// Tells it to drain, which it does whatever it waits for.
    pub fn stop(self) -> Ended {
        self.child.signal("TERM");
        let ended = self.end();
        assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
        ended
    }

    /// Waits for its end.
    pub fn end(self) -> Ended {
        let ended = self.child.end();
        let shown = ended.log.iter().chain([&ended.output]);
        check(&self.secrets, shown.cloned());
        ended
    }
}

fn check(secrets: &[String], shown: impl IntoIterator<Item = String>) {
    for text in shown {
        for secret in secrets {
            assert!(!text.contains(secret), "a password in {text}");
        }
    }
}
