//! `legit-processor` as a process of its own that is watched for what it must not show.

use service::testing::{Child, Ended, until};

/// A running processor, killed when the test is done with it.
pub struct Processor {
    child: Child,
    /// What nobody but the servers may learn.
    secret: String,
}

impl Processor {
    /// Starts one. Nothing may hold the secret, not even what only developers ask for.
    pub fn start(variables: &[(&str, String)], secret: &str) -> Self {
        let mut variables = variables.to_vec();
        variables.push(("LOG_LEVEL", "trace".to_owned()));
        Self {
            child: Child::start(env!("CARGO_BIN_EXE_legit-processor"), &[], &variables),
            secret: secret.to_owned(),
        }
    }

    /// Waits until `/readyz` answers with this status and these words.
    pub fn wait_for(&self, status: u16, words: &str) {
        let status = format!("HTTP/1.1 {status} ");
        until(|| {
            let (head, body) = self.child.get("/readyz");
            assert!(!body.contains(&self.secret), "a password in {body}");
            match head.starts_with(&status) && body.contains(words) {
                true => Ok(()),
                false => Err(format!("not {status}and {words:?} but {head:?}, {body:?}")),
            }
        });
    }

    /// Waits until it is at work.
    pub fn is_ready(&self) {
        self.wait_for(200, "joined, 1 partitions");
    }

    /// It is there and its loops turn.
    pub fn is_alive(&mut self) {
        assert!(self.child.is_running(), "{:#?}", self.child.log());
        let (head, body) = self.child.get("/livez");
        assert!(head.starts_with("HTTP/1.1 200"), "{body}");
    }

    /// Tells it to drain.
    pub fn stop(self) {
        self.child.signal("TERM");
        let ended = self.end();
        assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
    }

    /// Waits for its end, after which it has shown everything that it ever will.
    pub fn end(self) -> Ended {
        let metrics = self.child.try_get("/metrics").map(|(_, body)| body);
        let ended = self.child.end();
        let shown = ended.log.iter().chain([&ended.output]);
        for text in shown.chain(&metrics) {
            assert!(!text.contains(&self.secret), "a password in {text}");
        }
        ended
    }
}
