//! How new what an event tells is.

use std::{error::Error, fmt, str::FromStr};

use sha2::{Digest, Sha256};

use super::{Covers, Event};
use crate::scheme::{json, timestamp};

/// How new the state is that an event tells of; the greater of two is the newer.
///
/// For handlers that keep a row for each object of the sender's and must not write an older state
/// over a newer one, in whatever order events come, and however often: keep the stamp beside the
/// state, and write both only where the row's stamp is less. How, and what that cannot do, is in
/// [`docs::order_of_events`](crate::docs::order_of_events).
///
/// Two states with one number (two changes in one second) have an order too, by the digests of
/// their bodies: whoever has seen both ends with the same one. Which of them happened last cannot
/// be told; see [`Stamp::ties_with`].
///
/// As text it is 32 lower-case hexadecimal digits, whose order is that of the stamps: it fits into
/// one column of any database.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Stamp {
    number: i64,
    tie: u64,
}

/// How the number of a [`Stamp`] is written in a body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum StampUnit {
    /// Decimal digits, counted up by the sender with each change of the object: a version.
    Counter,
    /// Decimal digits: seconds since the epoch; a string may have up to nine more behind a point.
    Seconds,
    /// Decimal digits: milliseconds since the epoch.
    Millis,
    /// RFC 3339, e.g. `2026-11-22T08:00:00.123456Z` or with an offset.
    Rfc3339,
}

/// Why there is no stamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum NoStamp {
    /// There is nothing at that place, or the body is not JSON.
    Missing,
    /// What is there is not written as the unit says, is out of its range, or is there twice.
    Unreadable,
    /// The signature does not cover the body: whoever has seen one delivery could send another with
    /// a stamp so great that no genuine state is newer.
    Unsigned,
}

impl Event {
    /// The stamp by what is at a JSON pointer of object keys, a string or an integer. Of a job,
    /// `?` makes a dead letter when there is none: the bytes will not get better.
    ///
    /// Take the object's own version or time of change, e.g. `/data/object/updated_at`, and the
    /// event's time, e.g. Stripe's `/created`, only where there is no such thing. Never take the
    /// time of a delivery: a retry would be the newest.
    ///
    /// # Errors
    /// See [`NoStamp`].
    pub fn stamp_at(&self, pointer: &'static str, unit: StampUnit) -> Result<Stamp, NoStamp> {
        if self.covers() != Covers::Body {
            return Err(NoStamp::Unsigned);
        }
        let found = json::scan(&self.body, &[pointer]).pop().unwrap_or_default();
        if !found.present {
            return Err(NoStamp::Missing);
        }
        let text = found.text.ok_or(NoStamp::Unreadable)?;
        let number = unit.read(&text).ok_or(NoStamp::Unreadable)?;
        Ok(self.stamp(number))
    }

    /// The stamp by a number that you have found yourself: in the object as fetched from the sender,
    /// or in a field that needs more than [`Event::stamp_at`] to be read. Greater is newer.
    pub fn stamp(&self, number: i64) -> Stamp {
        let digest: [u8; 32] = Sha256::digest(&self.body).into();
        let mut tie = [0; 8];
        tie.copy_from_slice(&digest[..8]);
        Stamp {
            number,
            tie: u64::from_be_bytes(tie),
        }
    }
}

impl Stamp {
    /// The counter, or the time in nanoseconds since the epoch.
    pub const fn number(self) -> i64 {
        self.number
    }

    /// Whether the two tell of different states with one number: the greater of them is the same
    /// for everybody, and may be the older. Where that matters, fetch the object from the sender.
    pub const fn ties_with(self, other: Self) -> bool {
        self.number == other.number && self.tie != other.tie
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.number.cast_unsigned() ^ SIGN;
        write!(f, "{number:016x}{:016x}", self.tie)
    }
}

impl FromStr for Stamp {
    type Err = NoStamp;

    fn from_str(text: &str) -> Result<Self, NoStamp> {
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != 32 || !text.bytes().all(is_digit) {
            return Err(NoStamp::Unreadable);
        }
        let half = |text: &str| u64::from_str_radix(text, 16).map_err(|_| NoStamp::Unreadable);
        let (number, tie) = text.split_at(16);
        Ok(Self {
            number: (half(number)? ^ SIGN).cast_signed(),
            tie: half(tie)?,
        })
    }
}

impl StampUnit {
    fn read(self, text: &str) -> Option<i64> {
        match self {
            Self::Counter => timestamp::digits(text.as_bytes()),
            Self::Seconds => {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
                let places = u32::try_from(fraction.len()).ok()?;
                let is_digits = fraction.bytes().all(|b| b.is_ascii_digit());
                let scale = 10_i64.pow(9_u32.checked_sub(places).filter(|_| is_digits)?);
                let fraction = fraction.parse::<i64>().ok()?.checked_mul(scale)?;
                let whole = timestamp::digits(whole.as_bytes())?;
                whole.checked_mul(1_000_000_000)?.checked_add(fraction)
            }
            Self::Millis => timestamp::digits(text.as_bytes())?.checked_mul(1_000_000),
            Self::Rfc3339 => i64::try_from(timestamp::rfc3339_nanos(text.as_bytes())?).ok(),
        }
    }
}

impl fmt::Display for NoStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "nothing says how new this is",
            Self::Unreadable => "what says how new this is cannot be read",
            Self::Unsigned => "what says how new this is is not signed",
        })
    }
}

impl Error for NoStamp {}

/// Puts negative numbers before the others.
const SIGN: u64 = 1 << 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_as_it_is_written_and_in_no_other_way() {
        use StampUnit::{Counter, Millis, Rfc3339, Seconds};
        for (unit, text, number) in [
            (Counter, "0", Some(0)),
            (Counter, "7", Some(7)),
            (Counter, "9223372036854775807", Some(i64::MAX)),
            (Counter, "9223372036854775808", None),
            (Counter, "-1", None),
            (Counter, "1.0", None),
            (Counter, "", None),
            (Seconds, "1790000000", Some(1_790_000_000_000_000_000)),
            (
                Seconds,
                "1355517523.000005",
                Some(1_355_517_523_000_005_000),
            ),
            (Seconds, "1.123456789", Some(1_123_456_789)),
            (Seconds, "1.1234567891", None),
            (Seconds, "1.", None),
            (Seconds, ".1", None),
            (Seconds, "1.+1", None),
            (Seconds, "1.0.0", None),
            (Seconds, "9999999999", None),
            (Millis, "1790000000123", Some(1_790_000_000_123_000_000)),
            (Millis, "9223372036855", None),
            (Rfc3339, "1970-01-01T01:00:00.000000001+01:00", Some(1)),
            (Rfc3339, "1969-12-31T23:59:59.999999999Z", Some(-1)),
            (Rfc3339, "2300-01-01T00:00:00Z", None),
            (Rfc3339, "1790000000", None),
        ] {
            assert_eq!(unit.read(text), number, "{unit:?} {text:?}");
        }
    }

    #[test]
    fn only_what_was_written_as_a_stamp_is_read_as_one() {
        let stamp = Stamp { number: -2, tie: 3 };
        let text = "7ffffffffffffffe0000000000000003";
        assert_eq!(stamp.to_string(), text);
        assert_eq!(text.parse(), Ok(stamp));
        for bad in [
            "",
            "0",
            &text[1..],
            &text.to_uppercase(),
            &text.replace('7', "+"),
        ] {
            assert_eq!(bad.parse::<Stamp>(), Err(NoStamp::Unreadable), "{bad:?}");
        }
    }
}
