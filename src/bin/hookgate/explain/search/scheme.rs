//! Other ways of signing: those of other presets, and other algorithms in this one's place.

use hookgate::{
    provider,
    scheme::{Algorithm, Encoding, Grammar, SignatureAt},
};

use super::Hint;
use crate::{
    explain::{case::Case, change::Change},
    shared::carrier::ways,
};

const ALGORITHMS: [(Algorithm, &str); 5] = [
    (Algorithm::HmacSha256, "HMAC-SHA256"),
    (Algorithm::HmacSha1ForLegacyUseOnly, "HMAC-SHA1"),
    (Algorithm::HmacSha512, "HMAC-SHA512"),
    (Algorithm::HmacSha384, "HMAC-SHA384"),
    (Algorithm::HmacMd5ForLegacyUseOnly, "HMAC-MD5"),
];

const ENCODINGS: [(Encoding, &str); 3] = [
    (Encoding::Hex, "hexadecimal digits"),
    (Encoding::Base64, "base64"),
    (Encoding::Base64Url, "base64 for URLs"),
];

/// What stands before signatures in headers of their own.
const PREFIXES: [&str; 9] = [
    "sha256=",
    "sha1=",
    "sha512=",
    "sha384=",
    "md5=",
    "v1=",
    "hmac-sha256=",
    "Bearer ",
    "HMAC ",
];

/// A hint of this kind names one preset; all of them are made one hint in the end.
const PRESET: &str = "other_preset";

pub(super) fn changes(case: &Case) -> Vec<Change> {
    let row = &case.row;
    let others = provider::ALL.iter().filter(|other| other.slug != row.slug);
    let mut all: Vec<_> = others
        .map(|other| Change::row(PRESET, other.slug, *other))
        .collect();
    for (at, way) in ways(&row.scheme).enumerate().skip(1) {
        let mut older = *row;
        older.scheme = *way;
        older.scheme.older = None;
        let says = format!(
            "the sender's older signature (way {} of this preset) is right, and the newer one beside \
             it is not: an older one counts only where there is no newer one",
            at + 1
        );
        all.push(Change::row("older_way", says, older));
    }
    if !matches!(row.scheme.algorithm, Algorithm::Token) {
        all.extend(algorithms(case));
    }
    all
}

fn algorithms(case: &Case) -> Vec<Change> {
    let row = &case.row;
    let mut all = Vec::new();
    for grammar in grammars(case) {
        for (algorithm, name) in ALGORITHMS {
            for (encoding, written) in ENCODINGS {
                let mut other = *row;
                other.scheme.algorithm = algorithm;
                other.scheme.encoding = encoding;
                other.scheme.grammar = grammar;
                other.scheme.older = None;
                let says =
                    format!("this signature is {name} in {written}: not what this preset is");
                all.push(Change::row("other_algorithm", says, other));
            }
        }
    }
    all
}

/// The row's own grammar, and where that is one signature alone, those of the delivery's prefix.
fn grammars(case: &Case) -> Vec<Grammar> {
    let scheme = &case.row.scheme;
    let mut grammars = vec![scheme.grammar];
    let is_alone = matches!(
        scheme.grammar,
        Grammar::Bare | Grammar::Prefix(_) | Grammar::OptionalPrefix(_)
    );
    if let (true, SignatureAt::Header(header)) = (is_alone, scheme.signature) {
        let family = case.row.families.first().copied().unwrap_or_default();
        let value = case.parts.headers.get(header.name_in(family));
        let has = |prefix: &&str| {
            value.is_some_and(|value| value.as_bytes().starts_with(prefix.as_bytes()))
        };
        let prefix = PREFIXES.into_iter().filter(has).map(Grammar::Prefix);
        grammars.extend(prefix.chain([Grammar::Bare]));
    }
    grammars
}

/// One hint for all presets that fit, and nothing of algorithms where a preset does.
pub(super) fn summarize(hints: &mut Vec<Hint>) {
    let presets = hints.iter().filter(|hint| hint.kind == PRESET);
    let slugs: Vec<_> = presets.map(|hint| hint.says.as_str()).collect();
    if slugs.is_empty() {
        hints.truncate(1);
        return;
    }
    let shown = slugs.iter().take(6).copied().collect::<Vec<_>>().join(", ");
    let more = match slugs.len() {
        ..=6 => String::new(),
        all => format!(" and {} more", all - 6),
    };
    let says = format!("the delivery is signed as by {shown}{more}: another preset than this");
    *hints = vec![Hint { kind: PRESET, says }];
}
