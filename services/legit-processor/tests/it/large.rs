//! Records of the largest size.

use sink::testing::{Output, VISA, of_bytes};

use crate::support::{bench, config, ready};

/// The largest payment that `payments` takes with the brokers' own limits: 61 bytes of the 1,048,588 go to the batch, 11 to the
/// record. On an output headers come on top.
const LARGEST: usize = 1_048_588 - 61 - 11;

#[test]
fn the_largest_records_rest_byte_for_byte_whether_they_are_payments_or_not() {
    let bench = bench(2);
    let (good, bad) = (of_bytes(LARGEST), vec![b'x'; LARGEST]);
    let good = Output::decided((0, 0), "", good);
    let bad = Output::decided((0, 1), "", bad);
    // Together they are more than one batch may hold.
    for partition in 0..2 {
        let foreign = Output::foreign(good.payload.as_ref().unwrap());
        bench.send(partition, [&foreign, &Output::foreign(VISA)]);
    }
    bench.send(0, [&good, &bad]);
    let processor = ready(config(&bench));
    let letter = bench.dead_letters(1).remove(0);
    assert!(letter.payload == bad.payload, "{} changed", letter.key);
    let rows = bench.payments(5);
    let sizes: Vec<usize> = rows.iter().map(|row| row.payload.len()).collect();
    assert_eq!(sizes.iter().filter(|size| **size == LARGEST).count(), 3);
    let large = rows.iter().filter(|row| row.payload.len() == LARGEST);
    let mut changed = large.filter(|row| Some(&row.payload) != good.payload.as_ref());
    assert_eq!(changed.next().map(|row| &row.key), None);
    processor.stop();
}
