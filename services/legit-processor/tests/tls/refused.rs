//! Who is refused, or has to refuse the server, ends at once with one sentence.

use std::time::{Duration, Instant};

use crate::processor::Processor;
use crate::servers::{EXPIRED_MYSQL, MYSQL, Servers, url};

/// Ends with exit code 1 in time, and says this in one line and nowhere else.
fn ends(variables: &[(&str, String)], secret: &str, sentence: &str) {
    let begin = Instant::now();
    let ended = Processor::start(variables, secret).end();
    let after = begin.elapsed();
    assert_eq!(ended.code, Some(1), "{:#?}", ended.log);
    assert!(after < Duration::from_secs(30), "{after:?}");
    assert_eq!(ended.output, "");
    let errors = ended.lines("\"level\":\"ERROR\"");
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].contains(sentence), "{errors:#?}");
}

/// Why a server at this address is not trusted.
fn untrusted(address: &str, mut variables: Vec<(&'static str, String)>, why: &str) {
    let address = url("fraudstream", address);
    variables.push(("DATABASE_URL", address.clone()));
    let sentence = format!("could not connect to {address}: the server's TLS is not trusted: ");
    ends(&variables, "-----BEGIN", &sentence);
    ends(&variables, "-----BEGIN", why);
}

#[test]
fn an_authority_that_did_not_sign_the_certificate_ends_it() {
    let servers = Servers::shared();
    let mut variables = servers.variables("other-authority");
    variables.push(("DATABASE_SSL_CA_FILE", servers.file("other-ca.pem")));
    untrusted(MYSQL, variables, "UnknownIssuer");
}

#[test]
fn a_certificate_out_of_date_ends_it() {
    let servers = Servers::shared();
    let variables = servers.variables("expired");
    untrusted(EXPIRED_MYSQL, variables, "certificate expired");
}

#[test]
fn a_certificate_for_another_host_ends_it() {
    let servers = Servers::sole();
    servers.show_certificate("elsewhere");
    untrusted(MYSQL, servers.variables("elsewhere"), "not valid for name");
}

#[test]
fn a_wrong_password_ends_it() {
    let servers = Servers::shared();
    let secret = format!("not-{}", servers.password());
    let mut variables = servers.variables("wrong-password");
    variables.push(("DATABASE_PASSWORD", secret.clone()));
    let address = url("fraudstream", MYSQL);
    let sentence = format!(
        "could not connect to {address}: the database refuses the user, the password or a right: "
    );
    ends(&variables, &secret, &sentence);
}

#[test]
fn a_user_whom_nobody_knows_ends() {
    let servers = Servers::shared();
    let mut variables = servers.variables("nobody");
    variables.push(("DATABASE_URL", url("nobody", MYSQL)));
    let sentence = "Access denied for user 'nobody'";
    ends(&variables, &servers.password(), sentence);
}
