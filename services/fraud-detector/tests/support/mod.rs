//! What the detector's tests share.

pub mod bench;
pub mod detector;
pub mod payments;
