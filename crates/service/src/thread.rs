//! OS threads whose end is noticed.
//!
//! A worker that polls Kafka has a thread of its own. A thread that panics takes nothing with it
//! and tells nobody; one started here becomes a future, and its panic an error of the service.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// A running thread, as the future of its result. Dropping it lets the thread run on unobserved.
#[derive(Debug)]
#[must_use = "a thread that nobody awaits dies silently"]
pub struct Thread<T, E> {
    name: String,
    outcome: oneshot::Receiver<Result<T, ThreadError<E>>>,
}

/// How a thread failed.
#[derive(Debug, thiserror::Error)]
pub enum ThreadError<E> {
    /// The system gave no thread.
    #[error("could not start thread {name}")]
    NotStarted {
        /// Name of the thread.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// Its work panicked.
    #[error("thread {name} panicked: {message}")]
    Panicked {
        /// Name of the thread.
        name: String,
        /// What it panicked with.
        message: String,
    },
    /// Its work ended with an error.
    #[error("thread {name} failed")]
    Failed {
        /// Name of the thread.
        name: String,
        /// The error.
        source: E,
    },
}

/// Starts `work` on a thread of its own. Nothing is lost on the way: a thread that cannot be
/// started, a panic and an error all come out of the future.
pub fn spawn<T, E>(
    name: impl Into<String>,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Thread<T, E>
where
    T: Send + 'static,
    E: Send + 'static,
{
    let name = name.into();
    let (sender, outcome) = oneshot::channel();
    let worker = name.clone();
    let started = std::thread::Builder::new()
        .name(name.clone())
        .spawn(move || {
            let outcome = match catch_unwind(AssertUnwindSafe(work)) {
                Ok(result) => result.map_err(|source| ThreadError::Failed {
                    name: worker,
                    source,
                }),
                Err(payload) => Err(ThreadError::Panicked {
                    name: worker,
                    message: panic_message(&*payload),
                }),
            };
            // Nobody listens any more: the service is past caring.
            let _ = sender.send(outcome);
        });
    match started {
        Ok(_) => Thread { name, outcome },
        Err(source) => Thread::not_started(name, source),
    }
}

/// Waits for every thread. The first that fails cancels `shutdown`, so that the others drain, and
/// its error is the answer once all have ended.
pub async fn join_all<T, E>(
    threads: impl IntoIterator<Item = Thread<T, E>>,
    shutdown: &CancellationToken,
) -> Result<Vec<T>, ThreadError<E>> {
    let mut threads: Vec<_> = threads.into_iter().map(Some).collect();
    let mut results: Vec<Option<T>> = threads.iter().map(|_| None).collect();
    let mut first_error = None;
    poll_fn(|context| {
        for (thread, result) in threads.iter_mut().zip(&mut results) {
            let Some(Poll::Ready(outcome)) =
                thread.as_mut().map(|thread| Pin::new(thread).poll(context))
            else {
                continue;
            };
            *thread = None;
            match outcome {
                Ok(value) => *result = Some(value),
                Err(error) => {
                    shutdown.cancel();
                    first_error.get_or_insert(error);
                }
            }
        }
        match threads.iter().all(Option::is_none) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    match first_error {
        None => Ok(results.into_iter().flatten().collect()),
        Some(error) => Err(error),
    }
}

impl<T, E> Thread<T, E> {
    fn not_started(name: String, source: io::Error) -> Self {
        let (sender, outcome) = oneshot::channel();
        let error = ThreadError::NotStarted {
            name: name.clone(),
            source,
        };
        let _ = sender.send(Err(error));
        Self { name, outcome }
    }
}

impl<T, E> Future for Thread<T, E> {
    type Output = Result<T, ThreadError<E>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome).poll(context).map(|outcome| {
            outcome.unwrap_or_else(|_| {
                Err(ThreadError::Panicked {
                    name: std::mem::take(&mut self.name),
                    message: "ended without a word".to_owned(),
                })
            })
        })
    }
}

/// What a panic was raised with, where that is text.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}
