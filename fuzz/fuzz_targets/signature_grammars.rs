//! The rarer grammars of signature texts (groups, positional and labelled lists, optional prefixes,
//! tokens): never a panic, never accepted without the signature and the time that it was made with,
//! and accepted when it is written as the grammar says.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hookgate::{
    Source,
    freshness::Tolerance,
    provider::{Provider, X_SIGNATURE},
    scheme::{ClaimedTime, Encoding, Grammar, MAX_CANDIDATES, Part, Scheme, TimeAt, TimeUnit},
};
use hookgate_fuzz::{NOW, source, tag};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    List(u8, Vec<Piece<'a>>),
    Token(Token<'a>),
}

#[derive(Arbitrary, Debug)]
enum Piece<'a> {
    Good,
    Forged([u8; 32]),
    Time(i8),
    Separator,
    Start,
    Raw(&'a [u8]),
}

/// What a token is made of.
#[derive(Arbitrary, Debug)]
struct Token<'a> {
    prefix: bool,
    head: Head<'a>,
    expires_in: i16,
    claims: Option<&'a [u8]>,
    forged: Option<[u8; 32]>,
    behind: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Head<'a> {
    Right,
    Other,
    Twice,
    None,
    Raw(&'a [u8]),
}

/// How a list is written: its grammar, what stands before a signature, and between two elements.
const LISTS: [(Grammar, &str, &str); 4] = [
    (Grammar::OptionalPrefix("v1="), "v1=", "v1="),
    (Grammar::Groups { signature: "v1" }, "v1=", ","),
    (Grammar::Positional { separator: b',' }, "", ","),
    (Grammar::Labelled, "id|", "&"),
];

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let rows = LISTS.iter().map(|(grammar, _, _)| {
        let scheme = Scheme {
            grammar: *grammar,
            ..X_SIGNATURE.scheme
        };
        if has_time(*grammar) {
            timed(scheme)
        } else {
            Provider {
                scheme,
                ..X_SIGNATURE
            }
        }
    });
    let token = Provider {
        scheme: Scheme {
            message: &[Part::Token],
            grammar: Grammar::Jwt {
                prefix: "Bearer ",
                alg: "HS256",
                issuer: "",
            },
            encoding: Encoding::Base64Url,
            time: TimeAt::Claims(ClaimedTime::Expiry),
            ..X_SIGNATURE.scheme
        },
        tolerance: Some(Tolerance::symmetric(60)),
        ..X_SIGNATURE
    };
    rows.chain([token]).map(source).collect()
});

fn timed(scheme: Scheme) -> Provider {
    Provider {
        scheme: Scheme {
            message: &[Part::Timestamp, Part::Literal("."), Part::Body],
            time: TimeAt::InSignature {
                key: "t",
                unit: TimeUnit::Seconds,
            },
            ..scheme
        },
        tolerance: Some(Tolerance::symmetric(100)),
        ..X_SIGNATURE
    }
}

const fn has_time(grammar: Grammar) -> bool {
    matches!(grammar, Grammar::Groups { .. } | Grammar::Positional { .. })
}

fuzz_target!(|input: Input| {
    match input {
        Input::List(at, pieces) => list(usize::from(at) % LISTS.len(), &pieces),
        Input::Token(token) => self::token(&token),
    }
});

fn accepts(source: &Source, text: &[u8]) -> bool {
    let Ok(value) = HeaderValue::from_bytes(text) else {
        return false;
    };
    let request = Request::post("/").header("x-signature", value).body(());
    let (parts, ()) = request.expect("a request").into_parts();
    source.verify(&parts, "body", NOW).is_ok()
}

fn list(at: usize, pieces: &[Piece]) {
    let (grammar, start, separator) = LISTS[at];
    let timed = has_time(grammar);
    let good = if timed {
        tag(&[b"1790000000.body"], Encoding::Hex)
    } else {
        tag(&[b"body"], Encoding::Hex)
    };
    let key = if matches!(grammar, Grammar::Groups { .. }) {
        "t="
    } else {
        ""
    };
    let write = |piece: &Piece| match piece {
        Piece::Good => good.clone().into_bytes(),
        Piece::Forged(bytes) => HEXLOWER.encode(bytes).into_bytes(),
        Piece::Time(by) => format!("{key}{}", 1_790_000_000 + i64::from(*by)).into_bytes(),
        Piece::Separator => separator.as_bytes().to_vec(),
        Piece::Start => start.as_bytes().to_vec(),
        Piece::Raw(bytes) => bytes.to_vec(),
    };
    let text: Vec<u8> = pieces.iter().flat_map(write).collect();
    if accepts(&SOURCES[at], &text) {
        let lower = String::from_utf8_lossy(&text).to_ascii_lowercase();
        assert!(lower.contains(&good), "accepted without the signature");
        assert!(!timed || lower.contains("1790000000"), "of another time");
        let signatures = lower.split([',', '&', ' ']).filter(|e| e.len() >= 64);
        assert!(signatures.count() <= MAX_CANDIDATES + 4);
    }
    // As the grammar says, with forged ones around it.
    let forged = pieces.iter().filter_map(|piece| match piece {
        Piece::Forged(bytes) => Some(HEXLOWER.encode(bytes)),
        _ => None,
    });
    let mut signatures: Vec<_> = forged.take(MAX_CANDIDATES - 1).collect();
    let place = pieces.len() % (signatures.len() + 1);
    signatures.insert(place, good);
    let one = matches!(grammar, Grammar::OptionalPrefix(_));
    let written = signatures.iter().map(|tag| format!("{start}{tag}"));
    let mut elements: Vec<_> = if one {
        vec![format!("{start}{}", signatures[place])]
    } else {
        written.collect()
    };
    if timed {
        elements.insert(0, format!("{key}1790000000"));
    }
    let canonical = elements.join(separator);
    assert!(accepts(&SOURCES[at], canonical.as_bytes()), "{canonical}");
}

fn token(token: &Token) {
    let encode = |text: &[u8]| BASE64URL_NOPAD.encode(text);
    let head = match token.head {
        Head::Right => encode(br#"{"typ":"JWT","alg":"HS256"}"#),
        Head::Other => encode(br#"{"alg":"HS512"}"#),
        Head::Twice => encode(br#"{"alg":"HS256","alg":"none"}"#),
        Head::None => encode(br#"{"alg":"none"}"#),
        Head::Raw(bytes) => encode(bytes),
    };
    let expires = 1_790_000_000 + i64::from(token.expires_in);
    let claims = format!(r#"{{"exp":{expires}}}"#);
    let claims = encode(token.claims.unwrap_or(claims.as_bytes()));
    let signed = format!("{head}.{claims}");
    let good = tag(&[signed.as_bytes()], Encoding::Base64);
    let good = good
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    let signature = token.forged.map_or(good, |bytes| encode(&bytes));
    let prefix = if token.prefix { "Bearer " } else { "" };
    let mut text = format!("{prefix}{signed}.{signature}").into_bytes();
    text.extend_from_slice(token.behind);

    let accepted = accepts(&SOURCES[LISTS.len()], &text);
    let whole = token.prefix && token.forged.is_none() && token.behind.is_empty();
    let fresh = token.claims.is_some() || token.expires_in >= -60;
    if accepted {
        let refused = matches!(token.head, Head::Other | Head::Twice | Head::None);
        assert!(whole && fresh && !refused, "{token:?}");
    }
    if whole && matches!(token.head, Head::Right) && token.claims.is_none() {
        assert_eq!(accepted, fresh, "{token:?}");
    }
}
