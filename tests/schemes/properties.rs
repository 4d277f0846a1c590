//! The signer of every preset against its verification.

use std::time::Duration;

use bytes::Bytes;
use hookgate::{
    ConfigError, RejectionKind, Secret, Source,
    clock::UnixTime,
    provider::{self, Field, Provider},
    scheme::{ClaimedTime, Header, KeyDecoding, Listed, Scheme, TimeAt, TimeUnit},
    testing::Signer,
};
use http::{HeaderValue, Request};
use proptest::prelude::*;

use crate::support::{
    NOW, body, builder, has_room_for_two, refusal, secret, sign, signature_header, signer,
    signer_with, signs_raw_body, source, takes_any_bytes, verify, verify_at,
};

fn presets() -> impl Strategy<Value = Provider> {
    proptest::sample::select(provider::ALL.to_vec())
}

fn step(row: &Provider) -> Option<Duration> {
    match row.scheme.time {
        TimeAt::Nowhere => None,
        TimeAt::Claims(_) => Some(Duration::from_secs(1)),
        TimeAt::Header { unit, .. }
        | TimeAt::InSignature { unit, .. }
        | TimeAt::Param { unit, .. }
        | TimeAt::Body { unit, .. } => Some(match unit {
            TimeUnit::Seconds | TimeUnit::SecondsOrMillis | TimeUnit::HttpDate => {
                Duration::from_secs(1)
            }
            TimeUnit::Millis | TimeUnit::Rfc3339 => Duration::from_millis(1),
        }),
    }
}

/// Whether the row signs when a delivery was made, and not only until when it is good.
fn says_when(row: &Provider) -> bool {
    let only_until = matches!(row.scheme.time, TimeAt::Claims(ClaimedTime::Expiry));
    row.tolerance.is_some() && !only_until
}

fn before(time: UnixTime, by: Duration) -> UnixTime {
    UnixTime::from_millis(time.as_millis() - i64::try_from(by.as_millis()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..<_>::default() })]

    #[test]
    fn what_a_preset_signs_it_accepts(row in presets(), text in any::<Vec<u8>>()) {
        let body = body(&row, &text, NOW);
        let request = sign(row, body);
        let event = verify(&source(row, &[1]), request.clone()).unwrap();
        prop_assert_eq!(event.body(), request.body());
        prop_assert_eq!(event.secret_label(), "number-1");
        prop_assert_eq!(event.covers(), row.scheme.covers());
        prop_assert_eq!(event.signed_at().is_some(), says_when(&row));
    }

    #[test]
    fn a_flipped_bit_in_the_body_is_refused(
        row in presets(), text in proptest::collection::vec(any::<u8>(), 1..300), at: usize,
    ) {
        prop_assume!(signs_raw_body(&row));
        let mut request = sign(row, body(&row, &text, NOW));
        let mut flipped = request.body().to_vec();
        let at = at % (flipped.len() * 8);
        flipped[at / 8] ^= 1 << (at % 8);
        let opens = flipped.starts_with(row.scheme.opening.as_bytes());
        *request.body_mut() = flipped.into();
        let why = if opens { RejectionKind::BadSignature } else { RejectionKind::MissingPayload };
        prop_assert_eq!(refusal(&source(row, &[1]), request), why);
    }

    #[test]
    fn a_flipped_bit_in_the_signature_header_is_refused(
        row in presets(), text in any::<Vec<u8>>(), at: usize,
    ) {
        let mut request = sign(row, body(&row, &text, NOW));
        let family = row.families.first().copied().unwrap_or_default();
        let name = signature_header(&row, family);
        prop_assume!(name.is_some());
        let name = name.unwrap();
        let good = request.headers()[&name].as_bytes().to_vec();
        let mut flipped = good.clone();
        let at = at % (flipped.len() * 8);
        flipped[at / 8] ^= 1 << (at % 8);
        // The case of a hexadecimal digit says nothing; what is no header value never arrives.
        let says_the_same = flipped.eq_ignore_ascii_case(&good)
            && row.scheme.encoding == hookgate::scheme::Encoding::Hex
            && good[at / 8].is_ascii_hexdigit();
        if let Some(value) = HeaderValue::from_bytes(&flipped).ok().filter(|_| !says_the_same) {
            request.headers_mut().insert(http::HeaderName::try_from(name).unwrap(), value);
            prop_assert!(verify(&source(row, &[1]), request).is_err());
        }
    }

    #[test]
    fn any_other_secret_is_refused(row in presets(), text in any::<Vec<u8>>(), n in 2_u8..) {
        let request = sign(row, body(&row, &text, NOW));
        prop_assert_eq!(refusal(&source(row, &[n]), request), RejectionKind::BadSignature);
    }

    #[test]
    fn any_text_is_a_secret_of_its_own(one in "[ -~]{1,80}", other in "[ -~]{1,80}") {
        // HMAC pads keys with zeros and hashes long ones; no printable text below a block collides.
        let row = provider::X_SIGNATURE;
        prop_assume!(one != other && !one.trim().is_empty() && !other.trim().is_empty());
        prop_assume!(one.len() <= 64 && other.len() <= 64);
        let secret = |text: &str| Secret::new(text).unwrap();
        let request = Signer::new(row, &secret(&one)).unwrap().sign("{}", NOW);
        let source = Source::builder("s", row).add_secret(secret(&other)).build().unwrap();
        prop_assert_eq!(refusal(&source, request), RejectionKind::BadSignature);
    }

    #[test]
    fn bytes_do_not_move_between_the_signed_parts(row in presets(), text in "[.:0-9]{1,40}") {
        // A body of separators and digits is what a bad split would feed on.
        prop_assume!(signs_raw_body(&row) && takes_any_bytes(&row));
        let request = sign(row, text);
        let source = source(row, &[1]);
        let (body, len) = (request.body(), request.body().len());
        let mut moved = request.clone();
        for cut in 1..=len {
            for (name, value) in request.headers() {
                let value = value.as_bytes();
                let longer = [
                    (body.slice(cut..), value.to_vec()),
                    (body.slice(cut..), [value, &body[..cut]].concat()),
                    (body.slice(..len - cut), [&body[len - cut..], value].concat()),
                ];
                for (rest, longer) in longer {
                    *moved.headers_mut() = request.headers().clone();
                    *moved.body_mut() = rest;
                    let longer = HeaderValue::from_bytes(&longer).unwrap();
                    moved.headers_mut().insert(name.clone(), longer);
                    prop_assert!(verify(&source, moved.clone()).is_err());
                }
            }
        }
    }
}

#[test]
fn freshness_ends_exactly_at_the_tolerance_in_both_directions() {
    for row in provider::ALL {
        let (Some(tolerance), Some(step)) = (row.tolerance, step(row)) else {
            continue;
        };
        let source = source(*row, &[1]);
        let judge = |now| verify_at(&source, sign(*row, body(row, b"", NOW)), now).map(|_| ());
        let last = NOW.saturating_add(tolerance.past());
        assert_eq!(judge(last), Ok(()), "{}", row.slug);
        let late = judge(last.saturating_add(step));
        assert_eq!(late, Err(RejectionKind::Stale), "{}", row.slug);
        let first = before(NOW, tolerance.future());
        assert_eq!(judge(first), Ok(()), "{}", row.slug);
        let early = judge(before(first, step));
        let expected = match says_when(row) {
            true => Err(RejectionKind::Future),
            false => Ok(()),
        };
        assert_eq!(early, expected, "{}", row.slug);
    }
}

#[test]
fn a_clock_between_two_seconds_costs_nothing_of_the_tolerance() {
    for row in provider::ALL
        .iter()
        .filter(|row| step(row) == Some(Duration::from_secs(1)))
    {
        let last = NOW.saturating_add(row.tolerance.unwrap().past() + Duration::from_millis(999));
        let request = sign(*row, body(row, b"", NOW));
        assert!(
            verify_at(&source(*row, &[1]), request, last).is_ok(),
            "{}",
            row.slug
        );
    }
}

#[test]
fn freshness_can_be_turned_off_by_name_only() {
    for row in provider::ALL.iter().filter(|row| row.tolerance.is_some()) {
        let off = builder(*row, &[1])
            .dangerous()
            .without_freshness()
            .build()
            .unwrap();
        for years in [-20_i64, 20] {
            let now = UnixTime::from_secs(NOW.as_secs() + years * 365 * 86_400);
            let request = sign(*row, body(row, b"", NOW));
            let event = verify_at(&off, request.clone(), now).unwrap();
            let when = says_when(row).then_some(NOW);
            assert_eq!(event.signed_at(), when, "{}", row.slug);
            let fresh = verify_at(&source(*row, &[1]), request, now).is_ok();
            assert_eq!(fresh, years < 0 && when.is_none(), "{}", row.slug);
        }
    }
}

#[test]
fn during_a_rotation_both_secrets_are_accepted_and_afterwards_only_the_new_one() {
    for row in provider::ALL {
        let source = source(*row, &[1]);
        let old = sign(*row, body(row, b"rotation", NOW));
        let new = signer_with(*row, 2).sign(body(row, b"rotation", NOW), NOW);
        let label = |request: &Request<Bytes>| {
            verify(&source, request.clone()).map(|event| event.secret_label().to_owned())
        };
        assert_eq!(
            label(&new),
            Err(RejectionKind::BadSignature),
            "{}",
            row.slug
        );
        source
            .add_secret(&secret(row, 2).with_label("new").unwrap())
            .unwrap();
        assert_eq!(label(&old).as_deref(), Ok("number-1"), "{}", row.slug);
        assert_eq!(label(&new).as_deref(), Ok("new"), "{}", row.slug);
        source.remove_secret("number-1").unwrap();
        assert_eq!(
            label(&old),
            Err(RejectionKind::BadSignature),
            "{}",
            row.slug
        );
        assert_eq!(label(&new).as_deref(), Ok("new"), "{}", row.slug);
        assert!(source.remove_secret("new").is_err(), "the last one stays");
        assert!(source.remove_secret("number-1").is_err(), "it is gone");
        assert_eq!(source.secret_labels(), ["new"]);
    }
}

#[test]
fn a_sender_that_signs_with_both_secrets_is_accepted_by_either() {
    for row in provider::ALL {
        let both = signer(*row).add_secret(&secret(row, 2)).unwrap();
        let request = both.sign(body(row, b"", NOW), NOW);
        assert!(
            verify(&source(*row, &[2]), request.clone()).is_ok(),
            "{}",
            row.slug
        );
        assert_eq!(
            verify(&source(*row, &[1]), request).is_ok(),
            has_room_for_two(row),
            "{}",
            row.slug
        );
    }
}

#[test]
fn one_secret_under_two_labels_is_refused_because_removing_one_would_not_revoke_it() {
    for row in provider::ALL {
        let source = source(*row, &[1]);
        let again = secret(row, 1).with_label("again").unwrap();
        let found = source.add_secret(&again);
        let refused = matches!(found, Err(ConfigError::Duplicate { what: "secret", .. }));
        assert!(refused, "{}: {found:?}", row.slug);
        assert_eq!(source.secret_labels(), ["number-1"]);
    }
}

#[test]
fn eight_secrets_are_the_most_and_all_of_them_count() {
    for row in provider::ALL {
        let source = source(*row, &[8, 7, 6, 5, 4, 3, 2, 1]);
        assert!(source.add_secret(&secret(row, 9)).is_err());
        let event = verify(&source, sign(*row, body(row, b"", NOW))).unwrap();
        assert_eq!(event.secret_label(), "number-1");
    }
}

#[test]
fn one_preset_accepts_what_another_signed_only_where_they_are_the_same_scheme() {
    for signed in provider::ALL {
        let request = sign(*signed, body(signed, b"{}", NOW));
        for judge in provider::ALL.iter().filter(|row| row.slug != signed.slug) {
            let found = verify(&source(*judge, &[1]), request.clone());
            assert_eq!(
                found.is_ok(),
                reads(judge, signed),
                "{} at {}: {:?}",
                signed.slug,
                judge.slug,
                found.err()
            );
        }
    }
}

/// Whether the judge reads what the signer of the other row wrote as it was meant: one of its ways of
/// signing is the signer's, word by word.
fn reads(judge: &Provider, signed: &Provider) -> bool {
    let written = described(
        &signed.scheme,
        signed.families.first().copied().unwrap_or_default(),
    );
    let families = if judge.families.is_empty() {
        &[""]
    } else {
        judge.families
    };
    let mut ways = std::iter::successors(Some(&judge.scheme), |scheme| scheme.older);
    ways.any(|way| {
        families
            .iter()
            .any(|family| described(way, family) == written)
            || asks_less_of_a_token(way, &signed.scheme)
    }) && judge.payload == signed.payload
        && lists_enough(judge, signed)
}

/// Whether the signer lists the headers that the judge insists on.
fn lists_enough(judge: &Provider, signed: &Provider) -> bool {
    let required = |row: &Provider| row.scheme.listed.map_or(&[][..], |listed| listed.required);
    let ids = signed.envelope.id.iter().filter_map(|field| match field {
        Field::Header(header) => Some(*header),
        _ => None,
    });
    let listed: Vec<_> = required(signed).iter().copied().chain(ids).collect();
    let is_listed = |header: &Header| listed.iter().any(|l| l.name_in("") == header.name_in(""));
    required(judge).iter().all(is_listed)
}

/// Whether the judge takes the other's token because it wants nothing in it but a time until when.
fn asks_less_of_a_token(judge: &Scheme, signed: &Scheme) -> bool {
    let until = TimeAt::Claims(ClaimedTime::Expiry);
    let judge_wants_little = judge.digest.is_none()
        && judge.url_digest.is_none()
        && format!("{:?}", judge.time) == format!("{until:?}");
    let has_expiry = matches!(
        signed.time,
        TimeAt::Claims(ClaimedTime::Window | ClaimedTime::Expiry)
    );
    let bare = Scheme {
        time: until,
        digest: None,
        url_digest: None,
        ..*signed
    };
    judge_wants_little && has_expiry && described(judge, "") == described(&bare, "")
}

fn described(scheme: &Scheme, family: &str) -> String {
    // The secrets of the tests are the same bytes in all of their forms but two.
    let alone = Scheme {
        older: None,
        listed: scheme.listed.map(|listed| Listed {
            required: &[],
            ..listed
        }),
        key: match scheme.key {
            KeyDecoding::Text | KeyDecoding::Nfkd => KeyDecoding::Text,
            KeyDecoding::Sha1 => KeyDecoding::Sha1,
            _ => KeyDecoding::Hex,
        },
        ..*scheme
    };
    let text = format!("{alone:?}");
    // `Header { name: "id", in_family: true }` under its whole name.
    let mut parts = text.split("Header { name: \"");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("\", in_family: ").unwrap();
        let (in_family, rest) = rest.split_once(" }").unwrap();
        let prefix = if in_family == "true" { family } else { "" };
        whole += &format!("Header({prefix}{name}){rest}");
    }
    whole
}
