//! DATE and TIME: the business calendar of the payer's side, without a zone.
//!
//! Both are stored as they come and never turned into an instant: there is no zone to turn them with.

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};

/// What DATE looks like, for messages.
pub(crate) const DATE_FORM: &str = "mm/dd/yyyy, a day of the years 0001 to 9999";

/// What TIME looks like, for messages.
pub(crate) const TIME_FORM: &str = "HH:MM:SS, 00:00:00 to 23:59:59";

/// Reads `01/28/2022`: exactly ten characters, zero-padded.
pub(crate) fn read_date(text: &str) -> Option<NaiveDate> {
    let &[m1, m2, b'/', d1, d2, b'/', y1, y2, y3, y4] = text.as_bytes() else {
        return None;
    };
    let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, pair(m1, m2)?, pair(d1, d2)?)?;
    is_writable_date(date).then_some(date)
}

/// Reads `14:03:07`: exactly eight characters, zero-padded. A leap second has no place in a database's TIME.
pub(crate) fn read_time(text: &str) -> Option<NaiveTime> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = text.as_bytes() else {
        return None;
    };
    NaiveTime::from_hms_opt(pair(h1, h2)?, pair(m1, m2)?, pair(s1, s2)?)
}

/// Four digits write it, and every calendar has it: there was no year 0.
pub(crate) fn is_writable_date(date: NaiveDate) -> bool {
    (1..=9999).contains(&date.year())
}

/// Whole seconds: the wire has no room for less.
pub(crate) fn is_writable_time(time: NaiveTime) -> bool {
    time.nanosecond() == 0
}

/// Writes a date as [`read_date`] reads it.
pub(crate) fn write_date(date: NaiveDate) -> String {
    format!("{:02}/{:02}/{:04}", date.month(), date.day(), date.year())
}

/// Writes a time as [`read_time`] reads it.
pub(crate) fn write_time(time: NaiveTime) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        time.hour(),
        time.minute(),
        time.second()
    )
}

fn pair(tens: u8, ones: u8) -> Option<u32> {
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    both.then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_reads_and_writes_itself() {
        for text in [
            "01/28/2022",
            "02/29/2024",
            "02/29/2000",
            "12/31/9999",
            "01/01/0001",
        ] {
            let date = read_date(text).expect(text);
            assert_eq!(write_date(date), text);
        }
    }

    #[test]
    fn impossible_or_unpadded_dates_are_refused() {
        for text in [
            "",
            "02/30/2022",
            "02/29/2023",
            "02/29/1900",
            "13/01/2022",
            "00/10/2022",
            "01/00/2022",
            "01/01/0000",
            "1/28/2022",
            "01/28/22",
            "28/01/2022",
            "2022-01-28",
            "01-28-2022",
            "01/28/2022 ",
            " 1/28/2022",
            "01/28/12022",
            "+1/28/2022",
            "01/28/-022",
            "٠١/28/20",
        ] {
            assert_eq!(read_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_reads_and_writes_itself() {
        for text in ["00:00:00", "14:03:07", "23:59:59"] {
            let time = read_time(text).expect(text);
            assert_eq!(write_time(time), text);
        }
    }

    #[test]
    fn impossible_or_unpadded_times_are_refused() {
        for text in [
            "",
            "24:00:00",
            "23:60:00",
            "23:59:60",
            "23:59:61",
            "1:03:07",
            "14:03",
            "14:03:07.5",
            "14.03.07",
            "2:03:07 PM",
            "-1:00:00",
        ] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }
}
