//! The HTTP client: sends bytes as they are and follows no redirect.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri};
use ureq::{
    Agent,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use crate::{exit::Trouble, making::Url, shared::input};

/// The most that is read of an answer, in bytes.
const LIMIT: u64 = 64 * 1024;

pub(super) struct Client {
    agent: Agent,
    origin: String,
}

/// What came back.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) took: Duration,
}

impl Client {
    pub(super) fn new(url: &Url, wait: Duration, cacert: Option<&str>) -> Result<Self, Trouble> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = cacert {
            let certificates = certificates(path)?;
            tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
        }
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(wait))
            .user_agent(concat!("hookgate/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build());
        if is_here(&url.host) {
            config = config.proxy(None);
        }
        Ok(Self {
            agent: config.build().new_agent(),
            origin: url.origin.clone(),
        })
    }

    pub(super) fn send(&self, request: &Request<Bytes>) -> Result<Reply, Trouble> {
        let (mut parts, body) = request.clone().into_parts();
        let uri = format!("{}{}", self.origin, parts.uri);
        parts.uri = uri.parse::<Uri>().map_err(Trouble::usage)?;
        let started = Instant::now();
        let no_answer = |why| Trouble::outside(format!("{}: {why}", self.origin));
        let reply = self.agent.run(Request::from_parts(parts, body.to_vec()));
        let (head, mut body) = reply.map_err(no_answer)?.into_parts();
        let took = started.elapsed();
        let mut text = Vec::new();
        let mut reader = std::io::Read::take(body.as_reader(), LIMIT);
        // A body that breaks off does not take the status back.
        let _ = std::io::Read::read_to_end(&mut reader, &mut text);
        Ok(Reply {
            status: head.status,
            headers: head.headers,
            body: text,
            took,
        })
    }
}

/// A proxy of the environment is not asked for what is on this machine.
fn is_here(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn certificates(path: &str) -> Result<Vec<Certificate<'static>>, Trouble> {
    let pem = input::file(path)?;
    let mut found = Vec::new();
    for item in parse_pem(&pem) {
        let item = item.map_err(|why| Trouble::usage(format!("{path}: {why}")))?;
        if let PemItem::Certificate(certificate) = item {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err(Trouble::usage(format!("{path}: no certificate in it")));
    }
    Ok(found)
}
