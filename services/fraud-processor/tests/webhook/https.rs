//! Receivers that prove who they are.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use crate::bench::{Bench, body, until};
use crate::receiver::{Receiver, status};

/// A receiver whose certificate names this host, and the file of the authority that signed it.
async fn receiver(folder: &TempDir, host: &str) -> (Receiver, PathBuf) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, authority.pem()).unwrap();

    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![host.to_owned()])
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let address = "127.0.0.1:0".parse().unwrap();
    let receiver = Receiver::at(address, Some(acceptor), |_, _| status(200)).await;
    (receiver, path)
}

#[tokio::test]
async fn a_receiver_is_believed_whose_authority_is_named() {
    let (bench, folder) = (Bench::new().await, TempDir::new().unwrap());
    let (receiver, authority) = receiver(&folder, "localhost").await;
    bench.raise(3).await;
    let url = format!("https://localhost:{}/hook", receiver.address.port());
    let _running = bench.dispatch(&[
        ("ALERT_WEBHOOK_URL", &url),
        ("ALERT_WEBHOOK_CA_FILE", authority.to_str().unwrap()),
    ]);
    bench.wait_for("delivered", 3).await;
    let bodies: std::collections::BTreeSet<String> =
        receiver.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, (0..3).map(body).collect());
}

/// Nothing is posted, and everything waits, with this reason.
async fn distrusted(url: &str, variables: &[(&str, &str)], receiver: &Receiver, why: &str) {
    let bench = Bench::new().await;
    bench.raise(1).await;
    let mut all = vec![("ALERT_WEBHOOK_URL", url)];
    all.extend(variables);
    let mut running = bench.dispatch(&all);
    until("it was tried twice", async || {
        running.alerts("retried") >= 2.0
    })
    .await;
    running.end().await;
    let error = bench.error("pending").await.unwrap();
    assert!(error.contains(why), "{error}");
    assert_eq!(receiver.seen().len(), 0);
}

#[tokio::test]
async fn a_receiver_is_not_believed_without_its_authority() {
    let folder = TempDir::new().unwrap();
    let (receiver, _) = receiver(&folder, "localhost").await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    distrusted(&url, &[], &receiver, "UnknownIssuer").await;
}

#[tokio::test]
async fn a_receiver_is_not_believed_under_another_name() {
    let folder = TempDir::new().unwrap();
    let (receiver, authority) = receiver(&folder, "hooks.example").await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    let authority = [("ALERT_WEBHOOK_CA_FILE", authority.to_str().unwrap())];
    distrusted(&url, &authority, &receiver, "not valid for name").await;
}
