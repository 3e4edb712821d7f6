//! The vector selectors of a query, from its syntax tree.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// Which series are meant: a name and labels, without range, offset and `@`. Whether there is such a series
/// now is what can be asked of a system that was just started.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector {
    /// The metric's name; empty if it goes by labels alone.
    pub metric: String,
    matchers: String,
}

/// All of a tree as `/api/v1/parse_query` answers it.
pub fn selectors(tree: &Value) -> BTreeSet<Selector> {
    let mut found = BTreeSet::new();
    walk(tree, &mut found);
    found
}

fn walk(node: &Value, found: &mut BTreeSet<Selector>) {
    match node {
        Value::Object(fields) => {
            if let Some("vectorSelector" | "matrixSelector") = node["type"].as_str() {
                found.insert(Selector::of(node));
            }
            fields.values().for_each(|field| walk(field, found));
        }
        Value::Array(nodes) => nodes.iter().for_each(|node| walk(node, found)),
        _ => {}
    }
}

impl Selector {
    fn of(node: &Value) -> Self {
        let matchers = node["matchers"].as_array().into_iter().flatten();
        let matchers: Vec<String> = matchers.map(matcher).collect();
        Self {
            metric: node["name"].as_str().unwrap_or_default().to_owned(),
            matchers: matchers.join(","),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.matchers)
    }
}

/// JSON escapes what PromQL's strings escape.
fn matcher(matcher: &Value) -> String {
    let [name, kind] = ["name", "type"].map(|field| matcher[field].as_str().unwrap_or_default());
    format!("{name}{kind}{}", matcher["value"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_are_found_wherever_they_stand() {
        // rate(a{b=~"c\"d"}[5m] offset 1h) / on () sum(up) + up
        let up = json!({"type": "vectorSelector", "name": "up", "matchers": [
            {"name": "__name__", "type": "=", "value": "up"},
        ]});
        let tree = json!({
            "type": "binaryExpr",
            "lhs": {"type": "binaryExpr",
                "lhs": {"type": "call", "args": [
                    {"type": "matrixSelector", "name": "a", "range": 300_000, "offset": 3_600_000, "matchers": [
                        {"name": "b", "type": "=~", "value": "c\"d"},
                        {"name": "__name__", "type": "=", "value": "a"},
                    ]},
                ]},
                "rhs": {"type": "aggregation", "expr": up}},
            "rhs": up,
        });
        let found: Vec<String> = selectors(&tree).iter().map(Selector::to_string).collect();
        assert_eq!(found, [r#"{b=~"c\"d",__name__="a"}"#, r#"{__name__="up"}"#]);
    }
}
