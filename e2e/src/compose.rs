//! The servers' containers: stopped, killed, frozen, and always brought back.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::command::{DOCKER, output};
use crate::failure::{Attempt, Failure, Outcome};
use crate::repository::repository;

/// All brokers, in the order in which they are stopped.
pub const BROKERS: &[&str] = &["kafka-1", "kafka-2", "kafka-3"];

/// The database.
pub const MYSQL: &[&str] = &["mysql"];

/// The label that says whose containers they are.
const FOLDER: &str = "com.docker.compose.project.working_dir=";

/// How servers go away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Asked to stop, one after the other.
    Stop,
    /// Ended on the spot, all at once: connections are refused from then on.
    Kill,
    /// Frozen, all at once: connections stay open and nobody answers.
    Pause,
}

/// The project of this repository.
pub struct Compose {
    folder: PathBuf,
}

/// Servers that are away. Dropping it brings them back.
pub struct Away<'c> {
    compose: &'c Compose,
    how: How,
    services: &'static [&'static str],
    over: Cell<bool>,
}

impl Compose {
    /// Finds the containers, and makes sure that they are this repository's and that they are the
    /// brokers which we talk to: nobody else's servers are ever stopped.
    pub fn find(bootstrap: &str) -> Outcome<Self> {
        let folder = repository()?
            .canonicalize()
            .attempt("find the repository")?;
        // Compose's own variable; whoever sets it says whose containers to use.
        let ours = match std::env::var_os("COMPOSE_FILE") {
            Some(file) => PathBuf::from(file).parent().map(Path::to_owned),
            None => Some(folder.clone()),
        };
        let compose = Self { folder };
        let listed = compose.run(&["ps", "--all", "--format", "json"])?;
        let containers: Vec<Value> = listed
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let ours = ours.unwrap_or_default();
        // Compose notes the folder as it was typed.
        let is_ours = |container: &Value| {
            let folder = folder_of(container).map(|folder| Path::new(folder).canonicalize());
            folder.is_some_and(|folder| folder.is_ok_and(|folder| folder == ours))
        };
        let ours = ours.display();
        if let Some(container) = containers.iter().find(|container| !is_ours(container)) {
            let sentence = format!(
                "container {} was not started from {ours}, so it is left alone; start the servers with `make deps-up`",
                container["Name"]
            );
            return Err(Failure::new(sentence));
        }
        let published: BTreeSet<u64> = containers
            .iter()
            .filter_map(|container| container["Publishers"].as_array())
            .flatten()
            .filter_map(|publisher| publisher["PublishedPort"].as_u64())
            .collect();
        let mut asked = bootstrap.split(',').filter_map(|server| {
            let port = server.rsplit_once(':')?.1;
            port.trim().parse::<u64>().ok()
        });
        match asked.all(|port| published.contains(&port)) {
            true => Ok(compose),
            false => Err(Failure::new(format!(
                "the brokers at {bootstrap} are not the containers of {ours}, so nothing is stopped"
            ))),
        }
    }

    /// Sends servers away.
    pub fn away(&self, how: How, services: &'static [&'static str]) -> Outcome<Away<'_>> {
        let away = Away {
            compose: self,
            how,
            services,
            over: Cell::new(false),
        };
        match how {
            How::Stop => {
                for service in services {
                    // The last broker has nobody left to hand over to and would wait in vain.
                    self.run(&["stop", "--timeout", "4", service])?;
                }
            }
            How::Kill => drop(self.run_for(&["kill"], services)?),
            How::Pause => drop(self.run_for(&["pause"], services)?),
        }
        Ok(away)
    }

    fn run_for(&self, verb: &[&str], services: &[&str]) -> Outcome<String> {
        self.run(&[verb, services].concat())
    }

    fn run(&self, arguments: &[&str]) -> Outcome<String> {
        let words = format!("docker compose {}", arguments.join(" "));
        let mut command = Command::new("docker");
        command.arg("compose").args(arguments);
        let output = output(command.current_dir(&self.folder), DOCKER).attempt(&words)?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::new(format!("{words}: {}", why.trim())));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Away<'_> {
    /// Brings them back; they may need a while until they answer.
    pub fn end(&self) -> Outcome {
        if self.over.replace(true) {
            return Ok(());
        }
        let verb = match self.how {
            How::Stop | How::Kill => "start",
            How::Pause => "unpause",
        };
        self.compose.run_for(&[verb], self.services).map(drop)
    }
}

impl Drop for Away<'_> {
    fn drop(&mut self) {
        // On the way out of a failure, which is told already.
        let _ = self.end();
    }
}

fn folder_of(container: &Value) -> Option<&str> {
    let labels = container["Labels"].as_str()?;
    labels
        .split(',')
        .find_map(|label| label.strip_prefix(FOLDER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_containers_folder_is_read_off_its_labels() {
        let container =
            serde_json::json!({ "Labels": format!("a=b,{FOLDER}/srv/fraudstream,c=d") });
        assert_eq!(folder_of(&container), Some("/srv/fraudstream"));
        assert_eq!(folder_of(&Value::Null), None);
    }
}
