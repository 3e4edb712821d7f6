#![no_main]

#[path = "../checks/headers.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::headers(bytes));
