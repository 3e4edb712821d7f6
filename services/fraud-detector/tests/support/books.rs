//! What went in and what came out.

use std::collections::BTreeMap;
use std::ops::Range;

use kafka::testing::Raw;
use payment::header;

use crate::support::payments::numbered;

/// Fails unless the output holds the payments of these numbers, each once and byte for byte, and names every source once.
pub fn check(output: &[Raw], numbers: Range<usize>) {
    let mut sources: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut found: BTreeMap<&[u8], usize> = BTreeMap::new();
    for record in output {
        let topic_id = record.header(header::TOPIC_ID).expect("a topic's id");
        let source = record.header(header::SOURCE).expect("a source");
        *sources.entry((topic_id, source)).or_default() += 1;
        *found
            .entry(record.payload.as_deref().expect("a payload"))
            .or_default() += 1;
    }
    let doubled: Vec<_> = sources
        .iter()
        .filter(|(_, count)| **count > 1)
        .take(5)
        .collect();
    assert!(doubled.is_empty(), "decided twice: {doubled:?}");
    let expected: Vec<Vec<u8>> = numbers.clone().map(numbered).collect();
    let missing: Vec<_> = (numbers.clone().zip(&expected))
        .filter(|(_, payload)| !found.contains_key(payload.as_slice()))
        .map(|(number, _)| number)
        .take(5)
        .collect();
    assert!(
        missing.is_empty(),
        "missing: {missing:?} of {}",
        numbers.len()
    );
    assert_eq!(output.len(), numbers.len(), "records on the output");
}
