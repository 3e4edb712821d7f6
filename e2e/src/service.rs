//! The programs under test.

use std::fmt;

/// A service, in the order data flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Makes payments.
    Producer,
    /// Judges them.
    Detector,
    /// Stores fraud.
    Fraud,
    /// Stores the rest.
    Legit,
}

impl Service {
    /// All of them, in the order data flows.
    pub const ALL: [Self; 4] = [Self::Producer, Self::Detector, Self::Fraud, Self::Legit];

    /// Those that consume, and have a lag.
    pub const CONSUMERS: [Self; 3] = [Self::Detector, Self::Fraud, Self::Legit];

    /// The name of its program, which lies beside our own.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Producer => "payment-producer",
            Self::Detector => "fraud-detector",
            Self::Fraud => "fraud-processor",
            Self::Legit => "legit-processor",
        }
    }

    /// The part of all payments that reaches it; the loaders and payment-producer make one in five by BITCOIN.
    pub const fn share(self) -> f64 {
        match self {
            Self::Producer | Self::Detector => 1.0,
            Self::Fraud => 0.2,
            Self::Legit => 0.8,
        }
    }

    /// What it says about the servers that it needs, at `/readyz`.
    pub const fn needs(self, dependency: &str) -> bool {
        match self {
            Self::Producer | Self::Detector => matches!(dependency.as_bytes(), b"kafka"),
            Self::Fraud | Self::Legit => true,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program())
    }
}
