//! A database that takes connections and drops them is asked again with patience, by one process that stays.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use service::testing::{Observed as _, until};

use crate::support::program;

#[test]
fn a_database_that_hangs_up_is_asked_again_with_longer_pauses() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://app@{}/fraud", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    // Each connection is closed as soon as it is there. Ends with the test program.
    std::thread::spawn(move || {
        for _connection in listener.incoming() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("DATABASE_PASSWORD", "hunter2"),
    ];
    let mut processor = program(&[], &variables);
    until(|| match asked.load(Ordering::Relaxed) {
        1.. => Ok(()),
        _ => Err("not asked".to_owned()),
    });
    let begin = Instant::now();
    until(|| match asked.load(Ordering::Relaxed) {
        6.. => Ok(()),
        times => Err(format!("asked {times} times")),
    });
    // 0.2 s, 0.4 s, 0.8 s, 1.6 s and 2 s lie between them.
    let after = begin.elapsed();
    assert!(after > Duration::from_millis(4_800), "within {after:?}");
    assert!(processor.is_running() && processor.is_alive());
    assert!(processor.readiness().contains("database: failed"));
    // Said once, not at every try, and without the password.
    let ended = {
        processor.signal("TERM");
        processor.end()
    };
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.lines("the database is not there yet").len(), 1);
    assert_eq!(ended.lines("hunter2").len(), 0);
}
