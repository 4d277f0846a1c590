use time::{
    OffsetDateTime,
    format_description::well_known::{Rfc2822, Rfc3339},
};

use crate::{clock::UnixTime, freshness::Precision};

/// How a signed time is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TimeUnit {
    /// Decimal digits: seconds since the epoch.
    Seconds,
    /// Decimal digits: milliseconds since the epoch.
    Millis,
    /// Decimal digits: milliseconds when there are 13 of them or more (from 2001 on), otherwise
    /// seconds. For a sender that has been seen to write both.
    SecondsOrMillis,
    /// RFC 3339, e.g. `2026-11-22T08:00:00.123Z` or with an offset.
    Rfc3339,
    /// As in HTTP headers (`IMF-fixdate`, RFC 9110 section 5.6.7): `Sun, 22 Nov 2026 08:00:00 GMT`.
    HttpDate,
}

impl TimeUnit {
    /// Reads a time. Digits only, no sign, no leading zero, no white space; what does not fit is no
    /// time.
    pub(crate) fn parse(self, text: &[u8]) -> Option<UnixTime> {
        match self {
            Self::Seconds => {
                let secs = digits(text)?;
                secs.checked_mul(1_000).map(UnixTime::from_millis)
            }
            Self::Millis => digits(text).map(UnixTime::from_millis),
            Self::SecondsOrMillis if text.len() >= 13 => Self::Millis.parse(text),
            Self::SecondsOrMillis => Self::Seconds.parse(text),
            Self::Rfc3339 => {
                let millis = rfc3339_nanos(text)?.div_euclid(1_000_000);
                i64::try_from(millis).ok().map(UnixTime::from_millis)
            }
            Self::HttpDate => {
                // Of one length, and of the many zones of RFC 2822 the one that HTTP knows.
                let fixed = text.len() == 29 && text.ends_with(b" GMT");
                let text = std::str::from_utf8(text).ok().filter(|_| fixed)?;
                let time = OffsetDateTime::parse(text, &Rfc2822).ok()?;
                Some(UnixTime::from_secs(time.unix_timestamp()))
            }
        }
    }

    pub(crate) const fn precision(self) -> Precision {
        match self {
            Self::Seconds | Self::SecondsOrMillis | Self::HttpDate => Precision::Seconds,
            Self::Millis | Self::Rfc3339 => Precision::Millis,
        }
    }
}

/// Nanoseconds since the epoch.
pub(crate) fn rfc3339_nanos(text: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(text).ok().filter(|t| t.len() <= 64)?;
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    Some(time.unix_timestamp_nanos())
}

/// A number without a sign.
pub(crate) fn digits(text: &[u8]) -> Option<i64> {
    // A leading zero is refused because `1` + `0123` is also `10` + `123`: a body that stands right
    // before its time could lose its last zeros to it.
    let padded = text.len() > 1 && text.first() == Some(&b'0');
    if text.is_empty() || text.len() > 19 || padded || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_a_number() {
        assert_eq!(
            TimeUnit::Seconds.parse(b"1614265330"),
            Some(UnixTime::from_secs(1_614_265_330))
        );
        for bad in [
            "", "01", "00", " 1", "1 ", "+1", "-1", "1.0", "1e9", "0x1", "Infinity", "NaN",
            "\u{661}",
        ] {
            assert_eq!(TimeUnit::Seconds.parse(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_no_time() {
        assert_eq!(TimeUnit::Seconds.parse(b"9223372036854775807"), None);
        assert_eq!(TimeUnit::Seconds.parse(b"9223372036854775808"), None);
        assert_eq!(TimeUnit::Seconds.parse(&[b'9'; 100]), None);
        assert!(TimeUnit::Millis.parse(b"9223372036854775807").is_some());
    }

    #[test]
    fn rfc_3339_keeps_its_milliseconds_and_offset() {
        let parse = |text: &str| {
            TimeUnit::Rfc3339
                .parse(text.as_bytes())
                .map(UnixTime::as_millis)
        };
        assert_eq!(parse("1970-01-01T00:00:01.234567Z"), Some(1_234));
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Some(0));
        for bad in [
            "",
            "1970-01-01",
            "1970-01-01 00:00:00",
            "1970-13-01T00:00:00Z",
            "0",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_http_date_has_one_form() {
        let parse = |text: &str| TimeUnit::HttpDate.parse(text.as_bytes());
        // RFC 9110 section 5.6.7.
        let good = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(parse(good), Some(UnixTime::from_secs(784_111_777)));
        for bad in [
            "",
            "784111777",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06 Nov 1994 08:49:37 EST",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            " Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ",
            "Sun, 36 Nov 1994 08:49:37 GMT",
            "Son, 06 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }
}
