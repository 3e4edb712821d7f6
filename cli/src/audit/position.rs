//! Positions: where a sink or the detector goes on in a log, and whether that can be.

use kafka::{Committed, Watermarks};
use store::Position;

/// The detector's position, if it belongs to the topic with this id. One that was committed with another id beside it belongs to
/// an earlier topic of the name, and the detector itself does not go by it either.
pub fn of_detector(committed: &Committed, topic_id: &str) -> Option<i64> {
    let ours = committed.metadata.is_empty() || committed.metadata == topic_id;
    committed.offset.filter(|_| ours)
}

/// A sink's position in a partition of the topic with this id; 0 when it has stored nothing of it.
pub fn of_sink(positions: &[Position], topic: &str, topic_id: &str, partition: i32) -> i64 {
    let of = |position: &&Position| {
        let log = &position.partition;
        *log.topic == *topic && *log.topic_id == *topic_id && log.partition == partition
    };
    positions
        .iter()
        .find(of)
        .and_then(|position| position.next_offset)
        .unwrap_or(0)
}

/// Says in a sentence why nobody can be there, if so. The watermarks must be younger than the position.
///
/// Whoever is there halts for the same reason. Positions move past the markers of transactions, so a log that retention has
/// emptied begins where they are.
pub fn complaint(who: &str, topic: &str, position: i64, marks: &Watermarks) -> Option<String> {
    let Watermarks {
        partition,
        low,
        high,
        ..
    } = *marks;
    let place = format!("{who} is at {topic}/{partition}/{position}");
    if position > high {
        return Some(format!(
            "{place}, and the log ends at {high}: what comes until there would be skipped"
        ));
    }
    let lost = low - position;
    (position > 0 && lost > 0).then(|| {
        format!("{place}, and the log begins at {low}: up to {lost} records were deleted before it came to them")
    })
}

#[cfg(test)]
mod tests {
    use store::Partition;

    use super::*;

    fn committed(offset: Option<i64>, metadata: &str) -> Committed {
        Committed {
            partition: 0,
            offset,
            metadata: metadata.to_owned(),
        }
    }

    #[test]
    fn a_position_counts_for_the_topic_that_it_was_committed_for() {
        assert_eq!(of_detector(&committed(Some(7), "id"), "id"), Some(7));
        assert_eq!(
            of_detector(&committed(Some(7), ""), "id"),
            Some(7),
            "set by hand, with a tool"
        );
        assert_eq!(of_detector(&committed(Some(7), "earlier"), "id"), None);
        assert_eq!(of_detector(&committed(None, ""), "id"), None);
    }

    #[test]
    fn a_sink_that_has_stored_nothing_of_a_log_is_at_its_beginning() {
        let position = |topic_id: &str, next_offset| Position {
            partition: Partition {
                topic: "fraud_payments".into(),
                topic_id: topic_id.into(),
                partition: 2,
            },
            next_offset,
            epoch: 1,
            owner: String::new(),
            cluster_id: String::new(),
            updated_at: 0,
        };
        let positions = [position("earlier", Some(90)), position("id", Some(5))];
        assert_eq!(of_sink(&positions, "fraud_payments", "id", 2), 5);
        assert_eq!(of_sink(&positions, "fraud_payments", "id", 3), 0);
        assert_eq!(of_sink(&positions, "legit_topic", "id", 2), 0);
        assert_eq!(
            of_sink(&[position("id", None)], "fraud_payments", "id", 2),
            0
        );
    }

    #[test]
    fn a_position_outside_of_its_log_is_complained_of() {
        let marks = Watermarks {
            partition: 3,
            low: 10,
            high: 20,
            stable: 20,
        };
        let check = |position| complaint("fraud-processor", "fraud_payments", position, &marks);
        for lawful in [10, 15, 20] {
            assert_eq!(check(lawful), None, "{lawful}");
        }
        let past = check(21).unwrap();
        assert!(
            past.contains("fraud_payments/3/21") && past.contains("ends at 20"),
            "{past}"
        );
        for (position, lost) in [(9, "up to 1 records"), (4, "up to 6 records")] {
            let before = check(position).unwrap();
            assert!(before.contains(lost), "{before}");
        }
        assert_eq!(check(0), None, "that is nobody's position");
    }
}
