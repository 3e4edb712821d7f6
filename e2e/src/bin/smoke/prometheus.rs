//! Prometheus's API, as far as it is asked.

use e2e::failure::{Attempt as _, Failure, Outcome};
use e2e::http;
use serde_json::Value;

/// A Prometheus.
#[derive(Debug, Clone)]
pub struct Prometheus {
    address: String,
}

/// A rule that it has loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The alert's or the record's name.
    pub name: String,
    /// Its expression.
    pub query: String,
    /// What went wrong when it was evaluated last, or nothing.
    pub error: String,
}

impl Prometheus {
    /// The one that answers at `HOST:PORT`.
    pub fn at(address: String) -> Self {
        Self { address }
    }

    /// Whether a query has an answer, and not only such that are no number.
    pub fn has_data(&self, query: &str) -> Outcome<bool> {
        let data = self.get("/api/v1/query", &[("query", query)])?;
        has_numbers(&data).ok_or_else(|| Failure::new(format!("no such answer is known: {data}")))
    }

    /// Whether a label has values, in series that match.
    pub fn has_values(&self, label: &str, series: Option<&str>) -> Outcome<bool> {
        let parameters: Vec<_> = series.iter().map(|series| ("match[]", *series)).collect();
        let data = self.get(&format!("/api/v1/label/{label}/values"), &parameters)?;
        Ok(data.as_array().is_some_and(|values| !values.is_empty()))
    }

    /// The syntax tree of a query.
    pub fn parse(&self, query: &str) -> Outcome<Value> {
        self.get("/api/v1/parse_query", &[("query", query)])
            .attempt(format_args!("parse {query}"))
    }

    /// Every rule that is loaded.
    pub fn rules(&self) -> Outcome<Vec<Rule>> {
        let data = self.get("/api/v1/rules", &[])?;
        let groups = data["groups"].as_array().into_iter().flatten();
        let rules = groups.filter_map(|group| group["rules"].as_array());
        Ok(rules.flatten().map(rule).collect())
    }

    /// What is not up, in sentences: each job needs a target, and each target has to answer.
    pub fn missing_targets(&self) -> Vec<String> {
        let pools = self.get("/api/v1/scrape_pools", &[]);
        let targets = self.get("/api/v1/targets", &[("state", "active")]);
        match (pools, targets) {
            (Ok(pools), Ok(targets)) => missing(&pools, &targets),
            (Err(failure), _) | (_, Err(failure)) => vec![failure.to_string()],
        }
    }

    fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Outcome<Value> {
        // Whatever the status: Prometheus says in the body what is wrong.
        let body = http::get(self.address.as_str(), &http::target(path, parameters))?.body;
        let mut answer: Value = serde_json::from_str(&body)
            .attempt(format_args!("read what {path} answered: {body}"))?;
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"].take()),
            _ => Err(Failure::new(text(&answer["error"]))),
        }
    }
}

fn rule(rule: &Value) -> Rule {
    Rule {
        name: text(&rule["name"]),
        query: text(&rule["query"]),
        error: text(&rule["lastError"]),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Whether there is a number in an answer to a query: a vector's, or a scalar.
fn has_numbers(data: &Value) -> Option<bool> {
    let is_number = |sample: &Value| sample[1].as_str().is_some_and(|value| value != "NaN");
    let result = &data["result"];
    match data["resultType"].as_str()? {
        "vector" => {
            let series = result.as_array()?;
            Some(series.iter().any(|series| is_number(&series["value"])))
        }
        "scalar" => Some(is_number(result)),
        _ => None,
    }
}

fn missing(pools: &Value, targets: &Value) -> Vec<String> {
    let pools = pools["scrapePools"].as_array().into_iter().flatten();
    let targets: Vec<&Value> = targets["activeTargets"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let mut missing = Vec::new();
    for pool in pools {
        if !targets.iter().any(|target| target["scrapePool"] == *pool) {
            missing.push(format!("no target of the job {} is known", text(pool)));
        }
    }
    for target in targets {
        if target["health"] != "up" {
            let (url, why) = (text(&target["scrapeUrl"]), text(&target["lastError"]));
            missing.push(format!("the target {url} is not up: {why}"));
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_of_no_number_is_empty() {
        let vector = |values: &[&str]| {
            let series: Vec<_> = values
                .iter()
                .map(|value| json!({"metric": {}, "value": [1, value]}))
                .collect();
            has_numbers(&json!({"resultType": "vector", "result": series}))
        };
        assert_eq!(vector(&[]), Some(false));
        assert_eq!(vector(&["NaN", "NaN"]), Some(false));
        assert_eq!(vector(&["NaN", "0"]), Some(true));
        let scalar = json!({"resultType": "scalar", "result": [1, "3"]});
        assert_eq!(has_numbers(&scalar), Some(true));
        let matrix = json!({"resultType": "matrix", "result": []});
        assert_eq!(has_numbers(&matrix), None);
    }

    #[test]
    fn a_job_needs_a_target_and_a_target_has_to_answer() {
        let pools = json!({"scrapePools": ["books", "fraud-detector"]});
        let targets = json!({"activeTargets": [
            {"scrapePool": "books", "health": "up", "scrapeUrl": "http://a/metrics", "lastError": ""},
            {"scrapePool": "books", "health": "down", "scrapeUrl": "http://b/metrics", "lastError": "refused"},
        ]});
        assert_eq!(
            missing(&pools, &targets),
            [
                "no target of the job fraud-detector is known",
                "the target http://b/metrics is not up: refused"
            ]
        );
    }
}
