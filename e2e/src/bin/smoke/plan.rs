//! All questions, and how they are asked until each has its answer.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Answer, Check, Kind, Question};
use crate::clock::Deadline;
use crate::dashboard::Dashboard;
use crate::exceptions::Exceptions;
use crate::prometheus::{Prometheus, Rule};
use crate::report::Report;
use crate::selector::{Selector, selectors};
use e2e::failure::Outcome;

/// Everything that has to have an answer.
#[derive(Debug, Default)]
pub struct Plan {
    checks: Vec<Check>,
    panels: Vec<String>,
    /// Each selector, with the first place where it stands.
    selectors: BTreeMap<Selector, String>,
}

impl Plan {
    /// Everything that dashboards and rules ask. Prometheus itself takes the queries apart, so a query that
    /// it cannot read ends the run.
    pub fn make(
        prometheus: &Prometheus,
        dashboards: &[Dashboard],
        rules: &[Rule],
        exceptions: &Exceptions,
    ) -> Outcome<Self> {
        let mut plan = Self::default();
        for dashboard in dashboards {
            plan.add_dashboard(prometheus, dashboard, exceptions)?;
        }
        for rule in rules {
            let found = selectors(&prometheus.parse(&rule.query)?);
            plan.add_selectors(&format!("rule {}", rule.name), found);
        }
        for (selector, place) in &plan.selectors {
            plan.checks.push(Check {
                kind: Kind::Selector,
                place: format!("selector of {place}"),
                question: Question::Query(selector.to_string()),
                may_be_empty: exceptions.metrics.contains(&selector.metric),
            });
        }
        Ok(plan)
    }

    fn add_dashboard(
        &mut self,
        prometheus: &Prometheus,
        dashboard: &Dashboard,
        exceptions: &Exceptions,
    ) -> Outcome {
        let name = &dashboard.name;
        for variable in dashboard.variables.iter() {
            let series = variable.series.as_deref();
            let series = series.map(|series| dashboard.variables.put_into(series));
            self.checks.push(Check {
                kind: Kind::Variable,
                place: format!("{name} / variable {}", variable.name),
                question: Question::Values {
                    label: variable.label.clone(),
                    series: series.transpose()?,
                },
                may_be_empty: false,
            });
        }
        for panel in &dashboard.panels {
            let place = format!("{name} / {}", panel.title);
            let may_be_empty = exceptions.panels.contains(&place);
            for query in &panel.queries {
                let query = dashboard.variables.put_into(query)?;
                // What `or` has on its other side would hide a name that nobody has.
                if !may_be_empty {
                    let found = selectors(&prometheus.parse(&query)?);
                    self.add_selectors(&place, found);
                }
                self.checks.push(Check {
                    kind: Kind::Panel(self.panels.len()),
                    place: place.clone(),
                    question: Question::Query(query),
                    may_be_empty,
                });
            }
            self.panels.push(place);
        }
        Ok(())
    }

    fn add_selectors(&mut self, place: &str, found: BTreeSet<Selector>) {
        for selector in found {
            let known = self.selectors.entry(selector);
            known.or_insert_with(|| place.to_owned());
        }
    }

    /// Exceptions from nothing, in sentences.
    pub fn unknown_exceptions(&self, exceptions: &Exceptions) -> Vec<String> {
        let panels = exceptions.panels.iter();
        let panels = panels.filter(|panel| !self.panels.contains(panel));
        let has = |metric: &String| self.selectors.keys().any(|known| known.metric == *metric);
        let metrics = exceptions.metrics.iter().filter(|metric| !has(metric));
        panels
            .map(|panel| format!("rightly-empty.txt names a panel that is not there: {panel}"))
            .chain(metrics.map(|metric| {
                format!("rightly-empty.txt names a metric that nobody asks for: {metric}")
            }))
            .collect()
    }

    /// Asks all, and again what had no answer, until nothing is left that has to have one.
    pub fn carry_out(&self, prometheus: &Prometheus, deadline: &Deadline, report: &mut Report) {
        let mut answers = vec![Answer::Nothing; self.checks.len()];
        let wrong = deadline.wait(|| {
            let mut wrong = Vec::new();
            for (check, answer) in self.checks.iter().zip(&mut answers) {
                if *answer != Answer::Data {
                    *answer = check.question.ask(prometheus);
                }
                wrong.extend(complaint(check, answer));
            }
            wrong
        });
        report.fail(wrong);
        self.count(&answers, report);
    }

    fn count(&self, answers: &[Answer], report: &mut Report) {
        let mut full = vec![true; self.panels.len()];
        let mut excused = vec![false; self.panels.len()];
        for (check, answer) in self.checks.iter().zip(answers) {
            match check.kind {
                Kind::Panel(panel) => {
                    full[panel] &= *answer == Answer::Data;
                    excused[panel] |= check.may_be_empty && *answer == Answer::Nothing;
                }
                Kind::Variable => report.variables += 1,
                Kind::Selector => {
                    report.selectors += 1;
                    report.selectors_empty += usize::from(*answer == Answer::Nothing);
                }
            }
        }
        report.panels = full.len();
        report.with_data = full.iter().filter(|full| **full).count();
        report.rightly_empty = excused.iter().filter(|excused| **excused).count();
    }
}

/// What is wrong with an answer.
fn complaint(check: &Check, answer: &Answer) -> Option<String> {
    let (place, asked) = (&check.place, check.question.text());
    match answer {
        Answer::Data => None,
        Answer::Nothing if check.may_be_empty => None,
        Answer::Nothing => Some(format!("{place}: no data for {asked}")),
        Answer::Error(error) => Some(format!("{place}: {error} for {asked}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(may_be_empty: bool, answer: &Answer) -> Option<String> {
        let check = Check {
            kind: Kind::Panel(0),
            place: "fraud / One".to_owned(),
            question: Question::Query("up".to_owned()),
            may_be_empty,
        };
        complaint(&check, answer)
    }

    #[test]
    fn an_exception_covers_nothing_and_no_error() {
        assert_eq!(check(false, &Answer::Data), None);
        assert_eq!(check(true, &Answer::Nothing), None);
        let nothing = check(false, &Answer::Nothing);
        assert_eq!(nothing.as_deref(), Some("fraud / One: no data for up"));
        assert!(check(true, &Answer::Error("bad".to_owned())).is_some());
    }

    #[test]
    fn a_panel_has_data_only_if_all_of_its_queries_have() {
        let query = |panel, may_be_empty| Check {
            kind: Kind::Panel(panel),
            place: String::new(),
            question: Question::Query(String::new()),
            may_be_empty,
        };
        let plan = Plan {
            checks: vec![
                query(0, false),
                query(0, false),
                query(1, false),
                query(2, true),
            ],
            panels: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
            selectors: BTreeMap::new(),
        };
        let mut report = Report::default();
        let answers = [Answer::Data, Answer::Nothing, Answer::Data, Answer::Nothing];
        plan.count(&answers, &mut report);
        assert_eq!(
            (report.panels, report.with_data, report.rightly_empty),
            (3, 1, 1)
        );
    }

    #[test]
    fn an_exception_from_nothing_is_told() {
        let exceptions = Exceptions {
            panels: vec!["fraud / Gone".to_owned()],
            metrics: vec!["gone".to_owned()],
        };
        assert_eq!(Plan::default().unknown_exceptions(&exceptions).len(), 2);
    }
}
