//! A file of certificates that a variable names.

use std::path::{Path, PathBuf};

use crate::{FromText, file};

/// A PEM file that can be read and has a certificate in it. Whether that certificate is any good is for those to say who
/// check signatures with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFile(PathBuf);

impl CertificateFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromText for CertificateFile {
    const EXPECTED: &'static str =
        "the path of a file that can be read and has a certificate in PEM in it";

    fn from_text(text: &str) -> Option<Self> {
        let contents = file::bytes(text).ok()?;
        contents
            .split(|byte| *byte == b'\n')
            .any(begins_a_certificate)
            .then(|| Self(text.into()))
    }
}

/// OpenSSL writes `BEGIN TRUSTED CERTIFICATE` and `BEGIN X509 CERTIFICATE`, too.
fn begins_a_certificate(line: &[u8]) -> bool {
    line.starts_with(b"-----BEGIN ") && line.trim_ascii_end().ends_with(b"CERTIFICATE-----")
}
