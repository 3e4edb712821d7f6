//! A file that a variable names.

use std::fs::File;
use std::io::Read;

/// Enough for every public authority there is, several times over, and too little for a device that never ends.
const LARGEST_BYTES: u64 = 1024 * 1024;

/// The text that a file holds, without the newline at its end, or why it cannot be used.
pub(crate) fn contents(path: &str) -> Result<String, String> {
    let text = String::from_utf8(bytes(path)?).map_err(|_| "is not UTF-8".to_owned())?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err("is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// What a file holds, or why it cannot be used.
pub(crate) fn bytes(path: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read ({error})"))?;
    if bytes.len() as u64 > LARGEST_BYTES {
        return Err(format!("holds more than {LARGEST_BYTES} bytes"));
    }
    Ok(bytes)
}
