//! For senders that cannot sign.

use super::row::*;

/// Nothing is verified: for senders that can neither sign nor carry a secret.
///
/// Whoever finds the URL can send events. A source of this row (and of rows made of it) is only
/// built by [`accept_unsigned`](crate::source::Dangerous::accept_unsigned), with the reason typed
/// out; its events say [`Covers::Nothing`](crate::event::Covers::Nothing), and nothing that they
/// say may decide anything: fetch what happened from the sender's own interface.
///
/// Senders that sign nothing: Alertmanager, Azure Event Grid, Docker Hub, Mailchimp (marketing),
/// Mollie's classic webhooks, Railway, Salesforce outbound messages, ShipStation v1; as far as is
/// known also Datadog, DigitalOcean, Fastly, Fly.io, Freshdesk, Jotform, and the HTTP steps of
/// Zapier, Make and n8n. All of them send to a URL that is ours to choose: put a secret into it
/// ([`TOKEN_IN_QUERY`]), or into a header where the sender lets you set one ([`Scheme::token`];
/// Alertmanager, Datadog, Freshdesk, Zapier, Make and n8n do), and this row is not needed.
///
/// ```
/// use hookgate::{Source, clock::UnixTime, event::Covers, provider};
/// let source = Source::builder("lamp", provider::UNSIGNED);
/// assert!(source.build().is_err());
/// let source = Source::builder("lamp", provider::UNSIGNED)
///     .dangerous()
///     .accept_unsigned("the lamp can only be given a host name; it is asked for its state")
///     .build()?;
/// let (parts, ()) = http::Request::post("/lamp").body(())?.into_parts();
/// let event = source.verify(&parts, "on", UnixTime::from_secs(1_790_000_000))?;
/// assert_eq!(event.covers(), Covers::Nothing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const UNSIGNED: Provider = Provider {
    slug: "unsigned",
    name: "No signature",
    scheme: Scheme::UNSIGNED,
    evidence: Evidence {
        confidence: Confidence::Convention,
        sources: &["nothing to read"],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};

/// A secret in the URL: `?token=…`. For senders that sign nothing, but whose URL is ours to choose.
///
/// The token is compared in constant time, and proves the sender as long as nobody else has seen
/// the URL; of the delivery itself nothing is covered. Take 32 random bytes in hexadecimal digits,
/// and keep queries out of the logs of proxies. [`Scheme::token_in_query`] names another parameter.
pub const TOKEN_IN_QUERY: Provider = Provider {
    slug: "token-in-query",
    name: "Token in the query",
    scheme: Scheme::token_in_query("token"),
    evidence: Evidence {
        confidence: Confidence::Convention,
        sources: &["the query component, RFC 3986 section 3.4"],
        checked: "2026-11",
        unsure: "",
    },
    ..Provider::BASE
};
