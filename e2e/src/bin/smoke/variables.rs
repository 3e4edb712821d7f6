//! Grafana's variables: what they ask Prometheus, and what stands in their place when all is chosen.

use serde_json::Value;

use e2e::failure::{Failure, Outcome};

/// What Grafana puts in at the dashboards' own range of a quarter of an hour, with a scrape every 5 s:
/// the least that a rate looks back is four scrapes.
const OF_GRAFANA: &[(&str, &str)] = &[
    ("__rate_interval", "20s"),
    ("__interval", "5s"),
    ("__range", "15m"),
];

/// The variables of a dashboard.
#[derive(Debug, Default)]
pub struct Variables(Vec<Variable>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name, without the dollar.
    pub name: String,
    /// What is put in when all is chosen.
    all: String,
    /// Whose values it offers.
    pub label: String,
    /// Of which series; of all there are without.
    pub series: Option<String>,
}

impl Variables {
    /// Those of the list in a dashboard's JSON.
    pub fn of(list: &Value) -> Outcome<Self> {
        let list = list.as_array().into_iter().flatten();
        list.map(Variable::of).collect::<Outcome<_>>().map(Self)
    }

    /// In their order.
    pub fn iter(&self) -> impl Iterator<Item = &Variable> {
        self.0.iter()
    }

    /// A query as Grafana would send it when all is chosen. A variable that nobody knows is a fault.
    pub fn put_into(&self, query: &str) -> Outcome<String> {
        let mut parts = query.split('$');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = name_and_rest(part);
            text.push_str(self.value(name).ok_or_else(|| {
                Failure::new(format!("nobody knows the variable ${name} of {query}"))
            })?);
            text.push_str(rest);
        }
        Ok(text)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let mut own = self.0.iter();
        let own = own.find(|variable| variable.name == name);
        own.map(|variable| variable.all.as_str()).or_else(|| {
            let mut known = OF_GRAFANA.iter();
            known
                .find(|(known, _)| *known == name)
                .map(|(_, value)| *value)
        })
    }
}

impl Variable {
    fn of(json: &Value) -> Outcome<Self> {
        let name = json["name"].as_str().unwrap_or_default();
        let fault = |what: &str| Failure::new(format!("the variable {name:?} {what}"));
        let all = json["allValue"].as_str().filter(|all| !all.is_empty());
        let asked = json["query"]["query"]
            .as_str()
            .ok_or_else(|| fault("asks nothing"))?;
        let (label, series) = label_values(asked)
            .ok_or_else(|| fault(&format!("asks something else than label_values: {asked}")))?;
        Ok(Self {
            name: name.to_owned(),
            all: all.ok_or_else(|| fault("has no allValue"))?.to_owned(),
            label: label.to_owned(),
            series: series.map(str::to_owned),
        })
    }
}

/// `label_values(SERIES, LABEL)` or `label_values(LABEL)`: the label, and the series.
fn label_values(asked: &str) -> Option<(&str, Option<&str>)> {
    let inside = asked
        .trim()
        .strip_prefix("label_values(")?
        .strip_suffix(')')?;
    let (series, label) = match inside.rsplit_once(',') {
        Some((series, label)) => (Some(series.trim()), label.trim()),
        None => (None, inside.trim()),
    };
    let is_name = |text: &str| !text.is_empty() && text.chars().all(is_of_name);
    is_name(label).then_some((label, series))
}

/// The name at the start of what follows a dollar, in braces or not, and what follows the name. Formats
/// such as `${job:regex}` make no difference when all is chosen.
fn name_and_rest(part: &str) -> (&str, &str) {
    if let Some((inside, rest)) = part.strip_prefix('{').and_then(|part| part.split_once('}')) {
        let name = inside.split_once(':').map_or(inside, |(name, _)| name);
        return (name, rest);
    }
    let end = part.find(|letter| !is_of_name(letter));
    part.split_at(end.unwrap_or(part.len()))
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        Variables::of(&json!([
            {"name": "job", "allValue": ".*", "query": {"query": "label_values(up{a=~\"$b\", c=\"d\"}, job)"}},
            {"name": "job_name", "allValue": ".+", "query": {"query": "label_values(job_name)"}},
        ]))
        .unwrap()
    }

    #[track_caller]
    fn check(query: &str, expected: &str) {
        assert_eq!(variables().put_into(query).unwrap(), expected);
    }

    #[test]
    fn variables_give_way_to_all_of_their_values() {
        check("up", "up");
        check(r#"up{job=~"$job"}"#, r#"up{job=~".*"}"#);
        check(r#"up{job=~"$job_name"}"#, r#"up{job=~".+"}"#);
        check(r#"up{job=~"${job:regex}x"}"#, r#"up{job=~".*x"}"#);
        check("rate(a[$__rate_interval])", "rate(a[20s])");
        check("rate(a[$__range]) $__interval", "rate(a[15m]) 5s");
    }

    #[test]
    fn a_variable_that_nobody_knows_is_a_fault() {
        assert!(variables().put_into(r#"up{job=~"$jobs"}"#).is_err());
        assert!(variables().put_into("up $").is_err());
    }

    #[test]
    fn a_variable_asks_for_the_values_of_a_label() {
        assert_eq!(
            label_values(r#"label_values(up{a="b", c="d"}, job)"#),
            Some(("job", Some(r#"up{a="b", c="d"}"#)))
        );
        assert_eq!(label_values("label_values(job)"), Some(("job", None)));
        assert_eq!(label_values("query_result(up)"), None);
        assert_eq!(label_values("label_values(up{a=\"b\"}, )"), None);
    }

    #[test]
    fn a_variable_without_a_value_for_all_is_a_fault() {
        let list = json!([{"name": "job", "query": {"query": "label_values(job)"}}]);
        assert!(Variables::of(&list).is_err());
    }
}
