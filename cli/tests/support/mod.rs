//! What the audit's tests share. Two test programs do, and neither uses all of it.

#![allow(dead_code)]

mod balance;
pub mod pipeline;
mod processor;
