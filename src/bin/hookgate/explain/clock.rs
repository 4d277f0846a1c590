//! How far the signed time is from the time by which it was judged.

use hookgate::{Event, RejectionKind, clock::UnixTime, freshness::Tolerance};

use super::{
    case::{Case, Freshness, Verdict},
    search::Hint,
};
use crate::shared::times::{apart, length, written};

/// What makes a delivery fresh whose signature is right; `None` when it is fresh.
pub(super) fn hint(case: &Case, event: &Event, now: UnixTime) -> Option<Hint> {
    let Verdict::Refused(why) = case.judge(now, Freshness::Counts) else {
        return None;
    };
    let (signed, tolerance) = (event.signed_at(), case.row.tolerance?);
    let Some(signed) = signed else {
        // A token that only says when it ends.
        let says = "the token's time is over, or has not begun".to_owned();
        return matches!(why, RejectionKind::Stale | RejectionKind::Future).then_some(Hint {
            kind: "clock",
            says,
        });
    };
    match why {
        RejectionKind::Stale | RejectionKind::Future => {
            Some(unit(case, signed, now).unwrap_or_else(|| off(why, tolerance, signed, now)))
        }
        RejectionKind::Clock => Some(Hint {
            kind: "clock",
            says: "this machine's clock is before 2001".to_owned(),
        }),
        _ => None,
    }
}

fn off(why: RejectionKind, tolerance: Tolerance, signed: UnixTime, now: UnixTime) -> Hint {
    let (least, most) = (tolerance.past(), tolerance.future());
    let (kind, allowed, rest) = match why {
        RejectionKind::Stale => {
            let behind = now.saturating_since(signed).saturating_sub(least);
            let rest = format!(
                "It would be taken by a clock that is {} or more behind, such as --at {}. When it \
                 has only just arrived, this machine's clock is ahead or the sender's is behind; \
                 when it has not, it is late or a replay",
                length(behind),
                written(signed)
            );
            ("clock_stale", length(least), rest)
        }
        _ => {
            let ahead = signed.saturating_since(now).saturating_sub(most);
            let rest = format!(
                "It would be taken by a clock that is {} or more ahead, such as --at {}. This \
                 machine's clock is behind, or the sender's is ahead",
                length(ahead),
                written(signed)
            );
            ("clock_future", length(most), rest)
        }
    };
    let says = format!(
        "the signature is right, but it was made at {}, {} it was judged; this preset takes {allowed}. {rest}",
        written(signed),
        apart(signed, now),
    );
    Hint { kind, says }
}

/// Seconds for milliseconds, or the other way round: the time would be fresh in the other unit.
fn unit(case: &Case, signed: UnixTime, now: UnixTime) -> Option<Hint> {
    let near = |time: UnixTime| {
        let precision = hookgate::freshness::Precision::Seconds;
        case.row
            .tolerance
            .is_some_and(|tolerance| tolerance.check(time, now, precision).is_ok())
    };
    let millis = signed.as_millis();
    let (wrote, wants) = if near(UnixTime::from_millis(millis / 1_000)) {
        ("milliseconds", "seconds")
    } else if near(UnixTime::from_millis(millis.saturating_mul(1_000))) {
        ("seconds", "milliseconds")
    } else {
        return None;
    };
    let says = format!(
        "the signature is right, but its time is written in {wrote}, and this preset reads {wants}"
    );
    Some(Hint {
        kind: "clock_unit",
        says,
    })
}
