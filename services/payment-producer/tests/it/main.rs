//! The whole service on an embedded cluster.

#[cfg(test)]
mod whole;
