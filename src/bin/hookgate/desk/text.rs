//! Ages as they are printed; times, keys and rates as they are typed.

use std::time::Duration;

use hookgate::clock::{Clock, SystemClock, UnixTime};
use indicatif::HumanDuration;

use crate::shared::times;

/// `45s`, `12m`, `7h`, `30d`.
pub(super) fn age(age: Duration) -> String {
    format!("{:#}", HumanDuration(age))
}

pub(super) fn ago(at: UnixTime) -> String {
    age(SystemClock.now().saturating_since(at))
}

/// A time, or how long ago: `90s`, `30m`, `2h`, `7d`.
pub(super) fn when(text: &str) -> Result<UnixTime, String> {
    let is_span = text.ends_with(|c: char| c.is_ascii_lowercase());
    let ago = times::span(text).ok().filter(|ago| is_span && *ago >= 0);
    let at = ago.map(|ago| SystemClock.now().as_millis().checked_sub(ago));
    // A number without a unit is a slip, and not a moment of 1970.
    let time = || times::time(text).ok().filter(|_| text.len() >= 10);
    let at = at.map_or_else(time, |at| at.map(UnixTime::from_millis));
    at.ok_or_else(|| "say 2026-11-26T08:18:03Z, or how long ago: 90s, 30m, 2h, 7d".to_owned())
}

/// An event's key; what cannot be one is a mistake, not an unknown event.
pub(super) fn key(text: &str) -> Result<String, String> {
    let key = text.to_ascii_lowercase();
    if key.len() == 32 && key.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(key);
    }
    Err("an event's key has 32 hexadecimal digits".to_owned())
}

/// `20` or `20/s`.
pub(super) fn rate(text: &str) -> Result<u32, String> {
    let count = text.strip_suffix("/s").unwrap_or(text).parse();
    count
        .ok()
        .filter(|count| *count > 0)
        .ok_or_else(|| "say how many a second, e.g. 20/s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_typed() {
        let at = UnixTime::from_secs(1_795_681_083);
        assert_eq!(when("2026-11-26T08:18:03Z"), Ok(at));
        assert_eq!(when("2026-11-26T09:18:03+01:00"), Ok(at));
        let now = SystemClock.now().as_secs();
        for (text, secs) in [
            ("0s", 0),
            ("90s", 90),
            ("30m", 1_800),
            ("2h", 7_200),
            ("7d", 604_800),
        ] {
            let ago = when(text).map(|at| now - at.as_secs());
            assert!(
                ago.is_ok_and(|ago| (secs - 2..=secs).contains(&ago)),
                "{text}"
            );
        }
        for bad in [
            "",
            "h",
            "2",
            "-2h",
            "2w",
            "yesterday",
            "2é",
            "9223372036854775807d",
        ] {
            assert!(when(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rate_is_a_number_a_second() {
        assert_eq!((rate("20"), rate("5/s")), (Ok(20), Ok(5)));
        for bad in ["0", "-1", "5/m", "", "/s", "1.5"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
