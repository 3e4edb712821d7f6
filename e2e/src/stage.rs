//! A scenario's own topics, groups and database, and the services on them.

mod standing;

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::bench::Bench;
use crate::child::Child;
use crate::database::Database;
use crate::failure::{Attempt, Outcome};
use crate::fleet::Fleet;
use crate::kafka::{Kafka, PARTITIONS};
use crate::service::Service;

pub use standing::Standing;

/// Variables of a process.
pub type Variables = Vec<(String, String)>;

/// What everything of this scenario is called.
#[derive(Debug, Clone)]
pub struct Names {
    /// Payments as they come in.
    pub payments: String,
    /// Payments judged as fraud.
    pub fraud: String,
    /// The others.
    pub legit: String,
    /// Records that nobody can read.
    pub dead: String,
    /// The database.
    pub database: String,
    prefix: String,
}

/// A scenario's servers, as far as they are its own.
pub struct Stage<'b> {
    /// What all scenarios share.
    pub bench: &'b Bench,
    /// Names.
    pub names: Names,
    /// The brokers.
    pub kafka: Kafka,
    /// The database.
    pub database: Database,
    folder: PathBuf,
    started: Cell<u32>,
    failures: usize,
}

impl Names {
    fn new(prefix: String) -> Self {
        let topic = |role: &str| format!("{prefix}-{role}");
        Self {
            payments: topic("payments"),
            fraud: topic("fraud"),
            legit: topic("legit"),
            dead: topic("dlq"),
            database: format!("fraudstream_{}", prefix.replace('-', "_")),
            prefix,
        }
    }

    /// The consumer group of a service.
    pub fn group(&self, service: Service) -> String {
        format!("{}-{service}", self.prefix)
    }

    /// The topic that a service consumes, or for the producer writes.
    pub fn topic(&self, service: Service) -> &str {
        match service {
            Service::Producer | Service::Detector => &self.payments,
            Service::Fraud => &self.fraud,
            Service::Legit => &self.legit,
        }
    }
}

impl<'b> Stage<'b> {
    /// Makes what a scenario needs. Topics are left to the services.
    pub fn set(bench: &'b Bench, scenario: &str) -> Outcome<Self> {
        let names = Names::new(format!("{}-{scenario}", bench.prefix));
        let folder = bench.logs.join(scenario);
        fs::create_dir_all(&folder).attempt(format_args!("make {}", folder.display()))?;
        let runtime = || bench.runtime.clone();
        let group = names.group(Service::Detector);
        let stage = Self {
            bench,
            kafka: Kafka::new(&bench.bootstrap, &group, runtime())?,
            database: Database::create(&bench.database_url, &names.database, runtime())?,
            names,
            folder,
            started: Cell::new(0),
            failures: bench.journal.failures(),
        };
        bench.journal.say(format_args!(
            "topics {}-*, database {}, logs {}",
            stage.names.prefix,
            stage.names.database,
            stage.folder.display()
        ));
        Ok(stage)
    }

    /// The database as the services are told it.
    pub fn database_url(&self) -> String {
        let url = &self.bench.database_url;
        let server = url
            .rsplit_once('/')
            .map_or(url.as_str(), |(server, _)| server);
        format!("{server}/{}", self.names.database)
    }

    /// The variables that a service has on this stage.
    pub fn variables(&self, service: Service) -> Variables {
        let names = &self.names;
        let mut variables = vec![
            ("KAFKA_BOOTSTRAP_SERVERS", self.bench.bootstrap.clone()),
            ("TOPIC_PARTITIONS", PARTITIONS.to_string()),
            ("ADMIN_ADDR", "127.0.0.1:0".to_owned()),
            ("LOG_FORMAT", "json".to_owned()),
            ("LOG_LEVEL", "info".to_owned()),
        ];
        if service != Service::Producer {
            variables.push(("KAFKA_GROUP_ID", names.group(service)));
        }
        match service {
            Service::Producer => variables.push(("TOPIC_PAYMENTS", names.payments.clone())),
            Service::Detector => variables.extend([
                ("TOPIC_PAYMENTS", names.payments.clone()),
                ("TOPIC_FRAUD", names.fraud.clone()),
                ("TOPIC_LEGIT", names.legit.clone()),
                ("TOPIC_DLQ", names.dead.clone()),
                ("DETECTOR_INSTANCE", "first".to_owned()),
            ]),
            Service::Fraud => variables.extend([
                ("TOPIC_FRAUD", names.fraud.clone()),
                ("DATABASE_URL", self.database_url()),
            ]),
            Service::Legit => variables.extend([
                ("TOPIC_LEGIT", names.legit.clone()),
                ("DATABASE_URL", self.database_url()),
            ]),
        }
        let mut variables = own(variables);
        // For whoever looks into a failure: LOG_LEVEL=debug make e2e.
        let ours = |(name, _): &(String, String)| {
            name == "LOG_LEVEL" || name.starts_with("KAFKA_PROPERTY_")
        };
        variables.extend(std::env::vars().filter(ours));
        variables
    }

    /// Starts a service.
    pub fn start(&self, fleet: &mut Fleet, service: Service) -> Outcome {
        fleet.add(service, self.process(service, &[])?);
        Ok(())
    }

    /// Starts a process of a service with more variables, or other ones.
    pub fn process(&self, service: Service, more: &[(&str, &str)]) -> Outcome<Child> {
        let mut variables = self.variables(service);
        for (name, value) in more {
            variables.retain(|(known, _)| known != name);
            variables.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.command(service.program(), &[], &variables)
    }

    /// The seed of the next process: another one each time, and the same in every run with one seed.
    pub fn seed(&self) -> String {
        let started = u64::from(self.started.get());
        self.bench.seed.wrapping_add(started).to_string()
    }

    /// Starts any program of ours.
    pub fn command(
        &self,
        program: &str,
        arguments: &[&str],
        variables: &Variables,
    ) -> Outcome<Child> {
        self.started.set(self.started.get() + 1);
        let name = format!("{:02}-{program}", self.started.get());
        let mut command = Command::new(self.bench.programs.join(program));
        command.args(arguments);
        Child::start(command, name, variables, &self.folder)
    }

    /// Removes what was made, unless something failed: then it is kept for whoever looks into it.
    pub fn close(self) -> Outcome {
        if self.bench.journal.failures() > self.failures {
            let names = &self.names;
            let kept = format_args!(
                "kept: topics {}-*, database {}",
                names.prefix, names.database
            );
            self.bench.journal.say(kept);
            return Ok(());
        }
        let names = &self.names;
        let topics = [&names.payments, &names.fraud, &names.legit, &names.dead];
        self.kafka.delete(&topics.map(String::as_str))?;
        let groups = Service::CONSUMERS.map(|service| names.group(service));
        self.kafka
            .delete_groups(&groups.each_ref().map(String::as_str))?;
        self.database.remove()
    }
}

/// Pairs of texts that belong to nobody else.
pub fn own(pairs: Vec<(&str, String)>) -> Variables {
    let pairs = pairs.into_iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
