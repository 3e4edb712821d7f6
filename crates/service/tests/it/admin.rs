//! What the paths answer.

use std::panic::resume_unwind;
use std::sync::mpsc;

use crate::http::{ask, exchange, serve};

#[tokio::test]
async fn readiness_names_each_dependency_with_its_note() {
    let (process, admin) = serve().await;
    let starting = (503, "not ready, starting\n".to_owned());
    assert_eq!(ask(admin.address(), "GET /readyz").await, starting);

    let kafka = || Ok("joined, 3 partitions".to_owned());
    process.health.dependency("kafka", kafka);
    let ready = (200, "ready\nkafka: ok, joined, 3 partitions\n".to_owned());
    assert_eq!(ask(admin.address(), "GET /readyz").await, ready);

    let database = || Err("connection refused".to_owned());
    process.health.dependency("database", database);
    let expected =
        "not ready\nkafka: ok, joined, 3 partitions\ndatabase: failed, connection refused\n";
    assert_eq!(
        ask(admin.address(), "GET /readyz").await,
        (503, expected.to_owned())
    );
}

#[tokio::test]
async fn a_later_probe_of_the_same_name_replaces_the_earlier() {
    let (process, admin) = serve().await;
    process
        .health
        .dependency("kafka", || Err("away".to_owned()));
    process.health.dependency("kafka", || Ok("back".to_owned()));
    let ready = (200, "ready\nkafka: ok, back\n".to_owned());
    assert_eq!(ask(admin.address(), "GET /readyz").await, ready);
}

#[tokio::test]
async fn liveness_is_only_that_the_loops_turn() {
    let (process, admin) = serve().await;
    process
        .health
        .dependency("kafka", || Err("away".to_owned()));
    assert_eq!(
        ask(admin.address(), "GET /livez").await,
        (200, "alive\n".to_owned())
    );

    process.health.pulse("worker-0".to_owned(), || Ok(()));
    process.health.pulse("worker-1".to_owned(), || {
        Err("last turn 70 s ago".to_owned())
    });
    let expected = "not alive\nworker-0: ok, turning\nworker-1: failed, last turn 70 s ago\n";
    assert_eq!(
        ask(admin.address(), "GET /livez").await,
        (503, expected.to_owned())
    );
}

#[tokio::test]
async fn a_draining_process_is_alive_and_not_ready() {
    let (process, admin) = serve().await;
    process
        .health
        .dependency("kafka", || Ok("joined".to_owned()));
    process
        .health
        .pulse("worker-0".to_owned(), || Err("ended".to_owned()));
    process.shutdown.cancel();
    let not_ready = (503, "not ready, draining\nkafka: ok, joined\n".to_owned());
    assert_eq!(ask(admin.address(), "GET /readyz").await, not_ready);
    assert_eq!(
        ask(admin.address(), "GET /livez").await,
        (200, "alive, draining\n".to_owned())
    );
}

#[tokio::test]
async fn metrics_show_the_build_the_process_and_what_is_ready_now() {
    let (process, admin) = serve().await;
    process
        .health
        .dependency("kafka", || Ok("joined".to_owned()));
    process
        .health
        .dependency("database", || Err("away".to_owned()));
    let (status, metrics) = ask(admin.address(), "GET /metrics").await;
    assert_eq!(status, 200);
    let expected = [
        "fraudstream_build_info{service=\"test\",version=\"1.2.3\"} 1",
        "fraudstream_ready{dependency=\"kafka\"} 1",
        "fraudstream_ready{dependency=\"database\"} 0",
        "# TYPE process_cpu_seconds_total counter",
        "# TYPE process_start_time_seconds gauge",
    ];
    for line in expected {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line} in {metrics}"
        );
    }
    let resident = value(&metrics, "process_resident_memory_bytes");
    assert!((1e6..1e9).contains(&resident), "{metrics}");
    assert!(value(&metrics, "process_open_fds") >= 5.0, "{metrics}");

    process
        .health
        .dependency("database", || Ok("back".to_owned()));
    let (_, metrics) = ask(admin.address(), "GET /metrics").await;
    assert!(
        metrics.contains("fraudstream_ready{dependency=\"database\"} 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_dependency_that_was_never_asked_is_not_ready() {
    let (process, _admin) = serve().await;
    process
        .health
        .dependency("kafka", || Ok("joined".to_owned()));
    let families = process.registry.gather();
    let ready = families
        .iter()
        .find(|family| family.name() == "fraudstream_ready");
    let ready = ready.expect("the gauge").get_metric()[0].get_gauge();
    assert_eq!(ready.get_value(), 0.0);
}

#[tokio::test]
async fn a_second_process_needs_a_registry_of_its_own() {
    let (process, _admin) = serve().await;
    assert!(service::Process::new(process.registry).is_err());
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_with_what_there_is() {
    let (_process, admin) = serve().await;
    let paths = "not found, there are:\n/metrics\n/livez\n/readyz\n".to_owned();
    assert_eq!(ask(admin.address(), "GET /").await, (404, paths.clone()));
    assert_eq!(ask(admin.address(), "GET /metrics/").await, (404, paths));
    assert_eq!(ask(admin.address(), "GET /livez?verbose=1").await.0, 200);
    assert_eq!(
        ask(admin.address(), "HEAD /livez").await,
        (200, String::new())
    );
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"] {
        let answer = ask(admin.address(), &format!("{method} /livez")).await;
        assert_eq!(answer, (405, "only GET and HEAD\n".to_owned()), "{method}");
    }
}

#[tokio::test]
async fn a_path_is_what_it_is_and_is_never_repeated() {
    let (_process, admin) = serve().await;
    for path in [
        "//livez",
        "/LIVEZ",
        "/livez/..",
        "/../livez",
        "/%6civez",
        "/<script>alert(1)</script>",
        "*",
    ] {
        let (status, body) = ask(admin.address(), &format!("GET {path}")).await;
        assert!(
            status == 404 || status == 400,
            "{path} is answered with {status}"
        );
        assert!(!body.contains(path) || path == "*", "{body}");
    }
    // As a proxy asks.
    assert_eq!(
        ask(admin.address(), "GET http://elsewhere/livez").await.0,
        200
    );
}

#[tokio::test]
async fn a_head_is_the_get_without_its_body() {
    let (_process, admin) = serve().await;
    for path in ["/livez", "/readyz", "/nowhere"] {
        let [get, head] = ["GET", "HEAD"].map(|method| {
            format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        });
        let get = exchange(admin.address(), get.as_bytes()).await;
        let head = exchange(admin.address(), head.as_bytes()).await;
        let undated = |answer: &str| -> Vec<String> {
            let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
            let lines = head.lines().filter(|line| !line.starts_with("date: "));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(undated(&head), undated(&get));
        assert!(head.ends_with("\r\n\r\n"), "{head}");
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let (_process, admin) = serve().await;
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    let mut requests: String = (0..50).map(|_| ask("/livez") + &ask("/nowhere")).collect();
    requests.push_str("GET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let answers = exchange(admin.address(), requests.as_bytes()).await;
    let statuses: Vec<_> = answers
        .lines()
        .filter_map(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3))
        .collect();
    let mut expected = ["200", "404"].repeat(50);
    expected.push("503");
    assert_eq!(statuses, expected);
}

#[tokio::test]
async fn a_collector_that_never_answers_takes_one_thread() {
    let (process, admin) = serve().await;
    let (asked, times_asked) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let stuck = Stuck {
        asked: asked.into(),
        released: released.into(),
    };
    process
        .registry
        .register(Box::new(stuck))
        .expect("a collector");
    let address = admin.address();
    let scrapes = [(); 3].map(|()| tokio::spawn(ask(address, "GET /metrics")));
    for scrape in scrapes {
        let answer = scrape.await.expect("an answer");
        let expected = "could not collect metrics: not done within 5 s\n".to_owned();
        assert_eq!(answer, (500, expected));
    }
    assert_eq!(times_asked.try_iter().count(), 1);
    assert_eq!(ask(address, "GET /livez").await.0, 200);

    drop(release);
    assert_eq!(ask(address, "GET /metrics").await.0, 200);
}

/// Holds whoever collects metrics.
struct Stuck {
    asked: std::sync::Mutex<mpsc::Sender<()>>,
    released: std::sync::Mutex<mpsc::Receiver<()>>,
}

impl prometheus::core::Collector for Stuck {
    fn desc(&self) -> Vec<&prometheus::core::Desc> {
        Vec::new()
    }

    fn collect(&self) -> Vec<prometheus::proto::MetricFamily> {
        // Whoever counts may be gone by the time that a last one asks.
        let _ = self.asked.lock().expect("a lock").send(());
        // Ends when the other side is dropped.
        let _ = self.released.lock().expect("a lock").recv();
        Vec::new()
    }
}

#[tokio::test]
async fn several_requests_share_a_connection() {
    let (_process, admin) = serve().await;
    let twice = b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\nGET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answers = exchange(admin.address(), twice).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}

#[tokio::test]
async fn a_probe_that_panics_is_a_no_and_nothing_else() {
    let (process, admin) = serve().await;
    process
        .health
        .dependency("kafka", || resume_unwind(Box::new("probe is broken")));
    process
        .health
        .dependency("database", || Ok("fine".to_owned()));
    let expected =
        "not ready\nkafka: failed, the probe panicked: probe is broken\ndatabase: ok, fine\n";
    for _ in 0..3 {
        assert_eq!(
            ask(admin.address(), "GET /readyz").await,
            (503, expected.to_owned())
        );
    }
    assert_eq!(ask(admin.address(), "GET /metrics").await.0, 200);
}

#[tokio::test]
async fn a_probe_that_never_answers_is_a_no_and_takes_one_thread() {
    let (process, admin) = serve().await;
    let (asked, times_asked) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    process.health.dependency("kafka", move || {
        asked.send(()).expect("a listener");
        let waits = released.lock().expect("a lock").recv();
        Ok(format!("{waits:?}"))
    });
    process
        .health
        .dependency("database", || Ok("fine".to_owned()));
    let expected = "not ready\nkafka: failed, no answer within 500 ms\ndatabase: ok, fine\n";
    for _ in 0..2 {
        assert_eq!(
            ask(admin.address(), "GET /readyz").await,
            (503, expected.to_owned())
        );
    }
    assert_eq!(ask(admin.address(), "GET /livez").await.0, 200);
    assert_eq!(times_asked.try_iter().count(), 1);
    drop(release);
}

#[tokio::test]
async fn answers_to_many_at_once_are_all_the_truth() {
    let (process, admin) = serve().await;
    process
        .health
        .dependency("kafka", || Ok("joined".to_owned()));
    let address = admin.address();
    let asked: Vec<_> = (0..40)
        .map(|_| tokio::spawn(async move { ask(address, "GET /readyz").await }))
        .collect();
    for asked in asked {
        let ready = (200, "ready\nkafka: ok, joined\n".to_owned());
        assert_eq!(asked.await.expect("an answer"), ready);
    }
}

#[tokio::test]
async fn after_stop_nobody_listens() {
    let (_process, admin) = serve().await;
    let address = admin.address();
    let idle = tokio::net::TcpStream::connect(address).await;
    assert_eq!(ask(address, "GET /livez").await.0, 200);
    admin.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
    drop(idle);
}

fn value(metrics: &str, name: &str) -> f64 {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.expect(name).parse().expect("a number")
}
