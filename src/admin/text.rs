//! Numbers, times and spans as people read them.

use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::UnixTime;

/// `12,345`.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `512 B`, `1.5 KiB`, `3.2 GiB`.
pub(super) fn bytes(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for larger in ["KiB", "MiB", "GiB", "TiB"] {
        if value < 1_024.0 {
            break;
        }
        (value, unit) = (value / 1_024.0, larger);
    }
    match unit {
        "B" => format!("{bytes} B"),
        _ => format!("{value:.1} {unit}"),
    }
}

/// A short time: `0.8 ms`, `12 ms`, `2.94 s`.
pub(super) fn took(took: Duration) -> String {
    let millis = took.as_secs_f64() * 1_000.0;
    match millis {
        ..10.0 => format!("{millis:.1} ms"),
        ..1_000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.2} s", millis / 1_000.0),
    }
}

/// A long time, in one unit: `45 s`, `12 min`, `7 h`, `30 d`.
pub(super) fn span(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        0..120 => format!("{secs} s"),
        120..7_200 => format!("{} min", secs / 60),
        7_200..172_800 => format!("{} h", secs / 3_600),
        _ => format!("{} d", secs / 86_400),
    }
}

/// `2026-11-26 08:18:03`, in UTC.
pub(super) fn time(time: UnixTime) -> String {
    let Ok(t) = OffsetDateTime::from_unix_timestamp(time.as_secs()) else {
        return "out of any calendar".to_owned();
    };
    let (date, clock) = (t.date(), t.time());
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

/// The time that a form's `datetime-local` field has, in UTC; seconds may be missing.
pub(super) fn parse_time(text: &str) -> Option<UnixTime> {
    let seconds = if text.len() == "2026-11-26T08:18".len() {
        ":00"
    } else {
        ""
    };
    let text = format!("{text}{seconds}Z");
    let format = &time::format_description::well_known::Rfc3339;
    let parsed = OffsetDateTime::parse(&text, format).ok()?;
    Some(UnixTime::from_secs(parsed.unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        assert_eq!(
            (count(0), count(999), count(1_234_567)),
            ("0".into(), "999".into(), "1,234,567".into())
        );
        assert_eq!(
            (bytes(1_023), bytes(1_536)),
            ("1023 B".into(), "1.5 KiB".into())
        );
        assert_eq!(bytes(u64::MAX), "16777216.0 TiB");
        for (millis, text) in [(1, "1.0 ms"), (12, "12 ms"), (2_940, "2.94 s")] {
            assert_eq!(took(Duration::from_millis(millis)), text);
        }
        for (secs, text) in [
            (119, "119 s"),
            (120, "2 min"),
            (7_200, "2 h"),
            (200_000, "2 d"),
        ] {
            assert_eq!(span(Duration::from_secs(secs)), text);
        }
    }

    #[test]
    fn times_are_written_and_read_in_utc() {
        let at = UnixTime::from_secs(1_795_681_083);
        assert_eq!(time(at), "2026-11-26 08:18:03");
        assert_eq!(parse_time("2026-11-26T08:18:03"), Some(at));
        assert_eq!(
            parse_time("2026-11-26T08:18"),
            Some(UnixTime::from_secs(1_795_681_080))
        );
        for bad in [
            "",
            "yesterday",
            "2026-13-01T00:00",
            "\u{20ac}\u{20ac}\u{20ac}\u{20ac}",
        ] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
        assert_eq!(time(UnixTime::from_millis(i64::MIN)), "out of any calendar");
    }
}
