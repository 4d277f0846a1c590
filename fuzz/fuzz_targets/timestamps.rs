//! Signed times in every unit. The first byte chooses the unit, the next eight are the clock, the
//! rest is the time's text.
#![no_main]

use std::sync::LazyLock;

use hookgate::{
    RejectionKind, Source,
    clock::UnixTime,
    freshness::Tolerance,
    provider::{self, Provider},
    scheme::{Encoding, Header, Part, Scheme, TimeAt, TimeUnit},
};
use hookgate_fuzz::{source, tag};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

const UNITS: [TimeUnit; 5] = [
    TimeUnit::Seconds,
    TimeUnit::Millis,
    TimeUnit::Rfc3339,
    TimeUnit::SecondsOrMillis,
    TimeUnit::HttpDate,
];

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let row = |unit| Provider {
        scheme: Scheme {
            message: &[Part::Timestamp, Part::Literal("\n"), Part::Body],
            time: TimeAt::Header {
                header: Header::named("x-time"),
                unit,
            },
            ..provider::X_SIGNATURE.scheme
        },
        tolerance: Some(Tolerance::new(300, 60)),
        ..provider::X_SIGNATURE
    };
    UNITS.map(|unit| source(row(unit))).to_vec()
});

fuzz_target!(|input: &[u8]| {
    let Some((&unit, rest)) = input.split_first() else {
        return;
    };
    let Some((now, text)) = rest.split_first_chunk() else {
        return;
    };
    let unit = usize::from(unit) % UNITS.len();
    let now = UnixTime::from_millis(i64::from_le_bytes(*now));
    let Ok(value) = HeaderValue::from_bytes(text) else {
        return;
    };
    let request = Request::post("/")
        .header("x-time", value)
        .header("x-signature", tag(&[text, b"\nbody"], Encoding::Hex))
        .body(())
        .expect("a request");
    let found = SOURCES[unit].verify(&request.into_parts().0, "body", now);
    let found = found.map(|event| event.signed_at().expect("the scheme signs a time"));
    let kind = found.map_err(|why| why.kind());
    if let Ok(at) = kind {
        let age = i128::from(now.as_millis()) - i128::from(at.as_millis());
        let slack = match UNITS[unit] {
            TimeUnit::Seconds | TimeUnit::SecondsOrMillis | TimeUnit::HttpDate => 999,
            TimeUnit::Millis | TimeUnit::Rfc3339 => 0,
        };
        assert!((-60_000..=300_000 + slack).contains(&age), "{age} ms");
    }
    if let Some(expected) = expected(UNITS[unit], text, now) {
        assert_eq!(kind.map(|at| i128::from(at.as_millis())), expected);
    }
});

/// A second reading of numbers, with room to spare.
fn expected(unit: TimeUnit, text: &[u8], now: UnixTime) -> Option<Result<i128, RejectionKind>> {
    let factor = match unit {
        TimeUnit::Seconds => 1_000,
        TimeUnit::SecondsOrMillis if text.len() < 13 => 1_000,
        TimeUnit::SecondsOrMillis => 1,
        TimeUnit::Millis => 1,
        TimeUnit::Rfc3339 | TimeUnit::HttpDate => return None,
    };
    let parsed = std::str::from_utf8(text).ok().and_then(|text| {
        let number: i128 = text.parse().ok()?;
        let canonical = number.to_string() == text && number >= 0;
        number.checked_mul(factor).filter(|_| canonical)
    });
    let Some(at) = parsed.filter(|at| i64::try_from(*at).is_ok()) else {
        return Some(Err(RejectionKind::MalformedTimestamp));
    };
    if now < UnixTime::from_secs(1_000_000_000) {
        // A clock that has not been set judges nothing.
        return Some(Err(RejectionKind::Clock));
    }
    // Whole seconds are compared with whole seconds.
    let step = if unit == TimeUnit::Millis { 1 } else { 1_000 };
    let now = i128::from(now.as_millis()).div_euclid(step) * step;
    Some(match now - at {
        age if age > 300_000 => Err(RejectionKind::Stale),
        age if age < -60_000 => Err(RejectionKind::Future),
        _ => Ok(at),
    })
}
