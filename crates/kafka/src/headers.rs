//! Headers: the ones that came with a record, and the ones a record is sent with.

use std::ops::Range;

use rdkafka::message::BorrowedHeaders;

use crate::native;

/// The headers of a received record.
#[derive(Clone, Copy)]
pub enum Headers<'a> {
    /// There are none.
    None,
    /// They lie in librdkafka's memory.
    Native(&'a BorrowedHeaders),
    /// They lie in ours: what a scripted consumer hands out.
    Listed(&'a HeaderList),
}

impl<'a> Headers<'a> {
    /// Every header in order: its name's bytes (UTF-8 by the protocol, but a sender may lie) and its value.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> {
        (0..).map_while(move |index| match self {
            Headers::None => None,
            Headers::Native(headers) => native::header(headers, index),
            Headers::Listed(list) => list.get(index),
        })
    }
}

/// Headers to send: one buffer that is cleared and filled again for every record, so that the loop does not allocate.
#[derive(Default, Debug, Clone)]
pub struct HeaderList {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    name: Range<usize>,
    value: Option<Range<usize>>,
}

impl HeaderList {
    /// Forgets every header and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
    }

    /// Adds a header whose value may be null, as a foreign one's may.
    pub fn push(&mut self, name: &[u8], value: Option<&[u8]>) {
        let name = self.append(name);
        let value = value.map(|value| self.append(value));
        self.entries.push(Entry { name, value });
    }

    /// Adds a header whose value is printed straight into the buffer.
    pub fn push_text(&mut self, name: &str, value: std::fmt::Arguments<'_>) {
        use std::io::Write as _;
        let name = self.append(name.as_bytes());
        let start = self.bytes.len();
        // Writing to a Vec cannot fail; a Display that gives up leaves a shorter value.
        let _ = self.bytes.write_fmt(value);
        self.entries.push(Entry {
            name,
            value: Some(start..self.bytes.len()),
        });
    }

    /// Adds a header whose value lists words with commas between them.
    pub fn push_list<'w>(&mut self, name: &str, words: impl IntoIterator<Item = &'w str>) {
        let name = self.append(name.as_bytes());
        let start = self.bytes.len();
        for word in words {
            if self.bytes.len() > start {
                self.bytes.push(b',');
            }
            self.bytes.extend_from_slice(word.as_bytes());
        }
        self.entries.push(Entry {
            name,
            value: Some(start..self.bytes.len()),
        });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The header at that place, or `None` past the end.
    pub fn get(&self, index: usize) -> Option<(&[u8], Option<&[u8]>)> {
        let entry = self.entries.get(index)?;
        Some((
            &self.bytes[entry.name.clone()],
            entry.value.clone().map(|value| &self.bytes[value]),
        ))
    }

    /// Every header in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    fn append(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_comes_back_in_order_and_clearing_forgets_it() {
        let mut list = HeaderList::default();
        list.push(b"trace", Some(b"abc"));
        list.push(b"empty", Some(b""));
        list.push(b"null", None);
        list.push_text("fs-time", format_args!("{}", 17));
        list.push_list("fs-rules", ["bitcoin", "burst"]);
        list.push_list("fs-shadow", []);
        let seen: Vec<_> = list.iter().collect();
        assert_eq!(
            seen,
            [
                (&b"trace"[..], Some(&b"abc"[..])),
                (b"empty", Some(b"")),
                (b"null", None),
                (b"fs-time", Some(b"17")),
                (b"fs-rules", Some(b"bitcoin,burst")),
                (b"fs-shadow", Some(b"")),
            ]
        );
        list.clear();
        assert!(list.is_empty());
        assert_eq!(Headers::Listed(&list).iter().count(), 0);
    }
}
