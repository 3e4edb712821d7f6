//! What turns wrong while the processor has nothing to store is told and waited out, without haste.

use std::time::{Duration, Instant};

use service::testing::until;

use crate::door::Door;
use crate::processor::Processor;
use crate::servers::{Servers, url};

fn is_waited_out(name: &str, turn: impl Fn(&Servers), told: &str) {
    let servers = Servers::sole();
    let door = Door::open();
    let mut variables = servers.variables(name);
    variables.push(("DATABASE_URL", url("fraudstream", door.address())));
    let mut processor = Processor::start(&variables, &servers.password());
    processor.is_ready();

    turn(&servers);
    processor.wait_for(503, told);
    asks_with_patience(&door);
    processor.is_alive();
    servers.as_they_were();
    processor.is_ready();
    processor.stop();
}

/// Twenty connections a minute at most; it asks every five seconds.
fn asks_with_patience(door: &Door) {
    const TIMES: usize = 3;
    let (begin, before) = (Instant::now(), door.knocks());
    until(|| match door.knocks() - before {
        TIMES.. => Ok(()),
        fewer => Err(format!("{fewer} connections, not {TIMES}")),
    });
    let after = begin.elapsed();
    assert!(
        after > Duration::from_secs(9),
        "{TIMES} connections within {after:?}"
    );
}

#[test]
fn a_certificate_that_turns_wrong_is_waited_out() {
    let turn = |servers: &Servers| servers.show_certificate("elsewhere");
    is_waited_out("turns-wrong", turn, "the server's TLS is not trusted");
}

#[test]
fn a_password_that_turns_wrong_is_waited_out() {
    let turn = |servers: &Servers| servers.set_password("another");
    is_waited_out("turncoat", turn, "the database refuses the user");
}
