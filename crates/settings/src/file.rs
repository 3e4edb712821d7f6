//! Text from a file that a variable names.

use std::fs::File;
use std::io::Read;

/// Enough for a large rule set, too little for a device that never ends.
const LARGEST_BYTES: u64 = 1024 * 1024;

/// What a file holds, without the newline at its end, or why it cannot be used.
pub(crate) fn contents(path: &str) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read ({error})");
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(format!("holds more than {LARGEST_BYTES} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err("is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}
