use settings::Environment;

use super::*;

/// The only certificate that a test of names needs: nobody looks into it here.
const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

fn read(variables: &[(&str, &str)]) -> Result<Security, String> {
    let environment = Environment::from_iter(variables.iter().copied());
    let mut reading = Reading::new(&environment);
    let security = Security::read(&mut reading);
    reading
        .finish(security, &[&Security::VARIABLES], &["KAFKA_"])
        .map(|(security, _)| security)
        .map_err(|problems| problems.to_string())
}

/// Every one of `parts` stands in the message.
fn refused(variables: &[(&str, &str)], parts: &[&str]) {
    let problems = read(variables).unwrap_err();
    for part in parts {
        assert!(problems.contains(part), "{part} in {problems}");
    }
}

fn file(contents: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), contents).unwrap();
    file
}

#[test]
fn without_variables_nothing_is_secured() {
    assert!(matches!(read(&[]), Ok(Security::Plaintext)));
}

#[test]
fn sasl_without_user_and_password_names_both() {
    refused(
        &[
            ("KAFKA_SECURITY_PROTOCOL", "sasl_plaintext"),
            ("KAFKA_SASL_MECHANISM", "PLAIN"),
        ],
        &["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"],
    );
}

#[test]
fn the_password_is_in_no_debug_output() {
    let security = read(&[
        ("KAFKA_SECURITY_PROTOCOL", "SASL_PLAINTEXT"),
        ("KAFKA_SASL_MECHANISM", "plain"),
        ("KAFKA_SASL_USERNAME", "fraud"),
        ("KAFKA_SASL_PASSWORD", "hunter2"),
    ])
    .unwrap();
    assert!(matches!(security, Security::Sasl(_)));
    assert!(!format!("{security:?}").contains("hunter2"));
}

#[test]
fn what_the_protocol_would_leave_out_is_refused_and_the_password_is_not_shown() {
    let authorities = file(PEM);
    let variables = [
        ("KAFKA_SASL_USERNAME", "fraud"),
        ("KAFKA_SASL_PASSWORD", "hunter2"),
        ("KAFKA_SSL_CA_FILE", authorities.path().to_str().unwrap()),
    ];
    let problems = read(&variables).unwrap_err();
    for part in [
        "KAFKA_SASL_USERNAME=\"fraud\"",
        "KAFKA_SASL_PASSWORD",
        "KAFKA_SSL_CA_FILE",
        "KAFKA_SECURITY_PROTOCOL=plaintext does not encrypt",
    ] {
        assert!(problems.contains(part), "{part} in {problems}");
    }
    assert!(!problems.contains("hunter2"));
}

#[test]
fn a_file_without_a_certificate_is_no_authority() {
    let empty = file("");
    let key = file("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n");
    for path in [
        empty.path(),
        key.path(),
        "/nowhere/ca.pem".as_ref(),
        "/".as_ref(),
    ] {
        refused(
            &[("KAFKA_SSL_CA_FILE", path.to_str().unwrap())],
            &["KAFKA_SSL_CA_FILE", "certificate"],
        );
    }
}

#[test]
fn a_certificate_may_follow_comments_and_have_the_line_ends_of_another_system() {
    let bundle = file(&format!("# our authority\r\n{}", PEM.replace('\n', "\r\n")));
    let path = bundle.path().to_str().unwrap();
    assert!(CertificateFile::from_text(path).is_some());
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_build_without_tls_says_so() {
    let scram = [
        ("KAFKA_SECURITY_PROTOCOL", "sasl_plaintext"),
        ("KAFKA_SASL_USERNAME", "fraud"),
        ("KAFKA_SASL_PASSWORD", "hunter2"),
    ];
    refused(
        &[("KAFKA_SECURITY_PROTOCOL", "ssl")],
        &["built without TLS"],
    );
    refused(&scram, &["built without TLS"]);
}
