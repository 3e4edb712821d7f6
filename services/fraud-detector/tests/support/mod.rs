//! What the detector's tests share. Two test programs do, and neither uses all of it.

#![allow(dead_code)]

pub mod bench;
pub mod books;
pub mod child;
pub mod detector;
pub mod payments;
