#![no_main]

#[path = "../checks/by_hand.rs"]
mod by_hand;
#[path = "../checks/payment.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check::payment(bytes));
