//! Of which revision the images are that are about to be tested, against the tree that the run is started from.

use std::collections::BTreeSet;
use std::process::Command;

use e2e::command::{DOCKER, output};
use e2e::failure::{Attempt as _, Failure, Outcome};
use e2e::journal::Journal;
use e2e::repository::repository;

use crate::docker::Docker;

/// What an image is made of. Tests are no part of it.
const PRODUCT: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "cli",
    "crates",
    "rust-toolchain.toml",
    "scripts/image-build",
    "services",
    ":(exclude,glob)**/tests/**",
];

/// The label that `make images` writes.
const REVISION: &str = "{{index .Config.Labels \"org.opencontainers.image.revision\"}}";

/// What images and tree have to do with one another.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kinship {
    /// The images are of what the tree is.
    Same(String),
    /// They are of something else, in a sentence.
    Stale(String),
}

/// Says which revision is tested. Images of another product than the tree's are refused if the run is to be evidence.
pub fn tell(docker: &Docker, journal: &Journal, is_evidence: bool) -> Outcome {
    let mut revisions = BTreeSet::new();
    for image in docker.compose(&["config", "--images"])?.lines() {
        if image.starts_with("fraudstream/") {
            let inspect = ["image", "inspect", "--format", REVISION, image];
            let found = docker.docker(&inspect);
            let revision = found.attempt("look for the images that `make images` builds")?;
            revisions.insert(revision.trim().to_owned());
        }
    }
    // A tree without git, as from an archive, has no revision.
    let head = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let head = head.trim();
    let mut differing = BTreeSet::new();
    for revision in &revisions {
        // A revision that this clone does not know differs in everything.
        let changed = changed(&["diff", "--name-only", revision, "HEAD"])
            .unwrap_or_else(|_| vec!["all of it".to_owned()]);
        differing.extend(changed);
    }
    let dirty = changed(&["diff", "--name-only", "HEAD"]).unwrap_or_default();
    match kinship(&revisions, head, &differing) {
        Kinship::Same(said) => journal.say(said),
        Kinship::Stale(said) if is_evidence => {
            return Err(Failure::new(format!("{said}; run `make images`")));
        }
        Kinship::Stale(said) => journal.say(format_args!("STALE IMAGES: {said}")),
    }
    if let Some(first) = dirty.first() {
        let count = dirty.len();
        journal.say(format_args!(
            "DIRTY TREE: {count} files of the product have changes that are in no commit, such as {first}; no label tells \
             whether the images have them"
        ));
    }
    Ok(())
}

fn kinship(revisions: &BTreeSet<String>, head: &str, differing: &BTreeSet<String>) -> Kinship {
    let tested: Vec<&str> = revisions.iter().map(String::as_str).collect();
    let tested = tested.join(" and ");
    match differing.first() {
        _ if head.is_empty() => Kinship::Stale(format!(
            "tested are images of {tested}, and the tree has no revision"
        )),
        _ if tested == head => Kinship::Same(format!("tested are images of {tested}, the tree's")),
        None => Kinship::Same(format!(
            "tested are images of {tested}, and up to the tree's {head} nothing of the product has changed"
        )),
        Some(first) => Kinship::Stale(format!(
            "tested are images of {tested}, not the tree's {head}: {} files of the product differ, such as {first}",
            differing.len()
        )),
    }
}

fn changed(question: &[&str]) -> Outcome<Vec<String>> {
    let told = git(&[question, &["--"], &PRODUCT].concat())?;
    Ok(told.lines().map(str::to_owned).collect())
}

fn git(arguments: &[&str]) -> Outcome<String> {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(repository()?);
    let output = output(&mut command, DOCKER).attempt("git")?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Failure::new(String::from_utf8_lossy(&output.stderr))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(revisions: &[&str], head: &str, differing: &[&str], is_same: bool) {
        let set = |of: &[&str]| of.iter().map(|it| (*it).to_owned()).collect();
        let kinship = kinship(&set(revisions), head, &set(differing));
        let same = matches!(kinship, Kinship::Same(_));
        assert_eq!(same, is_same, "{kinship:?}");
    }

    #[test]
    fn images_are_the_trees_if_nothing_of_the_product_differs() {
        check(&["abc"], "abc", &[], true);
        check(&["abc"], "def", &[], true);
        check(&["abc"], "def", &["crates/store/src/lib.rs"], false);
        check(&["abc", "def"], "def", &["Cargo.lock"], false);
        check(&["unknown"], "def", &["all of it"], false);
        check(&["abc"], "", &[], false);
    }
}
