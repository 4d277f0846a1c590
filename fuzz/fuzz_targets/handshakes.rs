//! Handshakes of every shape: never a panic, never an echo outside of the alphabet, never an answer
//! without what must come with it, and never one that verifies as a delivery.
#![no_main]

use arbitrary::Arbitrary;
use hookgate::{
    Secret, Source,
    provider::{ASANA, ChallengeAt, Handshake, Must, NOTION, Provider},
    scheme::{Grammar, SignatureAt, TimeAt},
    testing::Signer,
};
use hookgate_fuzz::{
    NOW,
    handshakes::{ROWS, TOKEN, VALUE, headers, now, parameters, texts, waiting},
    secret, url,
};
use http::{HeaderName, HeaderValue, Method, Request, request::Parts};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    row: u8,
    method: u8,
    query: Vec<(u8, Text<'a>)>,
    headers: Vec<(u8, Text<'a>)>,
    body: Body<'a>,
    genuine: bool,
    in_header: bool,
}

#[derive(Arbitrary, Debug)]
enum Text<'a> {
    Token,
    Value,
    Subscribe,
    Verification,
    Hex(u64, u32),
    /// Tame, but for one character.
    Almost(u8, u8),
    Raw(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Body<'a> {
    Raw(&'a [u8]),
    Challenge(&'a str),
    Zoom(&'a str),
    Slack(&'a str),
    Front,
    Ping(u8),
}

impl Text<'_> {
    fn text(&self) -> String {
        match self {
            Self::Token => TOKEN.to_owned(),
            Self::Value => VALUE.to_owned(),
            Self::Subscribe => "subscribe".to_owned(),
            Self::Verification => "webhook_callback_verification".to_owned(),
            Self::Hex(a, b) => format!("{a:016x}{b:08x}"),
            Self::Almost(len, byte) => {
                let last = char::from(b' ' + byte % 96);
                format!("{}{last}", "a".repeat(usize::from(*len)))
            }
            Self::Raw(text) => (*text).to_owned(),
        }
    }
}

impl Body<'_> {
    fn bytes(&self) -> Vec<u8> {
        let json = match self {
            Self::Raw(bytes) => return bytes.to_vec(),
            Self::Challenge(text) => serde_json::json!({
                "challenge": text, "verification_token": text,
            }),
            Self::Zoom(text) => serde_json::json!({
                "event": "endpoint.url_validation", "payload": { "plainToken": text },
            }),
            Self::Slack(text) => serde_json::json!({
                "type": "url_verification", "challenge": text,
            }),
            Self::Front => serde_json::json!({ "type": "sync" }),
            Self::Ping(id) => return format!("webhook_id={id}").into_bytes(),
        };
        json.to_string().into_bytes()
    }
}

fuzz_target!(|input: Input| {
    let (row, source) = &ROWS[usize::from(input.row) % ROWS.len()];
    const OTHERS: &[Method] = &[Method::GET, Method::POST, Method::HEAD, Method::PUT];
    let methods: Vec<_> = row.endpoint_methods().chain(OTHERS).collect();
    let method = methods[usize::from(input.method) % methods.len()].clone();
    let names = parameters(row);
    let named = input
        .query
        .iter()
        .map(|(at, text)| (names[usize::from(*at) % names.len()], text));
    let query: Vec<_> = named.map(|(name, text)| (name, text.text())).collect();
    let names = headers(row);
    let named = input
        .headers
        .iter()
        .map(|(at, text)| (names[usize::from(*at) % names.len()], text));
    let headers: Vec<_> = named.map(|(name, text)| (name, text.text())).collect();
    let Some(parts) = head(&method, &query, &headers) else {
        return;
    };
    let body = input.body.bytes();
    enrol(&parts, &body, input.in_header);

    let answers = [source.answer(&parts), source.answer_body(&parts, &body)];
    for reply in answers.into_iter().flatten().flatten() {
        check_musts(row, &query);
        check_hostile(row, source, &method, &query, &headers);
        if !matches!(row.handshake, Handshake::Token { .. }) {
            check_header_values(&reply);
        }
        for text in texts(&reply) {
            check_no_delivery(row, source, &text, &query, &body);
        }
    }
    if input.genuine {
        genuine(row, source, &parts, body);
    }
});

type Fields = [(&'static str, String)];

fn head(method: &Method, query: &Fields, headers: &Fields) -> Option<Parts> {
    let mut encoded = form_urlencoded::Serializer::new(String::from("/?"));
    let target = encoded.extend_pairs(query).finish();
    let request = Request::builder().method(method).uri(target).body(());
    let (mut parts, ()) = request.ok()?.into_parts();
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            parts.headers.append(HeaderName::from_static(name), value);
        }
    }
    Some(parts)
}

/// What was answered is not, with a character in the challenge that means something somewhere.
fn check_hostile(
    row: &Provider,
    source: &Source,
    method: &Method,
    query: &Fields,
    headers: &Fields,
) {
    let Handshake::Challenge { challenge, .. } = row.handshake else {
        return;
    };
    for hostile in "<>\"'\\{}&%;,\r\n\0\u{7f}é".chars() {
        let (mut query, mut headers) = (query.to_vec(), headers.to_vec());
        let (fields, name) = match challenge.at {
            ChallengeAt::Query(name) => (&mut query, name),
            ChallengeAt::Header(name) => (&mut headers, name),
            ChallengeAt::Body(_) | ChallengeAt::Form(_) => return,
        };
        let mut found = fields.iter_mut().filter(|(found, _)| *found == name);
        let Some((_, value)) = found.next() else {
            return;
        };
        value.push(hostile);
        // As a header it may be no value at all, and is then not there.
        if let Some(parts) = head(method, &query, &headers) {
            let answer = source.answer(&parts);
            assert!(!matches!(answer, Some(Ok(_))), "{}: {hostile:?}", row.slug);
        }
    }
}

/// Nothing is answered without the parameters that must be there.
fn check_musts(row: &Provider, query: &Fields) {
    let Handshake::Challenge { must, .. } = row.handshake else {
        return;
    };
    for (name, must) in must {
        let mut values = query.iter().filter(|(found, _)| found == name);
        let wanted = match must {
            Must::Be(text) => *text,
            Must::BeToken => TOKEN,
            Must::BeKnown => VALUE,
        };
        let found = values.next().map(|(_, value)| value.as_str());
        assert_eq!((found, values.next()), (Some(wanted), None), "{name}");
    }
}

/// The only things in headers are ours.
fn check_header_values(reply: &hookgate::provider::Reply) {
    for (name, value) in &reply.headers {
        let known = match name.as_str() {
            "webhook-allowed-origin" => value == VALUE,
            "webhook-allowed-rate" => value == "*",
            "allow" | "content-type" | "x-content-type-options" => true,
            _ => false,
        };
        assert!(known, "{name}: {value:?}");
    }
}

/// What was answered is tried as a signature of all that the asker knows.
fn check_no_delivery(row: &Provider, source: &Source, answer: &str, query: &Fields, body: &[u8]) {
    let bodies = query.iter().map(|(_, text)| text.as_bytes()).chain([body]);
    if let SignatureAt::Param(name) = row.scheme.signature {
        for payload in bodies {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair(name, answer);
            let payload = String::from_utf8_lossy(payload);
            let form = form.append_pair("bt_payload", &payload).finish();
            let (parts, ()) = Request::post("/").body(()).expect("a request").into_parts();
            let found = source.verify(&parts, form, NOW);
            assert!(found.is_err(), "{}: an answer is a delivery", row.slug);
        }
        return;
    }
    let SignatureAt::Header(header) = row.scheme.signature else {
        return;
    };
    let prefix = match row.scheme.grammar {
        Grammar::Prefix(prefix) | Grammar::OptionalPrefix(prefix) => prefix,
        _ => "",
    };
    let family = row.families.first().copied().unwrap_or_default();
    for body in bodies {
        for signature in [answer.to_owned(), format!("{prefix}{answer}")] {
            let mut request = Request::post("/").header(header.name_in(family), signature);
            if let TimeAt::Header { header, .. } = row.scheme.time {
                request = request.header(header.name_in(family), NOW.as_secs());
            }
            let Ok(request) = request.body(()) else {
                continue;
            };
            let found = source.verify(&request.into_parts().0, body.to_vec(), NOW);
            assert!(found.is_err(), "{}: an answer is a delivery", row.slug);
        }
    }
}

/// A genuine delivery with this body and these headers besides.
fn genuine(row: &Provider, source: &Source, asked: &Parts, body: Vec<u8>) {
    let signer = Signer::new(*row, &secret(row)).expect("the secret fits");
    let signer = signer.with_public_url(url(row).unwrap_or_default());
    let Ok(request) = signer.try_sign(body, NOW) else {
        return;
    };
    let (mut parts, body) = request.into_parts();
    for name in ["twitch-eventsub-message-type", "x-front-challenge"] {
        if let Some(value) = asked.headers.get(name) {
            parts.headers.insert(name, value.clone());
        }
    }
    let Ok(event) = source.verify(&parts, body, NOW) else {
        return;
    };
    if let Some(reply) = source.answer_event(&parts, &event) {
        texts(&reply);
    }
}

/// What is handed over is taken once, and only if it is a secret.
fn enrol(parts: &Parts, body: &[u8], in_header: bool) {
    let source = waiting(if in_header { ASANA } else { NOTION });
    let Some(answer) = now(source.enrol(parts, body)) else {
        assert!(source.is_awaiting_enrolment());
        return;
    };
    let Ok(reply) = answer else {
        assert!(source.is_awaiting_enrolment());
        return;
    };
    assert!(!source.is_awaiting_enrolment() && reply.body.is_empty());
    assert!(
        now(source.enrol(parts, body)).is_none(),
        "it was taken twice"
    );
    let Some(text) = reply.headers.get("x-hook-secret") else {
        return;
    };
    let is_tame = |b: &u8| b.is_ascii_alphanumeric() || b"-._~".contains(b);
    assert!(text.as_bytes().iter().all(is_tame) && (16..=256).contains(&text.len()));
    let secret = Secret::new(text.as_bytes()).expect("not empty");
    let signer = Signer::new(*source.provider(), &secret).expect("any text is a secret");
    let (parts, body) = signer.sign("{}", NOW).into_parts();
    assert!(source.verify(&parts, body, NOW).is_ok());
}
