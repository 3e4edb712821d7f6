//! A database that comes later than the processor.

use service::testing::Observed as _;
use sink::testing::{Bench, check, send};
use store::Table;
use store::testing::Proxy;

use crate::support::{child, program};

#[test]
fn it_is_not_ready_while_the_database_is_away_and_goes_on_by_itself_once_it_is_there() {
    // The tables are its own to make.
    let bench = Bench::real(Table::Legit, 2);
    let proxy = Proxy::before(bench.database.url());
    proxy.go_away();
    send(&bench, 0..500);
    let child = child(&bench, &[("DATABASE_URL", proxy.url())]);
    child.wait_for("database: failed, could not connect");
    assert!(child.get("/readyz").0.starts_with("HTTP/1.1 503"));
    assert!(child.is_alive());
    proxy.come_back();
    child.wait_for("database: ok");
    child.wait_for("kafka: ok, joined, 2 partitions");
    assert!(child.get("/readyz").0.starts_with("HTTP/1.1 200"));
    let asked = program(&["healthcheck"], &[("ADMIN_ADDR", &child.address())]).end();
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert!(asked.output.contains("database: ok"), "{asked:?}");
    check(&bench, 500);
    child.stop();
}
