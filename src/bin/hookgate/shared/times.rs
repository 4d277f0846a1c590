//! Times and spans, as people type and read them.

use std::time::Duration;

use hookgate::clock::UnixTime;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A time as typed: RFC 3339, or seconds or milliseconds (13 digits or more) since the epoch.
pub(crate) fn time(text: &str) -> Result<UnixTime, String> {
    if let Ok(number) = text.parse::<i64>() {
        return Ok(match text.len() {
            ..13 => UnixTime::from_secs(number),
            _ => UnixTime::from_millis(number),
        });
    }
    let time = OffsetDateTime::parse(text, &Rfc3339);
    let time = time.map_err(|_| "not a time: RFC 3339, or seconds since 1970".to_owned())?;
    let millis = time.unix_timestamp_nanos().div_euclid(1_000_000);
    i64::try_from(millis)
        .map(UnixTime::from_millis)
        .map_err(|_| "not a time of this age".to_owned())
}

/// A span as typed, in milliseconds: `-301`, `5m`, `-2h`, `1d`, `250ms`; seconds without a unit.
pub(crate) fn span(text: &str) -> Result<i64, String> {
    let wrong = || "not a span: -301, 5m, -2h, 1d or 250ms".to_owned();
    let at = text.find(|c: char| c.is_ascii_alphabetic());
    let (number, unit) = text.split_at(at.unwrap_or(text.len()));
    let millis: i64 = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(millis).ok_or_else(wrong)
}

/// `2026-11-26T11:30:00.123Z`, without the fraction where there is none; outside of the calendar,
/// seconds since 1970.
pub(crate) fn exact(time: UnixTime) -> String {
    let nanos = i128::from(time.as_millis()) * 1_000_000;
    let known = OffsetDateTime::from_unix_timestamp_nanos(nanos);
    let text = known.ok().and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_else(|| format!("{} s after 1970", time.as_secs()))
}

/// `2026-11-26T11:30:00Z`, to the second.
pub(crate) fn written(time: UnixTime) -> String {
    exact(UnixTime::from_secs(time.as_secs()))
}

/// `3 days 2 hours`: the two greatest units.
pub(crate) fn length(span: Duration) -> String {
    const UNITS: [(&str, u64); 5] = [
        ("year", 31_557_600),
        ("day", 86_400),
        ("hour", 3_600),
        ("minute", 60),
        ("second", 1),
    ];
    let mut rest = span.as_secs();
    let (mut words, mut last) = (Vec::new(), None);
    for (at, (name, secs)) in UNITS.into_iter().enumerate() {
        let count = rest / secs;
        rest %= secs;
        let follows = last.is_none_or(|last| last + 1 == at);
        if count > 0 && words.len() < 2 && follows {
            words.push(format!(
                "{count} {name}{}",
                if count == 1 { "" } else { "s" }
            ));
            last = Some(at);
        }
    }
    match words.is_empty() {
        true => "less than a second".to_owned(),
        false => words.join(" "),
    }
}

/// `3 days 2 hours before`, `5 minutes after`: where `time` lies from `now`.
pub(crate) fn apart(time: UnixTime, now: UnixTime) -> String {
    if time > now {
        format!("{} after", length(time.saturating_since(now)))
    } else {
        format!("{} before", length(now.saturating_since(time)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_sign_and_a_unit() {
        for (text, millis) in [
            ("-301", -301_000),
            ("5m", 300_000),
            ("+1h", 3_600_000),
            ("-2d", -172_800_000),
            ("250ms", 250),
        ] {
            assert_eq!(span(text), Ok(millis), "{text}");
        }
        for text in ["", "m", "5 m", "1w", "1.5h", "9223372036854775807d", "--5"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_are_rfc_3339_or_numbers() {
        let expected = UnixTime::from_secs(1_790_000_000);
        for text in [
            "1790000000",
            "1790000000000",
            "2026-09-21T14:13:20Z",
            "2026-09-21T16:13:20+02:00",
        ] {
            assert_eq!(time(text), Ok(expected), "{text}");
        }
        assert_eq!(exact(expected), "2026-09-21T14:13:20Z");
        let later = UnixTime::from_millis(expected.as_millis() + 5);
        assert_eq!(exact(later), "2026-09-21T14:13:20.005Z");
        assert_eq!(written(later), "2026-09-21T14:13:20Z");
        let never = UnixTime::from_millis(i64::MIN);
        assert_eq!(written(never), "-9223372036854776 s after 1970");
        assert!(time("yesterday").is_err());
    }

    #[test]
    fn lengths_have_two_units_that_follow_each_other() {
        let words = |secs| length(Duration::from_secs(secs));
        assert_eq!(words(0), "less than a second");
        assert_eq!(words(61), "1 minute 1 second");
        assert_eq!(words(86_400 * 3 + 7_200 + 59), "3 days 2 hours");
        assert_eq!(words(86_400 + 5), "1 day");
        assert_eq!(words(300), "5 minutes");
    }
}
