//! The demo as people start it: a process that is looked at through its page, its signals and what it prints.

use std::path::Path;

use serde_json::{Value, json};
use service::testing::{Child, get, until};
use store::testing::Writer;
use tempfile::TempDir;

/// A running demo.
struct Demo(Child);

impl Demo {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut all = vec!["--page", "127.0.0.1:0", "--data-dir"];
        all.push(folder.to_str().unwrap());
        all.extend(arguments);
        let program = env!("CARGO_BIN_EXE_fraudstream");
        Self(Child::start::<&str, &str>(program, &all, &[]))
    }

    /// Runs one that ends by itself; answers with the object in the last line of stdout.
    fn count(folder: &Path, count: u64) -> Value {
        let count = count.to_string();
        let ended = Self::start(folder, &["--json", "--seed", "7", "--count", &count])
            .0
            .end();
        assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
        serde_json::from_str(ended.output.lines().last().unwrap()).unwrap()
    }

    /// What its page answers.
    fn page(&self, path: &str) -> String {
        let line = self.0.wait_for_log("page    http://");
        let address = line.split("http://").nth(1).unwrap().trim_end_matches('/');
        let (head, body) = get(address, path).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        body
    }

    /// Waits until the page's numbers are as the test needs them.
    fn until(&self, is_so: impl Fn(&dyn Fn(&str) -> u64) -> bool) -> Value {
        until(|| {
            let state: Value = serde_json::from_str(&self.page("/state.json")).unwrap();
            let number = |key: &str| state[key].as_u64().unwrap();
            match is_so(&number) {
                true => Ok(state),
                false => Err(state.to_string()),
            }
        })
    }

    /// Waits for its end; the books have to be there and to balance.
    fn end_with_books(self) {
        let ended = self.0.end();
        assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
        assert!(
            ended.output.ends_with("\nthe books balance"),
            "{}",
            ended.output
        );
    }
}

/// Nothing is left over: what was produced is stored.
fn balances(books: &Value, count: u64) {
    for key in ["in_flight", "missing", "doubled", "foreign"] {
        assert_eq!(books[key], json!(0), "{key} of {books}");
    }
    let stored = ["fraud", "legit", "dead_lettered"].map(|key| books[key].as_u64().unwrap());
    assert_eq!(books["produced"], json!(count), "{books}");
    assert_eq!(stored.iter().sum::<u64>(), count, "{books}");
    assert!(stored[0] > 0 && stored[1] > 0, "{books}");
}

#[test]
fn it_makes_what_was_counted_stores_all_of_it_and_ends_and_so_does_a_second_run_over_the_same_folder()
 {
    let folder = TempDir::new().unwrap();
    let first = Demo::count(folder.path(), 2_000);
    balances(&first, 2_000);
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    for key in [
        "produced",
        "fraud",
        "legit",
        "dead_lettered",
        "in_flight",
        "missing",
        "doubled",
        "foreign",
    ] {
        assert!(keys.contains(&&key.to_owned()), "{key} in {keys:?}");
    }
    balances(&Demo::count(folder.path(), 500), 500);
}

#[test]
fn its_page_shows_what_is_stored_and_one_interrupt_ends_it_with_balanced_books() {
    let folder = TempDir::new().unwrap();
    let demo = Demo::start(folder.path(), &["--rate", "2000"]);
    let page = demo.page("/");
    assert!(page.starts_with("<!doctype html>"), "{page}");
    assert!(
        !page.contains("//cdn") && !page.contains("https://"),
        "it works offline"
    );
    let state = demo.until(|number| number("fraud") > 0 && number("legit") > 500);
    assert!(
        state["data"]
            .as_str()
            .unwrap()
            .starts_with(folder.path().to_str().unwrap()),
        "{state}"
    );
    let state = until(|| {
        let state: Value = serde_json::from_str(&demo.page("/state.json")).unwrap();
        let alerts = state["alerts"].as_array().unwrap();
        match alerts.first() {
            Some(_) => Ok(state),
            None => Err(state.to_string()),
        }
    });
    let alert = &state["alerts"][0];
    assert!(
        alert["id"].as_str().unwrap().starts_with("payments/"),
        "{alert}"
    );
    assert_eq!(alert["rules"], json!(["bitcoin", "stranger-bitcoin"]));
    demo.0.signal("INT");
    demo.end_with_books();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_ends_it_at_once() {
    let folder = TempDir::new().unwrap();
    let demo = Demo::start(folder.path(), &["--rate", "2000"]);
    demo.until(|number| number("legit") > 0);
    // From here on nothing is stored any more, so it cannot end well.
    let _writer = Writer::begin(&folder.path().join("fraudstream.db")).await;
    demo.until(|number| number("in_flight") > 100);
    demo.0.signal("INT");
    demo.0.wait_for_log("press Ctrl-C again");
    demo.0.signal("INT");
    let ended = demo.0.end();
    assert_eq!(ended.code, Some(2), "{:#?}", ended.log);
    assert_eq!(ended.output, "", "no books were made");
    assert_eq!(
        ended
            .lines("a second signal (SIGINT) cut draining off")
            .len(),
        1,
        "{:#?}",
        ended.log
    );
}
