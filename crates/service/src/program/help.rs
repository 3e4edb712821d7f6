//! `--help`.

use settings::table;

use super::Program;

/// What `--help` prints.
pub(super) fn text(program: &Program) -> String {
    let Program {
        name,
        version,
        about,
        ..
    } = program;
    let variables = table(&program.rooms());
    format!(
        "\
{name} {version}: {about}

Usage:
  {name}                       run, configured by the variables below
  {name} healthcheck [ready]   ask the running service whether it is ready; exit code 0 or 1
  {name} healthcheck live      ask it whether it is alive; exit code 0 or 1
  {name} --help                print this
  {name} --version             print the version

Variables:

{variables}
Exit codes: 0 ended or drained after SIGTERM or SIGINT, 64 bad configuration or argument, 1 failed
"
    )
}
