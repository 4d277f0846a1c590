//! The signature header in every grammar: never a panic, never accepted without the signature, and
//! accepted when it is built as the grammar says.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use data_encoding::{BASE64, HEXLOWER};
use hookgate::{
    Source,
    freshness::Tolerance,
    provider::{self, Provider},
    scheme::{Encoding, Grammar, MAX_CANDIDATES, Part, Scheme, TimeAt, TimeUnit},
};
use hookgate_fuzz::{NOW, source, tag};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    grammar: u8,
    base64: bool,
    pieces: Vec<Piece>,
}

#[derive(Arbitrary, Debug)]
enum Piece {
    Good,
    Forged([u8; 32]),
    Short(Vec<u8>),
    OtherVersion(u8),
    Time,
    OtherTime(i16),
    Raw(Vec<u8>),
}

const GRAMMARS: [Grammar; 5] = [
    Grammar::Bare,
    Grammar::Prefix("v1="),
    Grammar::Pairs {
        separator: b',',
        signature: "v1",
    },
    Grammar::Pairs {
        separator: b';',
        signature: "v1",
    },
    Grammar::SpaceList { version: "v1" },
];

static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let timeless = |grammar, encoding| Provider {
        scheme: Scheme {
            grammar,
            encoding,
            ..provider::X_SIGNATURE.scheme
        },
        ..provider::X_SIGNATURE
    };
    let timed = |row: Provider| Provider {
        scheme: Scheme {
            message: &[Part::Timestamp, Part::Literal("."), Part::Body],
            time: TimeAt::InSignature {
                key: "t",
                unit: TimeUnit::Seconds,
            },
            ..row.scheme
        },
        tolerance: Some(Tolerance::symmetric(300)),
        ..row
    };
    let all = GRAMMARS.iter().flat_map(|grammar| {
        [Encoding::Hex, Encoding::Base64].map(|encoding| timeless(*grammar, encoding))
    });
    all.map(|row| {
        source(if is_list(row.scheme.grammar) {
            timed(row)
        } else {
            row
        })
    })
    .collect()
});

fn is_list(grammar: Grammar) -> bool {
    matches!(grammar, Grammar::Pairs { .. })
}

fuzz_target!(|input: Input| {
    let at = usize::from(input.grammar) % GRAMMARS.len();
    let (grammar, source) = (GRAMMARS[at], &SOURCES[at * 2 + usize::from(input.base64)]);
    let encoding = if input.base64 {
        Encoding::Base64
    } else {
        Encoding::Hex
    };
    let good = if is_list(grammar) {
        tag(&[b"1790000000.body"], encoding)
    } else {
        tag(&[b"body"], encoding)
    };
    let (separator, start): (&[u8], &[u8]) = match grammar {
        Grammar::Bare => (b",", b""),
        Grammar::Prefix(_) => (b",", b"v1="),
        Grammar::Pairs {
            separator: b',', ..
        } => (b",", b"v1="),
        Grammar::Pairs { .. } => (b";", b"v1="),
        _ => (b" ", b"v1,"),
    };
    let write = |bytes: &[u8]| match encoding {
        Encoding::Hex => HEXLOWER.encode(bytes),
        _ => BASE64.encode(bytes),
    };
    let piece = |piece: &Piece| match piece {
        Piece::Good => [start, good.as_bytes()].concat(),
        Piece::Forged(bytes) => [start, write(bytes).as_bytes()].concat(),
        Piece::Short(bytes) => [start, write(bytes).as_bytes()].concat(),
        Piece::OtherVersion(n) => format!(
            "v{}{}x",
            *n as u32 + 2,
            start.last().map_or('=', |b| *b as char)
        )
        .into(),
        Piece::Time => b"t=1790000000".to_vec(),
        Piece::OtherTime(by) => format!("t={}", 1_790_000_000 + i64::from(*by)).into(),
        Piece::Raw(bytes) => bytes.clone(),
    };
    let pieces: Vec<_> = input.pieces.iter().map(piece).collect();
    let text = pieces.join(separator);
    let Ok(value) = HeaderValue::from_bytes(&text) else {
        return;
    };
    let request = Request::post("/")
        .header("x-signature", value)
        .body(())
        .expect("a request");
    let found = source.verify(&request.into_parts().0, "body", NOW);

    let count = |wanted: fn(&Piece) -> bool| input.pieces.iter().filter(|p| wanted(p)).count();
    let goods = count(|piece| matches!(piece, Piece::Good));
    let times = count(|piece| matches!(piece, Piece::Time));
    let tame = count(|piece| matches!(piece, Piece::Raw(_) | Piece::OtherTime(_))) == 0;
    let signatures = pieces
        .iter()
        .filter(|piece| piece.starts_with(start))
        .count();
    if found.is_ok() {
        let lower = |text: &[u8]| String::from_utf8_lossy(text).to_ascii_lowercase();
        let same = match encoding {
            Encoding::Hex => lower(&text).contains(&good),
            _ => text
                .windows(good.len())
                .any(|window| window == good.as_bytes()),
        };
        assert!(same, "accepted without the signature");
        assert!(
            signatures <= MAX_CANDIDATES || !tame,
            "more candidates than allowed"
        );
    }
    let expected = match grammar {
        Grammar::Bare | Grammar::Prefix(_) => input.pieces.len() == 1 && goods == 1,
        Grammar::Pairs { .. } => goods > 0 && times == 1 && signatures <= MAX_CANDIDATES,
        // An empty signature looks like the end of one header joined with another.
        Grammar::SpaceList { .. } => {
            goods > 0 && signatures <= MAX_CANDIDATES && !text.windows(2).any(|two| two == b", ")
        }
        // Not among GRAMMARS.
        _ => return,
    };
    // Longer headers are refused before they are read.
    if tame && text.len() <= 8 * 1024 {
        assert_eq!(
            found.is_ok(),
            expected,
            "{:?}",
            String::from_utf8_lossy(&text)
        );
    }
});
