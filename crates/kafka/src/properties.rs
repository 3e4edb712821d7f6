//! librdkafka properties that an operator may add, and the ones that he may not.

use std::collections::BTreeMap;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use settings::{Reading, Variable};

/// Properties on which a guarantee rests, each with what would break.
const GUARDED: &[(&str, &str)] = &[
    (
        "delivery.report.only.error",
        "delivered payments would never be counted",
    ),
    (
        "enable.idempotence",
        "a retried record could be written twice",
    ),
    (
        "acks",
        "an acknowledged record could be lost with one broker",
    ),
    (
        "request.required.acks",
        "an acknowledged record could be lost with one broker",
    ),
    (
        "isolation.level",
        "records of aborted transactions would be read",
    ),
    (
        "enable.auto.commit",
        "a position could be committed before its records are safe",
    ),
    (
        "enable.auto.offset.store",
        "a position could be committed before its records are safe",
    ),
    (
        "auto.offset.reset",
        "records could be skipped without a word",
    ),
    (
        "transactional.id",
        "it fences zombies and is made from the group, the instance and the worker",
    ),
    (
        "partitioner",
        "payments of one account could end on several partitions, out of their order",
    ),
    (
        "group.protocol",
        "the consumers' settings are those of the classic protocol",
    ),
    ("group.id", "KAFKA_GROUP_ID sets it"),
    ("bootstrap.servers", "KAFKA_BOOTSTRAP_SERVERS sets it"),
    ("metadata.broker.list", "KAFKA_BOOTSTRAP_SERVERS sets it"),
    ("security.protocol", "KAFKA_SECURITY_PROTOCOL sets it"),
    ("sasl.mechanism", "KAFKA_SASL_MECHANISM sets it"),
    ("sasl.mechanisms", "KAFKA_SASL_MECHANISM sets it"),
    ("sasl.username", "KAFKA_SASL_USERNAME sets it"),
    ("sasl.password", "KAFKA_SASL_PASSWORD sets it"),
    ("ssl.ca.location", "KAFKA_SSL_CA_FILE sets it"),
];

/// Reads the open set: `KAFKA_PROPERTY_SOCKET_TIMEOUT_MS` becomes `socket.timeout.ms`. `None` when a guarded one was set.
pub fn read(reading: &mut Reading<'_>, variable: &Variable) -> Option<BTreeMap<String, String>> {
    let mut properties = BTreeMap::new();
    let mut refused = false;
    for (rest, value) in reading.open_set(variable) {
        let property = rest.to_ascii_lowercase().replace('_', ".");
        match GUARDED.iter().find(|(guarded, _)| *guarded == property) {
            Some((_, why)) => {
                refused = true;
                let name = format!("{}{rest}", variable.open_prefix().unwrap_or_default());
                reading.refuse_named(&name, &value, format!("not to be set: {why}"));
            }
            None => match accepted(&property, &value) {
                Ok(()) => {
                    properties.insert(property, value);
                }
                Err(why) => {
                    refused = true;
                    let name = format!("{}{rest}", variable.open_prefix().unwrap_or_default());
                    reading.refuse_named(
                        &name,
                        &value,
                        format!("a valid librdkafka property: {why}"),
                    );
                }
            },
        }
    }
    (!refused).then_some(properties)
}

/// Lets librdkafka look at a property. When a client is made it would be too late: its error shows the value, which may be a secret.
fn accepted(property: &str, value: &str) -> Result<(), String> {
    let mut config = ClientConfig::new();
    config.set(property, value);
    match config.create_native_config() {
        Ok(_) => Ok(()),
        Err(KafkaError::ClientConfig(_, why, _, _)) => Err(why),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use settings::{Environment, Fallback};

    use super::*;

    const SET: Variable =
        Variable::new("KAFKA_PROPERTY_*", "text", Fallback::Unset, "any property");

    fn read_all(variables: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
        let environment = Environment::from_iter(variables.iter().copied());
        let mut reading = Reading::new(&environment);
        let properties = read(&mut reading, &SET);
        reading
            .finish(properties, &[&[SET]], &[])
            .map(|(properties, _)| properties)
            .map_err(|problems| problems.to_string())
    }

    #[test]
    fn underscores_become_dots() {
        let properties = read_all(&[("KAFKA_PROPERTY_SOCKET_TIMEOUT_MS", "5000")]).unwrap();
        assert_eq!(properties["socket.timeout.ms"], "5000");
    }

    #[test]
    fn every_guarantee_is_guarded() {
        for (property, why) in GUARDED {
            let name = format!(
                "KAFKA_PROPERTY_{}",
                property.to_uppercase().replace('.', "_")
            );
            let problems = read_all(&[(&name, "x")]).unwrap_err();
            assert!(
                problems.contains(&name) && problems.contains(why),
                "{problems}"
            );
        }
    }

    #[test]
    fn what_librdkafka_does_not_take_is_refused_with_its_reason_and_without_the_secret() {
        let problems = read_all(&[
            ("KAFKA_PROPERTY_NO_SUCH_THING", "1"),
            ("KAFKA_PROPERTY_SOCKET_TIMEOUT_MS", "soon"),
            ("KAFKA_PROPERTY_SASL_OAUTHBEARER_CLIENT_SECRETS", "hunter2"),
        ])
        .unwrap_err();
        for part in [
            "KAFKA_PROPERTY_NO_SUCH_THING=\"1\"",
            "KAFKA_PROPERTY_SOCKET_TIMEOUT_MS=\"soon\"",
            "KAFKA_PROPERTY_SASL_OAUTHBEARER_CLIENT_SECRETS",
        ] {
            assert!(problems.contains(part), "{part} in {problems}");
        }
        assert!(!problems.contains("hunter2"), "{problems}");
    }
}
