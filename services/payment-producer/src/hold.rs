//! A hand on the tap.

use std::fmt;
use std::sync::Arc;

/// Says whether payment number so-and-so, counted from 0, may be sent already. The default lets everything pass.
///
/// The embedded cluster keeps 5 MiB a partition and then forgets the oldest records without a word; whoever runs it has to
/// hold the producer back until they were consumed.
#[derive(Clone)]
pub struct Hold(Arc<dyn Fn(u64) -> bool + Send + Sync>);

impl Hold {
    /// Holds back every payment for which `may_pass` says no; it is asked again until it says yes.
    pub fn until(may_pass: impl Fn(u64) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(may_pass))
    }

    pub(crate) fn lets_pass(&self, number: u64) -> bool {
        (self.0)(number)
    }
}

impl Default for Hold {
    fn default() -> Self {
        Self::until(|_| true)
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hold")
    }
}
