//! Where a delivery came from, whatever its sender writes into the headers that proxies append to;
//! and address lists, against a reading of their lines. The input is the sender's header lines.
#![no_main]

use std::{
    convert::Infallible,
    future::Future,
    net::IpAddr,
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use hookgate::{
    allowlist::{AllowIpLayer, IpList, Origin},
    verify::ReplyBody,
};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use tower::{Layer, Service, service_fn};

const SENDER: &str = "198.51.100.7";
const STRANGER: &str = "203.0.113.1";
const PROXY: &str = "10.0.0.1";

/// The header, whether it is RFC 7239, and the layer behind one and behind two proxies.
static CASES: LazyLock<[(HeaderName, bool, [AllowIpLayer; 2]); 2]> = LazyLock::new(|| {
    [("x-forwarded-for", false), ("forwarded", true)].map(|(name, rfc)| {
        let layers = [1, 2].map(|proxies| {
            let origin = Origin::behind(proxies).expect("in range");
            let origin = if rfc { origin.with_forwarded() } else { origin };
            let list: IpList = SENDER.parse().expect("a list");
            AllowIpLayer::new("fuzz", list)
                .expect("a name")
                .with_origin(origin)
        });
        (HeaderName::from_static(name), rfc, layers)
    })
});

fuzz_target!(|forged: &[u8]| {
    for (name, rfc, layers) in &*CASES {
        for (proxies, layer) in (1..).zip(layers) {
            for (from, expected) in [(SENDER, StatusCode::OK), (STRANGER, StatusCode::FORBIDDEN)] {
                let trusted = &[from, PROXY][..proxies];
                for own_line in [true, false] {
                    let status = judge(layer, lines(forged, trusted, *rfc, own_line), name);
                    assert_eq!(status, expected, "{name} {proxies} {own_line}");
                }
            }
            // Without a proxy's entry anything may come out, as long as something does.
            judge(layer, lines(forged, &[], *rfc, true), name);
        }
    }
    if let Ok(text) = std::str::from_utf8(forged) {
        read_as_a_list(text);
    }
});

/// The sender's lines, and what the proxies add: a line each, or to the last line.
fn lines(forged: &[u8], trusted: &[&str], rfc: bool, own_line: bool) -> Vec<HeaderValue> {
    let mut lines: Vec<_> = forged
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    lines.retain(|line| HeaderValue::from_bytes(line).is_ok());
    for address in trusted {
        let entry = if rfc {
            format!("for=\"{address}\";proto=https")
        } else {
            (*address).to_owned()
        };
        match lines.last_mut().filter(|_| !own_line) {
            Some(last) => last.extend_from_slice(format!(", {entry}").as_bytes()),
            None => lines.push(entry.into_bytes()),
        }
    }
    let value = |line: Vec<u8>| HeaderValue::from_bytes(&line).expect("checked");
    lines.into_iter().map(value).collect()
}

fn judge(layer: &AllowIpLayer, lines: Vec<HeaderValue>, name: &HeaderName) -> StatusCode {
    let mut request = Request::new(ReplyBody::default());
    for line in lines {
        request.headers_mut().append(name, line);
    }
    let mut service = layer.layer(service_fn(|_: Request<ReplyBody>| async {
        Ok::<_, Infallible>(Response::new(ReplyBody::default()))
    }));
    let reply = pin!(service.call(request));
    match reply.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(reply)) => reply.status(),
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => panic!("there is nothing to wait for"),
    }
}

fn read_as_a_list(text: &str) {
    let Ok(list) = IpList::parse(text) else {
        return;
    };
    assert!(list.len() > 0);
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim());
    for line in lines.filter(|line| !line.is_empty()) {
        let first = line.split('/').next().unwrap_or_default();
        let first: IpAddr = first.parse().expect("every line begins with an address");
        assert!(list.contains(first), "{line}");
    }
}
