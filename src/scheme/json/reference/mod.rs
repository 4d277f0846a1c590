//! The same look-up on top of `serde_json`, to compare with.

mod bodies;
mod level;

use proptest::prelude::*;
use serde::de::IgnoredAny;

use self::{
    bodies::{damaged, pieces},
    level::reference,
};
use super::{Found, scan};

const PATHS: &[&[&str]] = &[
    &["/id"],
    &["/id", "/data", "/data/id", "/type"],
    &["/data/object/id", "/data/id", "/id/id", "/", "//"],
    &["", "/a", "/a/a", "/a/a/a", "/caf\u{e9}"],
];

fn agree(body: &[u8]) -> Result<(), TestCaseError> {
    let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
    for paths in PATHS {
        let found = scan(body, paths);
        if let Some(reference) = reference(body, paths) {
            prop_assert_eq!(found, reference, "{} {:?}", body.escape_ascii(), paths);
        } else if !is_json {
            let nothing = vec![Found::default(); paths.len()];
            prop_assert_eq!(found, nothing, "{} {:?}", body.escape_ascii(), paths);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn json_and_what_is_nearly_json(body in damaged()) {
        agree(&body)?;
    }

    #[test]
    fn heaps_of_pieces(body in pieces()) {
        agree(&body)?;
    }
}

#[test]
fn what_serde_json_has_no_form_for_is_there_without_a_text() {
    for odd in ["\"\\ud83d\"", "1e999", "\"\\ud83d\\ud83d\\ude00\""] {
        let body = format!("{{\"id\":{odd},\"type\":\"a\",\"data\":{{\"id\":\"b\"}}}}");
        let paths = ["/id", "/type", "/id/x", "/data/id"];
        assert_eq!(reference(body.as_bytes(), &paths), None, "{body}");
        let found = scan(body.as_bytes(), &paths);
        let texts: Vec<_> = found.iter().map(|found| found.text.as_deref()).collect();
        assert_eq!(texts, [None, Some("a"), None, Some("b")], "{body}");
        let present: Vec<_> = found.iter().map(|found| found.present).collect();
        assert_eq!(present, [true, true, false, true], "{body}");
    }
    for key in ["\\ud83d", "i\\udc00d"] {
        let body = format!("{{\"id\":\"a\",\"{key}\":1}}");
        assert_eq!(scan(body.as_bytes(), &["/id"]), [Found::default()]);
    }
}
