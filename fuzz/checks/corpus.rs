//! The kept corpus, replayed.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Checks every file that is kept for `target`. Which file failed is in the panic.
pub fn replay(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let folder = folder.join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut replayed = 0;
    for file in files {
        let path = file.expect("a directory that can be read").path();
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        // The check has printed its own words by then.
        let passed = catch_unwind(AssertUnwindSafe(|| check(&bytes))).is_ok();
        assert!(passed, "{} fails the check", path.display());
        replayed += 1;
    }
    assert!(replayed > 0, "no file in {}", folder.display());
}
