//! A model of everything around a sink, in which every call fails in every way once, and several of them by chance.
//!
//! The sink is the real one. Kafka's group, its client and the database are played by a [`world`](world::World) of a few hundred
//! lines that keeps to what their contracts promise and to nothing more: fetched records come after a pause all the same, a
//! COMMIT happens and its answer does not come, a partition is somebody else's long before its owner hears of it. Time is
//! virtual, and chance comes from a seed, so a run that failed once fails always.
//!
//! What has to hold in every run:
//!
//! * at each moment every record below a stored position is in one row exactly once, and none at or above it;
//! * each payment that a human must see has its alert, and no other has one;
//! * whoever owns a partition knows where its position stands: he is fenced by others only;
//! * Kafka is never told more than what is stored;
//! * in a bounded number of turns everything is stored, and every partition is read by its owner, or halted where it has to be;
//! * what is sent after that is stored too.

mod chance;
mod consumer;
mod database;
mod group;
mod house;
mod log;
mod plan;
mod schedules;
mod stories;
mod tables;
mod twists;
mod world;
