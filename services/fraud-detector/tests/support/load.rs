//! Many payments.

use std::ops::Range;

use kafka::testing::{Load, Sender, Sending};

use crate::support::bench::Bench;
use crate::support::payments::numbered;

/// Sends these numbers.
pub fn send(bench: &Bench, numbers: Range<usize>) {
    let (sender, send) = (bench.cluster.sender(), bench.road());
    numbers.for_each(|number| send(&sender, number));
    sender.flush();
}

/// The same in one transaction, which leaves a marker behind the last record of each partition.
pub fn send_committed(bench: &Bench, numbers: Range<usize>) {
    let (sender, send) = (bench.cluster.transactional_sender("load"), bench.road());
    sender.committed(|| numbers.for_each(|number| send(&sender, number)));
}

impl Bench {
    /// Sends numbered payments from `first` on, in turn over all partitions, until the load is stopped.
    pub fn load(&self, first: usize) -> Load {
        Load::start(self.cluster.sender(), first, self.road())
    }

    /// How a numbered payment is sent.
    fn road(&self) -> impl Fn(&Sender, usize) + Send + use<> {
        let (topic, partitions) = (self.payments.clone(), self.partitions as usize);
        move |sender, number| {
            let payload = numbered(number);
            let sending = Sending {
                partition: Some((number % partitions) as i32),
                payload: Some(&payload),
                ..Sending::default()
            };
            sender.send(&topic, sending);
        }
    }
}
