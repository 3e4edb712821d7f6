//! The system under fire, and everything around it.

use std::path::PathBuf;
use std::sync::Arc;

use e2e::command::{DOCKER, output};
use e2e::database::Database;
use e2e::failure::{Attempt as _, Failure, Outcome};
use e2e::journal::Journal;
use e2e::kafka::Kafka;
use e2e::service::Service;
use e2e::system::{Names, System};
use tokio::runtime::Runtime;

use crate::deaths::Deaths;
use crate::docker::Docker;
use crate::images;
use crate::loader::Loader;
use crate::proxy::Proxy;
use crate::receiver::{Receiver, TIMEOUT_MS};

/// All brokers.
pub const BROKERS: [&str; 3] = ["kafka-1", "kafka-2", "kafka-3"];

/// The database.
pub const MYSQL: &str = "mysql";

/// Those that make the tables.
const STORING: [&str; 2] = [Service::Fraud.program(), Service::Legit.program()];

/// Those without whom nothing is stored.
const SENDING: [&str; 2] = [Service::Detector.program(), Service::Producer.program()];

/// The image that drops packets.
pub const PACKETS: &str = "fraudstream-chaos/packets";

/// Payments a second of payment-producer.
pub const PRODUCER_RATE: u64 = 50;

/// How long containers may take until they say that they are well.
const START_SECONDS: u64 = 180;

/// What everything acts on.
pub struct World {
    /// What the run says.
    pub journal: Journal,
    /// For clients that are asynchronous.
    pub runtime: Arc<Runtime>,
    /// The containers.
    pub docker: Docker,
    /// Whose process ended, and by whose hand.
    pub deaths: Deaths,
    /// What is looked at from outside.
    pub system: System,
    /// Sends payments.
    pub loader: Loader,
    /// Between MySQL and one of the processors.
    pub proxy: Proxy,
    /// The processor that goes through it.
    pub proxied: Service,
    /// Takes alerts.
    pub receiver: Receiver,
    /// Our address, as containers see it.
    pub gateway: String,
    /// The database, for sessions of our own.
    pub database_url: String,
    bootstrap: String,
    /// Payments a second, by us and by payment-producer.
    pub rate: u64,
}

/// What a world is made of.
pub struct Plot {
    /// The compose files.
    pub files: Vec<&'static str>,
    /// Containers that only this run has.
    pub beside: Vec<&'static str>,
    /// Decides which processor goes through the proxy.
    pub seed: u64,
    /// Payments a second that we send.
    pub rate: u64,
    /// Whether the run is long enough to be evidence.
    pub is_evidence: bool,
    /// Where the ledger goes.
    pub folder: PathBuf,
}

impl World {
    /// Starts everything anew, without any data of an earlier run, and waits until it is well.
    pub fn start(plot: &Plot, journal: Journal, runtime: Arc<Runtime>) -> Outcome<Self> {
        let bootstrap = variable("KAFKA_BOOTSTRAP_SERVERS")?;
        let database_url = variable("DATABASE_URL")?;
        let host = Host::find()?;
        let proxy = Proxy::start(&host.listen, &database_url, &runtime)?;
        let receiver = Receiver::start(&host.listen, &runtime)?;
        let proxied = match plot.seed % 2 {
            0 => Service::Fraud,
            _ => Service::Legit,
        };
        let through = |port: u16| format!("{}:{port}", Host::NAME);
        let database_of = |service| match service == proxied {
            true => through(proxy.address.port()),
            false => MYSQL.to_owned(),
        };
        let variables = vec![
            ("CHAOS_FRAUD_DATABASE", database_of(Service::Fraud)),
            ("CHAOS_LEGIT_DATABASE", database_of(Service::Legit)),
            ("CHAOS_WEBHOOK", through(receiver.address.port())),
            ("CHAOS_WEBHOOK_TIMEOUT_MS", TIMEOUT_MS.to_string()),
            ("PRODUCER_RATE_PER_SECOND", PRODUCER_RATE.to_string()),
        ];
        let docker = Docker::new(&plot.files, variables)?;
        images::tell(&docker, &journal, plot.is_evidence)?;
        docker.docker(&["build", "--quiet", "--tag", PACKETS, "e2e/packets"])?;
        docker.compose(&["down", "--remove-orphans", "--volumes"])?;
        let deaths = Deaths::follow(&plot.folder)?;
        let names = Names::plain();
        let database = Database::open(&database_url, &names.database, Arc::clone(&runtime))?;
        journal.say("starting three brokers, MySQL and the four services");
        let storing = [&[MYSQL], &BROKERS[..], &STORING].concat();
        let up = start(&docker, &storing, &plot.beside)
            // A table with a key hides that a row was stored twice. Nobody sends payments yet.
            .and_then(|()| database.without_primary_keys())
            .and_then(|()| start(&docker, &SENDING, &[]));
        if let Err(failure) = up {
            // Whoever wants to know why finds them as they are, but they hold no port.
            docker.compose(&["stop"])?;
            return Err(failure);
        }
        journal.say(format_args!(
            "all are well; tables show what is stored twice; {proxied} reaches MySQL through our proxy"
        ));
        let group = names.group(Service::Detector);
        let loader = Loader::start(&bootstrap, &names.payments, plot.rate, &plot.folder)?;
        Ok(Self {
            system: System {
                kafka: Kafka::new(&bootstrap, &group, Arc::clone(&runtime))?,
                database,
                names,
            },
            journal,
            runtime,
            docker,
            deaths,
            loader,
            proxy,
            proxied,
            receiver,
            gateway: host.gateway,
            database_url,
            bootstrap,
            rate: plot.rate + PRODUCER_RATE,
        })
    }

    /// Looks at the brokers with clients that remember nothing.
    pub fn look_anew(&mut self) -> Outcome {
        let group = self.system.names.group(Service::Detector);
        self.system.kafka = Kafka::new(&self.bootstrap, &group, Arc::clone(&self.runtime))?;
        Ok(())
    }

    /// How many payments came from payment-producer, give or take those that are on their way to us.
    pub fn theirs(&self) -> Outcome<i64> {
        let all = self.system.kafka.count(&self.system.names.payments)?;
        Ok(all as i64 - self.loader.acked() as i64)
    }

    /// Ends the containers; without `keep` their data go, too.
    pub fn end(&self, keep: bool) -> Outcome {
        if keep {
            return self.docker.compose(&["stop"]).map(drop);
        }
        let down = ["down", "--remove-orphans", "--volumes"];
        self.docker.compose(&down).map(drop)
    }
}

/// Starts services and waits until they say that they are well, and others, who say nothing.
fn start(docker: &Docker, services: &[&str], silent: &[&str]) -> Outcome {
    let up = ["up", "--detach", "--no-build"];
    docker.compose(&[&up[..], services, silent].concat())?;
    let mut all = services.iter();
    all.try_for_each(|service| docker.healthy(service, 1, START_SECONDS))
}

/// How containers reach us.
struct Host {
    gateway: String,
    listen: String,
}

impl Host {
    /// What containers call it; e2e/chaos.yml makes the name known to them.
    const NAME: &'static str = "host.docker.internal";

    /// Linux has an address that only containers reach; Docker Desktop hands on to the loopback.
    fn find() -> Outcome<Self> {
        let mut command = std::process::Command::new("docker");
        command.args(["network", "inspect", "bridge", "--format"]);
        command.arg("{{(index .IPAM.Config 0).Gateway}}");
        let asked = output(&mut command, DOCKER).attempt("ask Docker for its bridge")?;
        let gateway = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
        let is_ours = std::net::TcpListener::bind((gateway.as_str(), 0)).is_ok();
        Ok(Self {
            listen: match is_ours {
                true => gateway.clone(),
                false => "127.0.0.1".to_owned(),
            },
            gateway,
        })
    }
}

fn variable(name: &str) -> Outcome<String> {
    std::env::var(name)
        .map_err(|_| Failure::new(format!("{name} is not set; `make chaos` sets it")))
}
