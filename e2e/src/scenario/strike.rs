//! Ending processes at the worst moment: behind by more than 10,000 records, and in the midst of a
//! transaction.
//!
//! The moment is not hoped for. The process is frozen (SIGSTOP) and looked at; if the moment is good
//! the signal is sent while it is frozen, so what is printed is what was true. If its backlog is too
//! small it stays frozen until its input has grown, and more payments are ordered when there are not
//! enough on their way. If no transaction is open it runs on for a moment.

use std::time::{Duration, Instant};

use crate::child::{Child, Signal};
use crate::failure::{Failure, Outcome};
use crate::fleet::{Fleet, drained};
use crate::http::metric;
use crate::load::Load;
use crate::service::Service;
use crate::stage::Stage;
use crate::system::{Standing, System};
use crate::wait::{Wait, pace};

/// A signal is sent only while more than so many records are left.
const LEAST_LAG: i64 = 10_000;

/// So long a frozen process is still a member of its group (15 s) by a wide margin.
const LONGEST_FREEZE: Duration = Duration::from_secs(6);

/// Between two looks at a frozen process, and what it runs on when the moment was not good.
const MOMENT: Duration = Duration::from_millis(25);

/// So long a commit takes at most that was sent just before its process froze.
const ON_THE_WAY: Duration = Duration::from_millis(200);

/// What happens to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blow {
    /// A signal to a service, which is started again.
    Signal(Service, Signal),
    /// A second detector joins, decides, and leaves.
    Replica,
}

/// Deals blows.
pub struct Striker<'x, 's, 'b> {
    stage: &'s Stage<'b>,
    fleet: &'x mut Fleet,
    load: &'x mut Load<'s, 'b>,
    /// Where each consumer was when it was started last.
    starts: [i64; 3],
}

impl<'x, 's, 'b> Striker<'x, 's, 'b> {
    /// Of services that were started just now, and have done nothing yet.
    pub fn new(stage: &'s Stage<'b>, fleet: &'x mut Fleet, load: &'x mut Load<'s, 'b>) -> Self {
        Self {
            stage,
            fleet,
            load,
            starts: [0; 3],
        }
    }

    /// Deals one, as soon as whoever it is for is at work.
    pub fn strike(&mut self, blow: Blow) -> Outcome {
        match blow {
            Blow::Signal(service, signal) => self.signal(service, signal),
            Blow::Replica => self.replica(),
        }
    }

    fn signal(&mut self, service: Service, signal: Signal) -> Outcome {
        self.at_work(service)?;
        let (standing, open, froze) = self.freeze(service)?;
        let mut child = self.fleet.take(service)?;
        self.fleet.note_peak(service, &child);
        child.signal(signal)?;
        let journal = &self.stage.bench.journal;
        journal.say(format_args!(
            "SIG{signal} to {} at {standing}, transaction open on {open} partitions (frozen for {:.1} s before)",
            child.name(),
            froze.as_secs_f64()
        ));
        if signal == Signal::Term {
            child.signal(Signal::Cont)?;
            drained(&mut child, journal)?;
        } else {
            child.end(5)?;
            if service == Service::Detector {
                // The broker's own evidence that it died in the midst of one.
                let open = self.open(service)?;
                journal.check(
                    open > 0,
                    format_args!("it left a transaction open on {open} partitions"),
                );
            }
        }
        self.starts[slot(service)] = self.stage.system.standing(service)?.position;
        self.stage.start(self.fleet, service)
    }

    /// Waits until the service has moved its position since its start.
    fn at_work(&mut self, service: Service) -> Outcome {
        let (stage, start, began) = (self.stage, self.starts[slot(service)], Instant::now());
        let what = format!("{service} works");
        Wait::seconds(60).every(MOMENT).until(what, || {
            self.fleet.alive()?;
            let standing = stage.system.standing(service)?;
            let works = standing.position > start;
            if !works {
                self.order_if_short(service, standing)?;
            }
            Ok(works.then_some(()))
        })?;
        let waited = began.elapsed().as_secs_f64();
        if waited > 1.0 {
            stage
                .bench
                .journal
                .say(format_args!("{service} works ({waited:.1} s waited)"));
        }
        Ok(())
    }

    /// Freezes the service at a good moment; says how far it is, on how many partitions its
    /// transaction is open, and for how long it has been frozen.
    fn freeze(&mut self, service: Service) -> Outcome<(Standing, usize, Duration)> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(60) {
            self.fleet.get(service)?.signal(Signal::Stop)?;
            let froze = Instant::now();
            while froze.elapsed() < LONGEST_FREEZE {
                // What it had asked for just before is answered meanwhile.
                pace(MOMENT)?;
                let standing = self.stage.system.standing(service)?;
                if standing.lag <= LEAST_LAG {
                    self.order_if_short(service, standing)?;
                    continue;
                }
                if self.open(service)? == 0 {
                    break;
                }
                // Its end may have been on the way when the process froze; then it is over soon.
                pace(ON_THE_WAY)?;
                match self.open(service)? {
                    0 => break,
                    open => return Ok((standing, open, froze.elapsed())),
                }
            }
            self.fleet.get(service)?.signal(Signal::Cont)?;
            pace(MOMENT)?;
        }
        let sentence = format!("{service} was never behind by {LEAST_LAG} in a transaction");
        Err(Failure::new(sentence))
    }

    /// On how many partitions a transaction of the service is open: records on the outputs that no
    /// reader may see yet, or positions in the database that somebody holds.
    fn open(&self, service: Service) -> Outcome<usize> {
        let System {
            names,
            kafka,
            database,
        } = &self.stage.system;
        match service {
            Service::Producer | Service::Detector => {
                Ok(kafka.open_partitions(&names.fraud)? + kafka.open_partitions(&names.legit)?)
            }
            Service::Fraud | Service::Legit => database.held(service.program()),
        }
    }

    /// Orders more payments when those on their way cannot become the backlog that is needed.
    fn order_if_short(&mut self, service: Service, standing: Standing) -> Outcome {
        if self.load.is_running() && !self.load.look()? {
            return Ok(());
        }
        let undecided = match service {
            Service::Detector => 0,
            _ => self.stage.system.standing(Service::Detector)?.lag,
        };
        let coming = (undecided as f64 * service.share()) as i64;
        if standing.lag + coming <= LEAST_LAG + 1_000 {
            self.order(service)?;
        }
        Ok(())
    }

    fn order(&mut self, service: Service) -> Outcome {
        let count = 2 * LEAST_LAG as u64 + (2.0 * LEAST_LAG as f64 / service.share()) as u64;
        self.stage.bench.journal.say(format_args!(
            "{count} more payments, since the backlog of {service} is too small"
        ));
        self.load.order(count)
    }

    fn replica(&mut self) -> Outcome {
        let (stage, began) = (self.stage, Instant::now());
        let journal = &stage.bench.journal;
        let group = stage.system.names.group(Service::Detector);
        self.at_work(Service::Detector)?;
        let mut replica = stage.process(Service::Detector, &[("DETECTOR_INSTANCE", "second")])?;
        Wait::seconds(60).until("the second detector has decided", || {
            self.fleet.alive()?;
            let standing = stage.system.standing(Service::Detector)?;
            self.order_if_short(Service::Detector, standing)?;
            let metrics = replica.get("/metrics")?.body;
            let committed = metric(&metrics, "fraudstream_transactions_total", "\"committed\"");
            Ok((committed > 0.0).then_some(()))
        })?;
        journal.say(format_args!(
            "second detector {} is one of {} members after {:.1} s: {}; {}",
            replica.name(),
            stage.system.kafka.members(&group)?,
            began.elapsed().as_secs_f64(),
            ready_line(&replica)?,
            stage.system.standing(Service::Detector)?
        ));
        replica.signal(Signal::Term)?;
        drained(&mut replica, journal)?;
        self.fleet.note_peak(Service::Detector, &replica);
        Wait::seconds(30).until("the second detector has left its group", || {
            Ok((stage.system.kafka.members(&group)? <= 1).then_some(()))
        })?;
        journal.say(format_args!(
            "second detector has left; {}",
            stage.system.standing(Service::Detector)?
        ));
        Ok(())
    }
}

fn ready_line(child: &Child) -> Outcome<String> {
    Ok(child.get("/readyz")?.line())
}

fn slot(service: Service) -> usize {
    let place = Service::CONSUMERS.iter().position(|it| *it == service);
    place.unwrap_or(0)
}
