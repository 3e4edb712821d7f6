//! `smoke`: does every panel of every dashboard show something, and does every alert look at something?
//!
//! It asks the Prometheus of a system that runs: all targets, then every query of every panel, every
//! variable, and every vector selector of every rule and panel, again and again until the time is over
//! in which a system that was just started has to be full of data. Its last line says what was counted.

// What a run says is its product.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod check;
mod clock;
mod dashboard;
mod exceptions;
mod plan;
mod prometheus;
mod report;
mod rules;
mod selector;
mod variables;

use std::process::ExitCode;

use clap::Parser as _;
use e2e::failure::Outcome;

use arguments::Arguments;
use clock::Deadline;
use dashboard::Dashboard;
use exceptions::Exceptions;
use plan::Plan;
use prometheus::Prometheus;
use report::Report;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(report) => {
            print!("{report}");
            match report.is_good() {
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            }
        }
        Err(failure) => {
            eprintln!("smoke: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<Report> {
    let deadline = Deadline::new(arguments.since, arguments.within);
    let prometheus = Prometheus::at(arguments.prometheus());
    let dashboards = Dashboard::all(&arguments.dashboards.join("grafana/dashboards"))?;
    let exceptions = Exceptions::read(&arguments.dashboards.join("rightly-empty.txt"))?;
    let expected = rules::names(&arguments.dashboards.join("prometheus/rules"))?;

    let mut report = Report::default();
    report.fail(deadline.wait(|| prometheus.missing_targets()));
    report.say(format_args!(
        "targets are up {} s after the start",
        deadline.elapsed_seconds()
    ));
    let rules = prometheus.rules()?;
    report.fail(rules::differences(&expected, &rules));
    let plan = Plan::make(&prometheus, &dashboards, &rules, &exceptions)?;
    report.fail(plan.unknown_exceptions(&exceptions));
    plan.carry_out(&prometheus, &deadline, &mut report);
    report.say(format_args!(
        "done {} s after the start",
        deadline.elapsed_seconds()
    ));
    Ok(report)
}
