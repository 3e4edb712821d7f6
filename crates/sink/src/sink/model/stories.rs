//! Runs with a name.
