//! Who has the right password and knows the authority gets in.

use crate::processor::Processor;
use crate::servers::Servers;

#[test]
fn tls_with_an_authority_of_our_own_is_trusted() {
    let servers = Servers::shared();
    let processor = Processor::start(&servers.variables("admitted"), &servers.password());
    processor.is_ready();
    processor.stop();
}

#[test]
fn the_password_may_come_from_a_file() {
    let servers = Servers::shared();
    let mut variables = servers.variables("file");
    variables.retain(|(name, _)| *name != "DATABASE_PASSWORD");
    variables.push(("DATABASE_PASSWORD_FILE", servers.file("password")));
    let processor = Processor::start(&variables, &servers.password());
    processor.is_ready();
    processor.stop();
}

/// What `--help` says of it: encrypted, since this server takes nobody in the clear, and not checked.
#[test]
fn without_a_ca_file_tls_is_used_all_the_same() {
    let servers = Servers::shared();
    let mut variables = servers.variables("unchecked");
    variables.retain(|(name, _)| *name != "DATABASE_SSL_CA_FILE");
    let processor = Processor::start(&variables, &servers.password());
    processor.is_ready();
    processor.stop();
}
