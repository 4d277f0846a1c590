//! Header families, and the ids that are signed in headers.

use hookgate::{
    RejectionKind,
    provider::{self, GITLAB, SHOPIFY, STANDARD_WEBHOOKS, SVIX},
    testing::Signer,
};
use http::Request;

use crate::{
    signed,
    support::{self, NOW, refusal, signature_header, signer, source, verify},
};

#[test]
fn header_families_are_never_mixed() {
    for row in [SVIX, SHOPIFY] {
        let families = row.families;
        let requests: Vec<_> = families
            .iter()
            .map(|family| {
                signer(row)
                    .with_family(family)
                    .with_id(family)
                    .sign("{}", NOW)
            })
            .collect();
        let source = source(row, &[1]);
        for (request, family) in requests.iter().zip(families) {
            let found = verify(&source, request.clone()).unwrap();
            assert_eq!(found.id().unwrap().value, *family);
        }
        // Every header from either family, in all combinations, with the signature of one or both.
        let pairs: Vec<_> = requests
            .iter()
            .flat_map(|request| request.headers().iter())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let needed = |family: &str| -> Vec<String> {
            let all = requests[0].headers().keys();
            all.map(|name| name.as_str().replacen(families[0], family, 1))
                .filter(|name| {
                    signed(&row, &name.replacen(family, families[0], 1))
                        || name.ends_with("timestamp")
                        || Some(name) == signature_header(&row, family).as_ref()
                })
                .collect()
        };
        for mask in 0_u32..1 << pairs.len() {
            let mut mixed = Request::post("/").body("{}".into()).unwrap();
            for (n, (name, value)) in pairs.iter().enumerate() {
                if mask & (1 << n) != 0 {
                    mixed.headers_mut().append(name.clone(), value.clone());
                }
            }
            let has = |name: &String| mixed.headers().contains_key(name);
            let first = families
                .iter()
                .find(|family| has(&signature_header(&row, family).unwrap()));
            let whole = first.filter(|family| needed(family).iter().all(has));
            let expected_id = whole.filter(|family| {
                has(&row
                    .envelope
                    .id
                    .iter()
                    .find_map(|field| match field {
                        provider::Field::Header(header) => Some(header.name_in(family)),
                        _ => None,
                    })
                    .unwrap())
            });
            let found = verify(&source, mixed);
            assert_eq!(found.is_ok(), whole.is_some(), "{} {mask:b}", row.slug);
            let found = found
                .ok()
                .and_then(|event| event.id().map(|id| id.value.clone()));
            assert_eq!(
                found.as_deref(),
                expected_id.copied(),
                "{} {mask:b}",
                row.slug
            );
        }
    }
}

#[test]
fn a_signature_that_is_taken_over_into_the_other_family_is_refused() {
    // The bytes are right; but the first family's signature is what counts, and it is wrong.
    for row in [SVIX, SHOPIFY] {
        let mut request = signer(row).with_family(row.families[1]).sign("{}", NOW);
        let forged = Signer::new(row, &support::secret(&row, 9)).unwrap();
        for (name, value) in forged
            .with_family(row.families[0])
            .sign("{}", NOW)
            .headers()
        {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        assert_eq!(
            refusal(&source(row, &[1]), request),
            RejectionKind::BadSignature
        );
    }
}

#[test]
fn a_full_stop_in_a_signed_id_is_refused() {
    for row in [STANDARD_WEBHOOKS, SVIX, GITLAB] {
        for id in ["a.b", ".", "a.", ".a"] {
            let request = signer(row).with_id(id).sign("{}", NOW);
            assert_eq!(
                refusal(&source(row, &[1]), request),
                RejectionKind::SignedHeader
            );
        }
        let request = signer(row).with_id("msg_2-x y~").sign("{}", NOW);
        assert!(verify(&source(row, &[1]), request).is_ok());
    }
}
