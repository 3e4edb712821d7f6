//! A limit for calls of the client library that have none, or one that does not hold.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Makes `call` on a thread of its own and waits for its answer. One that comes too late is nobody's: the call goes on with
/// all that it holds, and ends whenever the library lets it.
///
/// # Errors
/// A sentence, when there was no answer within `limit`.
pub fn within<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (answer, answered) = mpsc::sync_channel(1);
    thread::Builder::new()
        .name("kafka-call".to_owned())
        .spawn(move || {
            // Whoever asked may have given up.
            let _ = answer.send(call());
        })
        .map_err(|error| format!("no thread for the call: {error}"))?;
    answered
        .recv_timeout(limit)
        .map_err(|_| format!("no answer within {} s", limit.as_secs_f32()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_time_is_handed_on() {
        assert_eq!(within(Duration::from_secs(60), || 42), Ok(42));
    }

    #[test]
    fn a_call_that_does_not_come_back_is_given_up() {
        let (let_go, held) = mpsc::channel::<()>();
        let outcome = within(Duration::from_millis(500), move || held.recv().is_ok());
        assert_eq!(outcome, Err("no answer within 0.5 s".to_owned()));
        drop(let_go);
    }
}
