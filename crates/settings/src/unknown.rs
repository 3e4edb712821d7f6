//! Variables under our own prefixes that nobody declared.

use crate::distance::distance;
use crate::{Environment, Variable};

/// One warning for each unknown variable, with the declared name nearest to it. What Kubernetes
/// injects for a Service of the same name (`KAFKA_PORT=tcp://…`) is one warning in all, since it
/// has one remedy.
pub(crate) fn warnings(
    environment: &Environment,
    known: &[&[Variable]],
    prefixes: &[&str],
) -> Vec<String> {
    let declared = || known.iter().copied().flatten();
    let ours = |name: &str| {
        let name = name.to_ascii_uppercase();
        prefixes.iter().any(|prefix| name.starts_with(prefix))
    };
    let (links, unknown): (Vec<&str>, Vec<&str>) = environment
        .iter()
        .map(|(name, _)| name)
        .filter(|name| ours(name) && !declared().any(|variable| variable.covers(name)))
        .partition(|name| is_service_link(name));

    let mut warnings: Vec<String> = unknown
        .into_iter()
        .map(|name| unknown_variable(name, declared()))
        .collect();
    if let Some(first) = links.first() {
        let count = links.len();
        warnings.push(format!(
            "{count} variables like {first} are ignored: Kubernetes adds them for a service, and `enableServiceLinks: false` in \
             the pod's spec leaves them out"
        ));
    }
    warnings
}

fn unknown_variable<'v>(name: &str, declared: impl Iterator<Item = &'v Variable>) -> String {
    let nearest = declared
        .flat_map(|variable| {
            let file = variable.is_secret().then(|| variable.file_name());
            std::iter::once(variable.name.to_owned()).chain(file)
        })
        .min_by_key(|candidate| distance(&name.to_ascii_uppercase(), candidate));
    match nearest {
        Some(nearest) => {
            format!("unknown variable {name} is ignored, the nearest name is {nearest}")
        }
        None => format!("unknown variable {name} is ignored"),
    }
}

/// `X_SERVICE_HOST`, `X_SERVICE_PORT`, `X_SERVICE_PORT_HTTP`, `X_PORT`, `X_PORT_9092_TCP`,
/// `X_PORT_9092_TCP_ADDR`.
fn is_service_link(name: &str) -> bool {
    let numbered = |rest: &str| {
        let mut parts = rest.split('_');
        let port = parts
            .next()
            .is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        let protocol = matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"));
        port && protocol && matches!(parts.next(), None | Some("ADDR" | "PORT" | "PROTO"))
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_PORT")
        || name.contains("_SERVICE_PORT_")
        || name
            .match_indices("_PORT_")
            .any(|(at, word)| numbered(&name[at + word.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fallback;

    const KNOWN: &[&[Variable]] = &[&[
        Variable::new(
            "KAFKA_BOOTSTRAP_SERVERS",
            "host:port",
            Fallback::Value("localhost:9092"),
            "",
        ),
        Variable::new("KAFKA_GROUP_ID", "text", Fallback::Unset, ""),
        Variable::new("KAFKA_SASL_PASSWORD", "secret", Fallback::Unset, ""),
        Variable::new("KAFKA_PROPERTY_*", "text", Fallback::Unset, ""),
    ]];

    fn warned(names: &[&str]) -> Vec<String> {
        let environment: Environment = names.iter().map(|name| (*name, "x")).collect();
        warnings(&environment, KNOWN, &["KAFKA_"])
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_one() {
        fn check(name: &str, nearest: &str) {
            let expected =
                format!("unknown variable {name} is ignored, the nearest name is {nearest}");
            assert_eq!(warned(&[name]), [expected]);
        }
        check("KAFKA_BOOTSTRAP_SERVER", "KAFKA_BOOTSTRAP_SERVERS");
        check("KAFKA_GROUPID", "KAFKA_GROUP_ID");
        check("KAFKA_SASL_PASSWORD_FIEL", "KAFKA_SASL_PASSWORD_FILE");
        check("kafka_group_id", "KAFKA_GROUP_ID");
    }

    #[test]
    fn known_names_open_sets_and_strangers_are_silent() {
        let silent = [
            "KAFKA_GROUP_ID",
            "KAFKA_SASL_PASSWORD_FILE",
            "KAFKA_PROPERTY_LINGER_MS",
            "PATH",
            "KAFKAESQUE",
        ];
        assert_eq!(warned(&silent), Vec::<String>::new());
    }

    #[test]
    fn what_kubernetes_adds_for_a_service_is_one_warning() {
        let links = [
            "KAFKA_PORT",
            "KAFKA_PORT_9092_TCP",
            "KAFKA_PORT_9092_TCP_ADDR",
            "KAFKA_SERVICE_HOST",
            "KAFKA_SERVICE_PORT",
            "KAFKA_SERVICE_PORT_CLIENT",
        ];
        let warnings = warned(&links);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].starts_with("6 variables like KAFKA_PORT are ignored"),
            "{warnings:?}"
        );
    }
}
