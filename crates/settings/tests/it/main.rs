//! Settings as a room reads them, from a made-up environment and files in a temporary folder.

#![allow(
    clippy::expect_used,
    reason = "helpers of tests are tests: a panic is their answer"
)]

mod files;
mod reading;
mod table;

use serde::Deserialize;
use settings::{Fallback, Problems, Variable};

const URL: Variable = Variable::new("DATABASE_URL", "URL", Fallback::Required, "where rows go");
const PASSWORD: Variable = Variable::new(
    "DATABASE_PASSWORD",
    "secret",
    Fallback::Unset,
    "password of the user in the URL",
);
const BATCH: Variable = Variable::new(
    "DATABASE_BATCH_ROWS",
    "rows",
    Fallback::Value("1000"),
    "rows of one transaction",
);
const CA: Variable = Variable::new(
    "DATABASE_SSL_CA_FILE",
    "path",
    Fallback::Unset,
    "certificates to trust",
);
const VARIABLES: &[Variable] = &[URL, PASSWORD, BATCH, CA];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Room {
    url: Option<String>,
    password: Option<String>,
    password_file: Option<String>,
    batch_rows: Option<String>,
    ssl_ca_file: Option<String>,
}

fn lines(problems: &Problems) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}
