//! The door and the writer, from outside.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod door;
#[cfg(test)]
mod properties;
