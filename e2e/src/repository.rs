//! Where compose files and scripts are.

use std::path::PathBuf;

use crate::failure::{Attempt, Failure, Outcome};

/// The folder that holds `docker-compose.yml`: the current one, as the scripts of this repository see to it, or one
/// above. The folder that a program was built in may be another clone's when two share their builds.
///
/// # Errors
///
/// There is no such folder.
pub fn repository() -> Outcome<PathBuf> {
    let here = std::env::current_dir().attempt("tell the current folder")?;
    let found = here
        .ancestors()
        .find(|folder| folder.join("docker-compose.yml").is_file());
    found.map(PathBuf::from).ok_or_else(|| {
        let here = here.display();
        Failure::new(format!(
            "no docker-compose.yml in {here} or above it: start it inside of the repository"
        ))
    })
}
