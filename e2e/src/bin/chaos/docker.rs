//! The containers of one compose project, found by their labels: nobody else's are ever touched.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use e2e::command::{DOCKER, output};
use e2e::failure::{Attempt as _, Failure, Outcome};
use e2e::repository::repository;
use e2e::wait::Wait;
use serde_json::Value;

/// The name of the project.
pub const PROJECT: &str = "fraudstream-chaos";

/// The project.
pub struct Docker {
    folder: PathBuf,
    files: Vec<&'static str>,
    variables: Vec<(&'static str, String)>,
}

/// One of its containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Docker's id.
    pub id: String,
    /// Its name, without the project's.
    pub name: String,
    /// Whether it runs.
    pub running: bool,
    /// Whether its own health check says so.
    pub healthy: bool,
}

impl Docker {
    /// The compose files of this repository, with what they want to know.
    pub fn new(files: &[&'static str], variables: Vec<(&'static str, String)>) -> Outcome<Self> {
        Ok(Self {
            folder: repository()?,
            files: files.to_vec(),
            variables,
        })
    }

    /// `docker compose` for this project.
    pub fn compose(&self, arguments: &[&str]) -> Outcome<String> {
        let mut command = Command::new("docker");
        command.args(["compose", "--project-name", PROJECT]);
        command.args(self.files.iter().flat_map(|file| ["--file", file]));
        self.run(command.args(arguments))
    }

    /// `docker`.
    pub fn docker(&self, arguments: &[&str]) -> Outcome<String> {
        self.run(Command::new("docker").args(arguments))
    }

    /// The containers of a service, in the order of their numbers.
    pub fn all(&self, service: &str) -> Outcome<Vec<Container>> {
        let of_project = format!("label=com.docker.compose.project={PROJECT}");
        let of_service = format!("label=com.docker.compose.service={service}");
        let lasting = "label=com.docker.compose.oneoff=False";
        let filters = [
            "--filter",
            &of_project,
            "--filter",
            &of_service,
            "--filter",
            lasting,
        ];
        let listed = self.docker(
            &[
                &["ps", "--all", "--no-trunc", "--format", "json"],
                &filters[..],
            ]
            .concat(),
        )?;
        let mut containers: Vec<Container> = listed.lines().filter_map(container).collect();
        containers.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(containers)
    }

    /// The first container of a service.
    pub fn first(&self, service: &str) -> Outcome<Container> {
        let first = self.all(service)?.into_iter().next();
        first.ok_or_else(|| Failure::new(format!("there is no container of {service}")))
    }

    /// Sends a signal to its process.
    pub fn signal(&self, container: &Container, signal: &str) -> Outcome {
        self.docker(&["kill", "--signal", signal, &container.id])
            .map(drop)
    }

    /// Freezes all of its processes. Docker gives up when one of them does not come out of the kernel soon enough, as a
    /// server that writes to its disk may not, and leaves all as they were.
    pub fn pause(&self, container: &Container) -> Outcome {
        Wait::seconds(20).until(format!("{} is frozen", container.name), || {
            match self.docker(&["pause", &container.id]) {
                Ok(_) => Ok(Some(())),
                Err(failure) if failure.to_string().contains("unable to freeze") => Ok(None),
                Err(failure) => Err(failure),
            }
        })
    }

    /// Thaws them.
    pub fn unpause(&self, container: &Container) -> Outcome {
        self.docker(&["unpause", &container.id]).map(drop)
    }

    /// Whether it is in this state now: running, paused, exited.
    pub fn is(&self, state: &str, container: &Container) -> Outcome<bool> {
        Ok(self.inspect(container, "{{.State.Status}}")? == state)
    }

    /// Starts a container that ended.
    pub fn start(&self, container: &Container) -> Outcome {
        self.docker(&["start", &container.id]).map(drop)
    }

    /// Makes so many containers of a service; those that are there stay as they are.
    pub fn scale(&self, service: &str, count: usize) -> Outcome {
        let scale = format!("{service}={count}");
        let up = [
            "up",
            "--detach",
            "--no-build",
            "--no-deps",
            "--no-recreate",
            "--scale",
        ];
        self.compose(&[&up[..], &[&scale, service]].concat())
            .map(drop)
    }

    /// Waits until so many containers of a service run and say that they are well.
    pub fn healthy(&self, service: &str, count: usize, limit_seconds: u64) -> Outcome {
        let what = format!("{count} of {service} are healthy");
        Wait::seconds(limit_seconds)
            .every(Duration::from_millis(250))
            .until(what, || {
                let all = self.all(service)?;
                let well = all.iter().filter(|it| it.running && it.healthy).count();
                Ok((well == count).then_some(()))
            })
    }

    /// What `docker inspect` tells by a template.
    pub fn inspect(&self, container: &Container, template: &str) -> Outcome<String> {
        let told = self.docker(&["inspect", "--format", template, &container.id])?;
        Ok(told.trim().to_owned())
    }

    /// Its address in the project's network, which e2e/chaos.yml gave it for ever: one that is dead has it, too.
    pub fn address(&self, container: &Container) -> Outcome<String> {
        let template =
            "{{range .NetworkSettings.Networks}}{{with .IPAMConfig}}{{.IPv4Address}}{{end}}{{end}}";
        match self.inspect(container, template)? {
            none if none.is_empty() => {
                let name = &container.name;
                Err(Failure::new(format!("{name} has no address of its own")))
            }
            address => Ok(address),
        }
    }

    /// How many lines of what a service has logged say this, in containers that are still there.
    pub fn said(&self, service: &str, words: &str) -> Outcome<usize> {
        let mut lines = 0;
        for container in self.all(service)? {
            let mut command = Command::new("docker");
            let logs = format!("docker logs {}", container.name);
            let output = output(command.args(["logs", &container.id]), DOCKER).attempt(&logs)?;
            // What a program writes to stderr comes back there, and so does Docker's own trouble.
            let logged = String::from_utf8_lossy(&output.stderr);
            if !output.status.success() {
                return Err(Failure::new(format!("{logs}: {}", logged.trim())));
            }
            lines += logged.lines().filter(|line| line.contains(words)).count();
        }
        Ok(lines)
    }

    fn run(&self, command: &mut Command) -> Outcome<String> {
        let arguments = command.get_args().map(|it| it.to_string_lossy());
        let words = format!("docker {}", arguments.collect::<Vec<_>>().join(" "));
        command.current_dir(&self.folder);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = output(command, DOCKER).attempt(&words)?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::new(format!("{words}: {}", why.trim())));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn container(line: &str) -> Option<Container> {
    let told: Value = serde_json::from_str(line).ok()?;
    let name = told["Names"].as_str()?;
    Some(Container {
        id: told["ID"].as_str()?.to_owned(),
        name: name
            .strip_prefix(PROJECT)
            .unwrap_or(name)
            .trim_start_matches('-')
            .to_owned(),
        running: told["State"] == "running",
        healthy: told["Status"].as_str()?.contains("(healthy)"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_read_off_what_docker_lists() {
        let line = r#"{"ID":"4711","Names":"fraudstream-chaos-kafka-1-1","State":"running","Status":"Up 2 minutes (healthy)"}"#;
        let expected = Container {
            id: "4711".to_owned(),
            name: "kafka-1-1".to_owned(),
            running: true,
            healthy: true,
        };
        assert_eq!(container(line), Some(expected));
        assert_eq!(container("no json"), None);
    }
}
