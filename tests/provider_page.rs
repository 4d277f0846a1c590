//! The page of providers (`src/docs/providers.md`) is generated from the rows, and the README names
//! them all. Run with `HOOKGATE_WRITE_PAGE=1` to write both.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "provider_page/handshake.rs"]
mod handshake;

use std::{fmt::Write, fs};

use hookgate::{
    event::Covers,
    provider::{self, Confidence, Field, NoId, Payload, Provider, Retries, SignedTime},
    scheme::{
        Algorithm, DigestAt, Encoding, Grammar, Header, KeyDecoding, KeyId, Part, Scheme,
        SignatureAt, TimeAt,
    },
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/providers.md");
const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const START: &str = "<!-- providers: written by tests/provider_page.rs -->\n";
const END: &str = "<!-- /providers -->";

#[test]
fn the_page_is_that_of_the_rows() {
    let page = fs::read_to_string(PAGE).unwrap_or_default();
    let start = page.find(START).expect("the mark of the generated part") + START.len();
    let wanted = format!("{}{}", &page[..start], rows());
    compare_or_write(PAGE, &page, &wanted);
}

#[test]
fn the_readme_names_every_preset() {
    let readme = fs::read_to_string(README).unwrap();
    let start = readme.find(START).expect("the mark of the generated part") + START.len();
    let end = readme.find(END).expect("its end");
    let wanted = format!("{}{}{}", &readme[..start], list(), &readme[end..]);
    compare_or_write(README, &readme, &wanted);
}

#[test]
fn every_row_has_a_source_a_date_and_a_name() {
    for row in provider::ALL {
        let evidence = row.evidence;
        assert!(!evidence.sources.is_empty(), "{}: no source", row.slug);
        assert!(
            evidence.sources.iter().all(|source| source.len() > 8),
            "{}: {:?}",
            row.slug,
            evidence.sources
        );
        assert!(evidence.checked.starts_with("20"), "{}: no date", row.slug);
        assert!(!row.name.is_empty(), "{}: no name", row.slug);
        let certain = matches!(
            evidence.confidence,
            Confidence::OfficialSdk | Confidence::OfficialDoc | Confidence::Convention
        );
        assert!(
            certain || !evidence.unsure.is_empty(),
            "{}: facts of others, and nothing is said to be unsure",
            row.slug
        );
    }
}

#[test]
fn the_guide_names_those_that_never_come_again() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/delivery.md");
    let guide = fs::read_to_string(guide).unwrap();
    let section = guide.split("## Senders that never come again").nth(1);
    let section = section.and_then(|rest| rest.split("\n## ").next()).unwrap();
    let first = section.split("deliver each event once").next().unwrap();
    for row in provider::ALL {
        let never = row.sender.retries == Retries::Never;
        let named = first.contains(&format!("`{}`", row.slug));
        assert_eq!(named, never, "{}", row.slug);
    }
}

fn compare_or_write(path: &str, found: &str, wanted: &str) {
    if std::env::var_os("HOOKGATE_WRITE_PAGE").is_some() {
        fs::write(path, wanted).unwrap();
        return;
    }
    if found != wanted {
        let mut lines = found.lines().zip(wanted.lines());
        let first = lines.find(|(found, wanted)| found != wanted);
        panic!("{path} is not that of the rows (HOOKGATE_WRITE_PAGE=1 writes it): {first:?}");
    }
}

/// The README's list: `slug`, ten a line or so.
fn list() -> String {
    let names: Vec<_> = provider::ALL
        .iter()
        .map(|row| format!("`{}`", row.slug))
        .collect();
    let (mut text, mut line) = (String::new(), String::new());
    for (at, name) in names.iter().enumerate() {
        let end = if at + 1 == names.len() { "." } else { "," };
        if line.len() + name.len() > 112 {
            writeln!(text, "{}", line.trim_end()).unwrap();
            line.clear();
        }
        write!(line, "{name}{end} ").unwrap();
    }
    writeln!(text, "{}", line.trim_end()).unwrap();
    format!("{} presets:\n\n{text}", names.len())
}

fn rows() -> String {
    let mut page = format!("\n{} presets.\n", provider::ALL.len());
    for row in provider::ALL {
        page.push_str(&section(row));
    }
    page
}

fn section(row: &Provider) -> String {
    let mut text = format!("\n## `{}`: {}\n\n", row.slug, row.name);
    let mut line = |what: &str, says: String| writeln!(text, "- {what}: {says}").unwrap();
    for (way, scheme) in ways(&row.scheme).enumerate() {
        let what = if way == 0 {
            "signed"
        } else {
            "or, in its absence"
        };
        line(what, signed(row, scheme));
    }
    line("covers", covers(row.scheme.covers()).to_owned());
    line("secret", secret(&row.scheme));
    line("freshness", freshness(row));
    line("event id", id(row));
    line(
        "remembered for",
        format!("{} h", row.dedup_window().as_secs().div_ceil(3_600)),
    );
    line("sender", sender(row));
    if let Some(handshake) = handshake::says(row.handshake) {
        line("handshake", handshake);
    }
    if let Some(replies) = replies(row) {
        line("replies", replies);
    }
    line("confidence", confidence(row));
    let sources = row.evidence.sources.iter().map(|source| {
        let words = source.split(' ').map(|word| {
            let link = word.trim_end_matches([',', ';']);
            if link.starts_with("https://") {
                word.replacen(link, &format!("<{link}>"), 1)
            } else {
                word.to_owned()
            }
        });
        words.collect::<Vec<_>>().join(" ")
    });
    line("read", sources.collect::<Vec<_>>().join("; "));
    if !row.evidence.unsure.is_empty() {
        let text = row.evidence.unsure.replace('[', "\\[").replace(']', "\\]");
        line("less than certain", text);
    }
    text
}

fn ways(scheme: &Scheme) -> impl Iterator<Item = &Scheme> {
    std::iter::successors(Some(scheme), |scheme| scheme.older)
}

/// `HMAC-SHA256, hex, in x-signature, of time "." body`.
fn signed(row: &Provider, scheme: &Scheme) -> String {
    let place = place(row, scheme);
    let form = match scheme.grammar {
        Grammar::Bare => String::new(),
        Grammar::Prefix(prefix) => format!(" after `{}`", prefix.trim_end()),
        Grammar::OptionalPrefix(prefix) => format!(" after `{prefix}` or alone"),
        Grammar::Pairs {
            separator,
            signature,
        } => {
            let separator = char::from(separator);
            format!(" as `{signature}=` between `{separator}{}`", scheme.gap)
        }
        Grammar::Groups { signature } => format!(" as `{signature}=` in groups"),
        Grammar::Positional { separator } => format!(" in a list with `{}`", char::from(separator)),
        Grammar::SpaceList { version } => format!(" as `{version},` in a list with spaces"),
        Grammar::Labelled => " in a list of `key id|signature`".to_owned(),
        Grammar::Jwt { alg, .. } => format!(", a token with `{alg}`"),
    };
    if matches!(scheme.algorithm, Algorithm::Token) {
        let what = match scheme.encoding {
            Encoding::Base64Token => "user and password",
            _ => "a shared token",
        };
        return format!("nothing; {what} in {place}{form}");
    }
    let mut messages: Vec<_> = std::iter::once(&scheme.message)
        .chain(scheme.variants)
        .map(|message| parts(message))
        .collect();
    messages.dedup();
    let mut text = format!(
        "{}, {}, in {place}{form}, of {}",
        algorithm(scheme.algorithm),
        encoding(scheme.encoding),
        messages.join(", or of ")
    );
    match scheme.digest {
        Some(DigestAt::Query(name)) => {
            write!(text, "; the query's `{name}` is the body's SHA-256").unwrap();
        }
        Some(DigestAt::Claim(path, _) | DigestAt::ClaimUnlessEmpty(path, _)) => {
            write!(text, "; its claim `{}` is the body's SHA-256", &path[1..]).unwrap();
        }
        None => {}
    }
    if let Some(path) = scheme.url_digest {
        write!(text, "; its claim `{}` is the URL's SHA-256", &path[1..]).unwrap();
    }
    if let Some(path) = scheme.items {
        write!(text, "; for each item of `{path}`").unwrap();
    }
    text
}

fn place(row: &Provider, scheme: &Scheme) -> String {
    match scheme.signature {
        SignatureAt::Header(header) => names(row, header),
        SignatureAt::AnyOf(headers) => {
            let headers: Vec<_> = headers.iter().map(|header| names(row, *header)).collect();
            headers.join(" or ")
        }
        SignatureAt::Lines(header) => format!("lines of {}", names(row, header)),
        SignatureAt::Numbered(header) => {
            let name = header.name_in("");
            format!("`{name}1`, `{name}2` …")
        }
        SignatureAt::Query(name) => format!("the query's `{name}`"),
        SignatureAt::Field(path) => format!("the payload's `{path}`"),
        SignatureAt::Param(name) => format!("the parameter `{name}`"),
        SignatureAt::Nowhere => "nothing".to_owned(),
    }
}

fn names(row: &Provider, header: Header) -> String {
    let families = if row.families.is_empty() {
        &[""]
    } else {
        row.families
    };
    let mut names: Vec<_> = families
        .iter()
        .map(|family| format!("`{}`", header.name_in(family)))
        .collect();
    names.dedup();
    names.join(" or ")
}

fn algorithm(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HmacSha256 => "HMAC-SHA256",
        Algorithm::HmacSha384 => "HMAC-SHA384",
        Algorithm::HmacSha512 => "HMAC-SHA512",
        Algorithm::HmacSha1ForLegacyUseOnly => "HMAC-SHA1",
        Algorithm::HmacMd5ForLegacyUseOnly => "HMAC-MD5",
        Algorithm::Sha256SecretFirstForLegacyUseOnly => "SHA-256 of secret and text",
        Algorithm::Sha256SecretLastForLegacyUseOnly => "SHA-256 of text and secret",
        Algorithm::Sha1SecretLastForLegacyUseOnly => "SHA-1 of text and secret",
        Algorithm::Token => "token",
    }
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Hex => "hex",
        Encoding::Base64 | Encoding::Base64Token => "base64",
        Encoding::Base64Url => "base64url",
        Encoding::Token => "as it is",
    }
}

fn parts(message: &[Part]) -> String {
    let words: Vec<_> = message.iter().map(part).collect();
    words.join(" ")
}

fn part(part: &Part) -> String {
    match part {
        Part::Body => "body".to_owned(),
        Part::Payload => "payload".to_owned(),
        Part::BodySha256 => "the body's SHA-256".to_owned(),
        Part::Header(header) => format!("`{}`", header.name_in("…-")),
        Part::Literal(text) => format!("`{}`", text.escape_debug()),
        Part::Timestamp => "time".to_owned(),
        Part::PublicUrl => "the configured URL".to_owned(),
        Part::Url(_) => "the request's public URL".to_owned(),
        Part::UnescapedUrl(_) => "the request's public URL with some escapes undone".to_owned(),
        Part::Method => "method".to_owned(),
        Part::EscapedTarget => "path and query, escaped".to_owned(),
        Part::Query(name, _) => format!("the query's `{name}`"),
        Part::SortedQuery => "the query, sorted".to_owned(),
        Part::SortedForm(_) => "the form, sorted".to_owned(),
        Part::SortedParams => "all parameters, sorted".to_owned(),
        Part::Field(path) | Part::FreeField(path) => format!("`{path}`"),
        Part::ListedNames => "the listed names".to_owned(),
        Part::ListedValues(_) | Part::ListedPairs(_) => "the listed headers".to_owned(),
        Part::Token => "the token".to_owned(),
        Part::Optional(inner) => format!("({})", parts(inner)),
    }
}

fn covers(covers: Covers) -> &'static str {
    match covers {
        Covers::Body => "the body",
        Covers::Fields => "**some fields**, not the body",
        Covers::Sender => "**nothing of the body**: only the sender is known",
        Covers::Nothing => "**nothing**",
    }
}

fn secret(scheme: &Scheme) -> String {
    let key = match scheme.key {
        KeyDecoding::Text if matches!(scheme.encoding, Encoding::Base64Token) => {
            "`user:password`".to_owned()
        }
        KeyDecoding::Text => "text".to_owned(),
        KeyDecoding::Base64 { prefix: "" } => "base64".to_owned(),
        KeyDecoding::Base64 { prefix } => format!("base64 after `{prefix}`, which may be left out"),
        KeyDecoding::Base64OrText { prefix } => {
            format!("base64 after `{prefix}`, or text without it")
        }
        KeyDecoding::Base64AfterUnderscore => "base64 after the last underscore".to_owned(),
        KeyDecoding::Hex => "hex".to_owned(),
        KeyDecoding::Nfkd => "text, normalized (NFKD)".to_owned(),
        KeyDecoding::Sha1 => "text, of which the SHA-1 is the key".to_owned(),
    };
    match scheme.key_id {
        KeyId::None => key,
        KeyId::Header(header) => {
            format!("`id:secret`, {key}; the id is in `{}`", header.name_in(""))
        }
        KeyId::Configured => format!("`id:secret`, {key}"),
    }
}

fn freshness(row: &Provider) -> String {
    let Some(tolerance) = row.tolerance else {
        return "no time is signed".to_owned();
    };
    let (past, future) = (tolerance.past().as_secs(), tolerance.future().as_secs());
    let place = match row.scheme.time {
        TimeAt::Body { path, .. } => format!(", by the payload's `{path}`"),
        TimeAt::Param { name, .. } => format!(", by the parameter `{name}`"),
        TimeAt::Claims(_) => ", by the token's claims".to_owned(),
        _ => String::new(),
    };
    let whose = match row.sender.signed_time {
        SignedTime::Attempt => "; each attempt is signed anew",
        SignedTime::Event => "; a retry has the first attempt's time",
        SignedTime::Unknown => "",
    };
    if past == future {
        format!("±{past} s{place}{whose}")
    } else {
        format!("{past} s into the past, {future} s into the future{place}{whose}")
    }
}

fn id(row: &Provider) -> String {
    let mut places: Vec<_> = row.envelope.id.iter().map(|id| field(row, id)).collect();
    places.dedup();
    if !places.is_empty() {
        return places.join("; else ");
    }
    match row.no_id {
        NoId::BodyDigest => "none: the digest of the body stands in for it".to_owned(),
        NoId::AcceptAll => "none: duplicates are not noticed".to_owned(),
    }
}

/// Where a field is, and whether it is signed.
fn field(row: &Provider, field: &Field) -> String {
    let says = |signed: bool| if signed { "signed" } else { "unsigned" };
    let signed = |is_it: &dyn Fn(&Part) -> bool| {
        let flat = row.scheme.message.iter().flat_map(|part| match part {
            Part::Optional(inner) => *inner,
            part => std::slice::from_ref(part),
        });
        flat.into_iter().any(is_it)
    };
    match field {
        Field::Header(header) => {
            let named = |part: &Part| matches!(part, Part::Header(h) if h.name_in("") == header.name_in(""));
            let says = match row.scheme.listed {
                Some(_) => "signed when listed",
                None => says(signed(&named)),
            };
            format!("{}, {says}", names(row, *header))
        }
        Field::Body(path) | Field::BodyBeside(path, _) => {
            let named =
                |part: &Part| matches!(part, Part::Field(p) | Part::FreeField(p) if p == path);
            let signed = match row.scheme.covers() {
                Covers::Fields => signed(&named),
                covers => covers == Covers::Body,
            };
            format!("`{path}`, {}", says(signed))
        }
        Field::Query(name) => {
            let named = |part: &Part| match part {
                Part::Query(n, _) => n == name,
                Part::Url(_) | Part::UnescapedUrl(_) => true,
                Part::SortedQuery | Part::SortedParams => true,
                _ => false,
            };
            format!("the query's `{name}`, {}", says(signed(&named)))
        }
        Field::Claim(path) => format!("the claim `{}`, signed", &path[1..]),
        Field::Joined(fields) => {
            let fields: Vec<_> = fields.iter().map(|part| self::field(row, part)).collect();
            fields.join(" with ")
        }
    }
}

fn sender(row: &Provider) -> String {
    let mut says = vec![match row.sender.retries {
        Retries::Never => "**never** tries again".to_owned(),
        Retries::On5xx => "tries again after 5xx and time-outs".to_owned(),
        Retries::All => "tries again".to_owned(),
        Retries::Unknown => "retries are not known".to_owned(),
    }];
    if let Some(window) = row.sender.retry_window {
        let minutes = window.as_secs().div_ceil(60);
        says.push(if minutes % 60 == 0 {
            format!("for {} h", minutes / 60)
        } else {
            format!("for {minutes} min")
        });
    }
    if let Some(timeout) = row.sender.timeout {
        says.push(format!("waits {} s", timeout.as_secs_f32()));
    }
    if !row.sender.disables.is_empty() {
        says.push(row.sender.disables.to_owned());
    }
    if !matches!(row.payload, Payload::Body) {
        says.push(format!("sends {}", words(&row.payload)));
    }
    let methods: Vec<_> = row.methods.iter().map(|method| method.as_str()).collect();
    if methods != ["POST"] {
        says.push(format!("by {}", methods.join(", ")));
    }
    says.join(", ")
}

fn replies(row: &Provider) -> Option<String> {
    let replies = row.replies;
    let mut says = Vec::new();
    if replies.status != 200 || !replies.body.is_empty() {
        let body = if replies.body.is_empty() {
            "an empty body".to_owned()
        } else {
            format!("`{}`", replies.body)
        };
        says.push(format!("{} with {body}", replies.status));
    }
    for (kind, status) in replies.refusals {
        says.push(format!("{status} for {}", kind.label()));
    }
    (!says.is_empty()).then(|| says.join(", "))
}

fn confidence(row: &Provider) -> String {
    let confidence = match row.evidence.confidence {
        Confidence::OfficialSdk => "the vendor's code",
        Confidence::OfficialDoc => "the vendor's pages",
        Confidence::Secondary => "**others**, who cite the vendor",
        Confidence::Convention => "a convention",
    };
    format!("{confidence}, {}", row.evidence.checked)
}

/// A variant's name as words: `FormField(..)` is `form field`.
fn words(variant: &impl std::fmt::Debug) -> String {
    let debug = format!("{variant:?}");
    let name = debug.split([' ', '(', '{']).next().unwrap();
    let mut words = String::new();
    for char in name.chars() {
        if char.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(char.to_lowercase());
    }
    words
}
