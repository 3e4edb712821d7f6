//! A scenario's own topics, groups and database, and the services on them.

use std::cell::Cell;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::child::Child;
use crate::database::Database;
use crate::failure::{Attempt, Outcome};
use crate::fleet::Fleet;
use crate::kafka::{Kafka, PARTITIONS};
use crate::service::Service;
use crate::system::{Names, System};
use crate::wait::Wait;

/// Variables of a process.
pub type Variables = Vec<(String, String)>;

/// A scenario's servers, as far as they are its own.
pub struct Stage<'b> {
    /// What all scenarios share.
    pub bench: &'b Bench,
    /// Its servers, and what everything there is called.
    pub system: System,
    folder: PathBuf,
    started: Cell<u32>,
    failures: usize,
}

impl<'b> Stage<'b> {
    /// Makes what a scenario needs. Topics are left to the services.
    pub fn set(bench: &'b Bench, scenario: &str) -> Outcome<Self> {
        let prefix = format!("{}-{scenario}", bench.prefix);
        let names = Names::prefixed(&prefix);
        let folder = bench.logs.join(scenario);
        fs::create_dir_all(&folder).attempt(format_args!("make {}", folder.display()))?;
        let runtime = || bench.runtime.clone();
        let group = names.group(Service::Detector);
        let stage = Self {
            bench,
            system: System {
                kafka: Kafka::new(&bench.bootstrap, &group, runtime())?,
                database: Database::create(&bench.database_url, &names.database, runtime())?,
                names,
            },
            folder,
            started: Cell::new(0),
            failures: bench.journal.failures(),
        };
        bench.journal.say(format_args!(
            "topics {}-*, database {}, logs {}",
            prefix,
            stage.system.names.database,
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
        format!("{server}/{}", self.system.names.database)
    }

    /// The variables that a service has on this stage.
    pub fn variables(&self, service: Service) -> Variables {
        let names = &self.system.names;
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

    /// Waits until so many payments are stored and the detector has nothing left, and says now and
    /// then how far it all is.
    pub fn settle(&self, fleet: &mut Fleet, payments: u64, limit_seconds: u64) -> Outcome {
        let journal = &self.bench.journal;
        let (started, mut told) = (Instant::now(), Instant::now());
        Wait::seconds(limit_seconds)
            .every(Duration::from_millis(500))
            .until(format_args!("{payments} payments are stored"), || {
                fleet.alive()?;
                if told.elapsed() >= Duration::from_secs(5) {
                    told = Instant::now();
                    journal.say(self.system.standings());
                }
                let stored = self.system.stored()?;
                let settled =
                    stored >= payments && self.system.standing(Service::Detector)?.lag == 0;
                Ok(settled.then_some(()))
            })?;
        let seconds = started.elapsed().as_secs_f64();
        journal.say(format_args!(
            "{payments} payments are stored ({seconds:.1} s waited)"
        ));
        Ok(())
    }

    /// Removes what was made, unless something failed: then it is kept for whoever looks into it.
    pub fn close(self) -> Outcome {
        let System {
            names,
            kafka,
            database,
        } = &self.system;
        if self.bench.journal.failures() > self.failures {
            let kept = format_args!(
                "kept: topics like {}, database {}",
                names.payments, names.database
            );
            self.bench.journal.say(kept);
            return Ok(());
        }
        let topics = [&names.payments, &names.fraud, &names.legit, &names.dead];
        kafka.delete(&topics.map(String::as_str))?;
        let groups = Service::CONSUMERS.map(|service| names.group(service));
        kafka.delete_groups(&groups.each_ref().map(String::as_str))?;
        database.remove()
    }
}

/// Pairs of texts that belong to nobody else.
pub fn own(pairs: Vec<(&str, String)>) -> Variables {
    let pairs = pairs.into_iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
