//! What seems to hold a token. A guess that prefers hiding.

/// How the tokens of well-known services begin, or what stands in them. Each is listed by the
/// service itself, or by GitHub's page on secret scanning patterns.
const MARKS: &[&str] = &[
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "_secret_",
    "whsec_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "shpat_",
    "shpca_",
    "shppa_",
    "shpss_",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "SG.",
    "hooks.slack.com/",
    "eyJ",
    "-----BEGIN",
];

/// Names under which nothing is shown, in lower case, wherever they stand in the name.
const NAMES: &[&str] = &[
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "authorization",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "privatekey",
    "private_key",
    "signature",
    "credential",
    "cookie",
    "session",
    "response_url",
    "one_time",
];

/// Shorter words are not taken for tokens by their look.
const LONG: usize = 32;

/// Words of a language change between capitals, small letters and digits less often.
const CHANGES: usize = 6;

/// Whether a text seems to hold a token.
pub(super) fn is_in(text: &str) -> bool {
    let words = || text.split_whitespace();
    let told = || {
        words()
            .zip(words().skip(1))
            .any(|(name, word)| is_announced(name, word))
    };
    let between = |c: char| !c.is_ascii_alphanumeric() && !"+/_=-".contains(c);
    MARKS.iter().any(|mark| text.contains(mark))
        || words().any(is_told_by)
        || told()
        || is_telling_url(text)
        || text.split(between).any(is_random)
}

/// Whether a member of this name is never shown.
pub(super) fn is_name_of_one(name: &str) -> bool {
    let name = name.to_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

/// Whether a word of free text is a name and a value, and the name is that of a token:
/// `password=hunter2`, `"token":"x"`.
pub(super) fn is_told_by(word: &str) -> bool {
    let name = word.split(['=', ':']).next().unwrap_or_default();
    name.len() + 1 < word.len() && is_name_of_one(name)
}

/// Whether a word is a token because of the one before it: `Bearer x`, `password: x`.
pub(super) fn is_announced(before: &str, word: &str) -> bool {
    let name = before.trim_start_matches(|c: char| !c.is_alphanumeric());
    let looks_encoded = word.contains(|c: char| c.is_ascii_digit() || c == '=')
        || word.chars().skip(1).any(char::is_uppercase);
    name.eq_ignore_ascii_case("bearer")
        || name.eq_ignore_ascii_case("basic") && looks_encoded
        || name.strip_suffix([':', '=']).is_some_and(is_name_of_one)
}

/// URLs with a query or a user are often all that it takes.
fn is_telling_url(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = text[at..].split_whitespace().next().unwrap_or_default();
        rest.contains(['?', '@', '#'])
    })
}

/// A long word in which capitals, small letters and digits alternate. Not a UUID.
fn is_random(word: &str) -> bool {
    let class = |b: u8| match b {
        b'0'..=b'9' => 1,
        b'a'..=b'z' => 2,
        b'A'..=b'Z' => 3,
        _ => 0,
    };
    let classes: Vec<u8> = word
        .bytes()
        .map(class)
        .filter(|class| *class != 0)
        .collect();
    let changes = classes.windows(2).filter(|pair| pair[0] != pair[1]).count();
    word.len() >= LONG && classes.contains(&1) && changes >= CHANGES && !is_uuid(word)
}

fn is_uuid(word: &str) -> bool {
    let lengths = word.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_and_ids_are_not() {
        for text in [
            "xoxb-1-abc",
            "pi_1_secret_2",
            "https://hooks.slack.com/commands/T1/2/x",
            "https://user:pass@example.com/",
            "see https://files.example.com/a.pdf?sig=1",
            "eyJhbGciOi.eyJz.c2ln",
            "Bearer abc",
            "Authorization: Basic dTpw",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        ] {
            assert!(is_in(text), "{text}");
        }
        for text in [
            "",
            "invoice.paid",
            "evt_1NG8Du2eZvKYlo2CUI79vXWy",
            "550e8400-e29b-41d4-a716-446655440000",
            "customer-subscription-updated-2026-11-04",
            "https://example.com/orders/17",
            "the basic",
            "the basic plan, a bearer",
            "2026-11-04T12:00:00.000Z",
            "12345678901234567890123456789012345",
        ] {
            assert!(!is_in(text), "{text}");
        }
    }

    #[test]
    fn names_of_tokens_are_known_in_any_case() {
        for name in [
            "token",
            "accessToken",
            "X-Api-Key",
            "client_secret",
            "SessionId",
        ] {
            assert!(is_name_of_one(name), "{name}");
        }
        for name in ["id", "shipping", "key", "type"] {
            assert!(!is_name_of_one(name), "{name}");
        }
    }
}
