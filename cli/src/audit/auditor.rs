//! Reads everything that the books are made of, in the order that [`books`](super::books) sets out.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka::{Limits, LogReader, Span, Watermarks};
use store::{Position, Relation, Store, StoreError};
use tokio::runtime::Handle;
use tracing::{debug, info};

use super::books::{Balance, Books, Extent, Key, Kind};
use super::{AuditError, Config, origin, position};

/// The sinks' names in `sink_offset`: those of the two processors.
const FRAUD_SINK: &str = "fraud-processor";
const LEGIT_SINK: &str = "legit-processor";

/// In the order in which they are read.
const KINDS: [Kind; 3] = [Kind::Fraud, Kind::Legit, Kind::Dead];

/// Rows between two looks at the clock.
const LOOK: u64 = 4096;

/// Makes the books of one pipeline, again and again if wanted: what it has read of the topics it does not read again.
pub struct Auditor {
    config: Config,
    reader: LogReader,
    store: Store,
    runtime: Handle,
    books: Books,
    payments: Topic,
    outputs: [Topic; 3],
    /// Records of outputs and DLQ that were read so far.
    read: u64,
}

/// A topic as it was when the auditor first saw it.
struct Topic {
    name: String,
    id: String,
    /// Where reading goes on in each partition.
    next: BTreeMap<i32, i64>,
}

impl Auditor {
    /// Finds topics and database. To be called, as everything here, on a thread that may block; `runtime` serves the database.
    ///
    /// # Errors
    /// When brokers or database do not answer, or refuse us.
    pub fn open(
        config: &Config,
        examples: usize,
        runtime: Handle,
        limits: &Limits,
    ) -> Result<Self, AuditError> {
        let reader = LogReader::open(&config.kafka, &config.detector_group)?;
        let names = &config.names;
        let find = |name: &str| -> Result<Topic, AuditError> {
            let id = reader.topic_id(name, limits)?;
            Ok(Topic {
                name: name.to_owned(),
                id,
                next: BTreeMap::new(),
            })
        };
        let payments = find(&names.payments)?;
        let outputs = [
            find(&names.fraud)?,
            find(&names.legit)?,
            find(&names.dead_letters)?,
        ];
        let connecting = Store::connect(&config.database);
        let store = within(&runtime, "the database", limits, connecting)?;
        Ok(Self {
            books: Books::new(names.clone(), payments.id.clone(), examples),
            config: config.clone(),
            reader,
            store,
            runtime,
            payments,
            outputs,
            read: 0,
        })
    }

    /// Makes the books. The order of the lines is the guarantee.
    ///
    /// # Errors
    /// When it could not be told whether they balance. The next round takes up where this one stopped.
    pub fn round(&mut self, limits: &Limits) -> Result<Balance, AuditError> {
        let outcome = self.make_books(limits);
        // Positions of an earlier topic may lie outside of the log that has its name now, which reads as if the log were broken.
        if matches!(outcome, Err(AuditError::Log(_))) {
            self.check_topics(limits)?;
        }
        outcome
    }

    fn make_books(&mut self, limits: &Limits) -> Result<Balance, AuditError> {
        self.books.reopen();
        let extents = self.read_detector(limits)?;
        self.read_payments(&extents, limits)?;
        for kind in KINDS {
            self.read_output(kind, limits)?;
        }
        self.check_detector(limits)?;
        let before = self.positions(limits)?;
        self.read_rows(limits)?;
        let after = self.positions(limits)?;
        for kind in [Kind::Fraud, Kind::Legit] {
            self.check_sink(kind, &before, &after, limits)?;
        }
        self.check_topics(limits)?;
        Ok(self.books.close())
    }

    /// Reads what has come onto the topics since, for a cluster that forgets before the next round: having seen it early harms
    /// nothing. Answers how many records of outputs and DLQ were read so far.
    ///
    /// # Errors
    /// When the brokers do not answer. The next reading takes up where this one stopped.
    pub fn read_along(&mut self, limits: &Limits) -> Result<u64, AuditError> {
        self.books.reopen();
        let extents = self.read_detector(limits)?;
        self.read_payments(&extents, limits)?;
        for kind in KINDS {
            self.read_output(kind, limits)?;
        }
        Ok(self.read)
    }

    /// What is decided, by the detector's word; and where `payments` begins and ends.
    fn read_detector(&mut self, limits: &Limits) -> Result<Vec<Watermarks>, AuditError> {
        let Topic { name, id, .. } = &self.payments;
        let partitions = self.reader.partitions(name, limits)?;
        let group = &self.config.detector_group;
        let committed = self.reader.committed(name, &partitions, limits)?;
        let committed: BTreeMap<i32, Option<i64>> = committed
            .iter()
            .map(|of| (of.partition, position::of_detector(of, id)))
            .collect();
        let extents = self.reader.watermarks(name, &partitions, limits)?;
        for marks in &extents {
            let committed = committed.get(&marks.partition).copied().flatten();
            let complaint = committed
                .and_then(|at| position::complaint(&format!("group {group}"), name, at, marks));
            complaint
                .into_iter()
                .for_each(|complaint| self.books.impossible(complaint));
            // What the embedded cluster forgets was read along, and counts.
            let low = if self.config.kafka.embedded {
                0
            } else {
                marks.low
            };
            let extent = Extent {
                low,
                high: marks.stable,
                committed,
            };
            self.books.partition(marks.partition, extent);
        }
        Ok(extents)
    }

    fn read_payments(&mut self, extents: &[Watermarks], limits: &Limits) -> Result<(), AuditError> {
        let Self {
            books,
            reader,
            payments,
            ..
        } = self;
        // An open transaction of a producer has produced nothing yet: no need to wait for it.
        let spans = payments.spans(extents, |marks| marks.stable);
        let Topic { name, next, .. } = payments;
        reader.read(name, &spans, limits, |record| {
            books.produced(record.partition, record.offset);
            next.insert(record.partition, record.offset + 1);
        })?;
        debug!(topic = name, "read");
        Ok(())
    }

    fn read_output(&mut self, kind: Kind, limits: &Limits) -> Result<(), AuditError> {
        let Self {
            books,
            reader,
            outputs,
            read: count,
            ..
        } = self;
        let output = &mut outputs[kind as usize];
        let marks = reader.watermarks(
            &output.name,
            &reader.partitions(&output.name, limits)?,
            limits,
        )?;
        let spans = output.spans(&marks, |marks| marks.high);
        let Topic { name, id, next } = output;
        reader.read(name, &spans, limits, |record| {
            let (partition, offset) = (record.partition, record.offset);
            let place = Key {
                topic_id: id,
                topic: name,
                partition,
                offset,
            };
            *count += 1;
            origin::of(record, |origin| books.record(kind, place, origin));
            // At once: a reading that breaks off must not begin where it began.
            next.insert(partition, offset + 1);
        })?;
        debug!(topic = name, "read");
        Ok(())
    }

    /// Whether the detector's position covers what was seen on the outputs. The embedded cluster gets its positions after the
    /// transaction, so there it says nothing.
    fn check_detector(&mut self, limits: &Limits) -> Result<(), AuditError> {
        if self.config.kafka.embedded {
            return Ok(());
        }
        let Topic { name, id, next } = &self.payments;
        let partitions: Vec<i32> = next.keys().copied().collect();
        for committed in self.reader.committed(name, &partitions, limits)? {
            self.books
                .undecided(committed.partition, position::of_detector(&committed, id));
        }
        Ok(())
    }

    fn positions(&self, limits: &Limits) -> Result<[Vec<Position>; 2], AuditError> {
        let asking = async {
            Ok([
                self.store.positions(FRAUD_SINK).await?,
                self.store.positions(LEGIT_SINK).await?,
            ])
        };
        within(&self.runtime, "the sinks' positions", limits, asking)
    }

    fn read_rows(&mut self, limits: &Limits) -> Result<(), AuditError> {
        for kind in KINDS {
            let relation = relation(kind);
            let mut keys = self.store.stored_keys(relation);
            let books = &mut self.books;
            // So many at a time, so that a signal does not wait for all of them.
            let mut page = async || -> Result<bool, StoreError> {
                for _ in 0..LOOK {
                    let Some(key) = keys.next().await? else {
                        return Ok(false);
                    };
                    let (partition, offset) = (key.partition, key.offset);
                    books.row(
                        kind,
                        Key {
                            topic_id: &key.topic_id,
                            topic: &key.topic,
                            partition,
                            offset,
                        },
                    );
                }
                Ok(true)
            };
            while within(&self.runtime, relation.name(), limits, page())? {}
            debug!(table = relation.name(), "read");
        }
        info!("tables read");
        Ok(())
    }

    /// Reads again what is past a sink's position: those records are waiting. With the position as it was before the rows were
    /// read they may be; with the one after it, none of those rows may have been there.
    fn check_sink(
        &mut self,
        kind: Kind,
        before: &[Vec<Position>; 2],
        after: &[Vec<Position>; 2],
        limits: &Limits,
    ) -> Result<(), AuditError> {
        let Self {
            books,
            reader,
            outputs,
            ..
        } = self;
        let Topic { name, id, next } = &outputs[kind as usize];
        let at = |positions: &[Vec<Position>; 2], partition| {
            position::of_sink(&positions[kind as usize], name, id, partition)
        };
        let partitions: Vec<i32> = next.keys().copied().collect();
        let marks = reader.watermarks(name, &partitions, limits)?;
        for marks in &marks {
            let complaint =
                position::complaint(sink(kind), name, at(after, marks.partition), marks);
            complaint
                .into_iter()
                .for_each(|complaint| books.impossible(complaint));
        }
        let span = |marks: &Watermarks| {
            let partition = marks.partition;
            let from = at(before, partition)
                .min(at(after, partition))
                .max(marks.low);
            Span {
                partition,
                from,
                to: next.get(&partition).copied().unwrap_or(0),
            }
        };
        let spans: Vec<Span> = marks.iter().map(span).collect();
        reader.read(name, &spans, limits, |record| {
            let (partition, offset) = (record.partition, record.offset);
            let place = Key {
                topic_id: id,
                topic: name,
                partition,
                offset,
            };
            origin::of(record, |origin| {
                let key = origin.key(place);
                if offset >= at(before, partition) {
                    books.waiting(key);
                }
                if offset >= at(after, partition) {
                    books.to_come(key);
                }
            });
        })?;
        Ok(())
    }

    fn check_topics(&self, limits: &Limits) -> Result<(), AuditError> {
        for topic in self.outputs.iter().chain([&self.payments]) {
            if self.reader.topic_id(&topic.name, limits)? != topic.id {
                return Err(AuditError::Renewed(topic.name.clone()));
            }
        }
        Ok(())
    }
}

impl Topic {
    /// From where reading stopped, or from the beginning of the log.
    fn spans(&mut self, marks: &[Watermarks], end: impl Fn(&Watermarks) -> i64) -> Vec<Span> {
        let mut span = |marks: &Watermarks| {
            let next = self.next.entry(marks.partition).or_insert(marks.low);
            *next = marks.low.max(*next);
            Span {
                partition: marks.partition,
                from: *next,
                to: end(marks),
            }
        };
        marks.iter().map(&mut span).collect()
    }
}

fn relation(kind: Kind) -> Relation {
    match kind {
        Kind::Fraud => Relation::FraudPayments,
        Kind::Legit => Relation::LegitPayments,
        Kind::Dead => Relation::DeadLetters,
    }
}

/// The sink of an output that has one.
fn sink(kind: Kind) -> &'static str {
    match kind {
        Kind::Fraud => FRAUD_SINK,
        Kind::Legit => LEGIT_SINK,
        Kind::Dead => "nobody",
    }
}

/// Waits for the database on a thread that may block.
fn within<T>(
    runtime: &Handle,
    what: &'static str,
    limits: &Limits,
    asking: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, AuditError> {
    runtime.block_on(async {
        tokio::select! {
            biased;
            () = limits.stop.cancelled() => Err(AuditError::Stopped),
            answer = tokio::time::timeout(limits.left().max(Duration::from_millis(1)), asking) => match answer {
                Ok(answer) => Ok(answer?),
                Err(_) => Err(AuditError::OutOfTime { what, limit: limits.deadline }),
            },
        }
    })
}
