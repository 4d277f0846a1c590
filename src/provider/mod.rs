//! Providers: who sends, as data.
//!
//! A [`Provider`] is a row of facts: scheme, headers, where id, type and version are, how the
//! sender retries, which page says so and when it was read. Your own sender is a row too; start
//! from one that is near and change what differs:
//!
//! ```
//! use hookgate::{Secret, Source, provider::{self, Envelope, Field, Provider}};
//! const ACME: Provider = Provider {
//!     slug: "acme",
//!     name: "Acme billing",
//!     envelope: Envelope { id: &[Field::Body("/delivery/id")], ..provider::T_V1.envelope },
//!     ..provider::T_V1
//! };
//! let source = Source::builder("acme", ACME).add_secret(Secret::new("s3cret")?).build()?;
//! # Ok::<(), hookgate::ConfigError>(())
//! ```

mod accounts;
mod agreements;
mod artificial;
mod banking;
mod billing;
mod chat;
mod coins;
mod commerce;
mod crm;
mod custom;
mod developer;
mod documents;
mod forges;
mod forms;
mod gateways;
pub(crate) mod handshake;
mod identity;
mod mail;
mod messaging;
mod operations;
mod payments;
mod payments_europe;
mod payments_world;
mod pictures;
mod pipelines;
mod publishing;
mod realtime;
mod reply;
mod row;
mod standard;
mod tasks;
mod telephony;
mod unsigned;

use std::time::Duration;

use http::Method;

use crate::{
    freshness::Tolerance,
    scheme::{Header, Scheme},
};

pub use self::{
    accounts::{AUTH0_LOG_STREAMS, CLERK, OKTA_EVENT_HOOKS, SUPABASE_AUTH_HOOKS, WORKOS},
    agreements::{DOCUSIGN, DROPBOX_SIGN, PERSONA},
    artificial::{ANTHROPIC, ELEVENLABS, HUGGINGFACE, OPENAI, REPLICATE},
    banking::{BREX, DWOLLA, INCREASE, LITHIC, MODERN_TREASURY, RAMP},
    billing::{CHARGEBEE, LEMON_SQUEEZY, POLAR, QUICKBOOKS, RECURLY, XERO},
    chat::{
        GETSTREAM, GOOGLE_CALENDAR_DRIVE_CHANNELS, LINE, MICROSOFT_GRAPH, MICROSOFT_TEAMS_OUTGOING,
        TELEGRAM, WHATSAPP_CLOUD, X_TWITTER,
    },
    coins::{ALCHEMY, COINBASE_CDP, COINBASE_COMMERCE, HOOK0},
    commerce::{BIGCOMMERCE, EASYPOST, PRINTFUL, SHOPIFY, SHOPIFY_EVENTS, WOOCOMMERCE},
    crm::{FRONT, HUBSPOT_V1, HUBSPOT_V2, HUBSPOT_V3, INTERCOM, MONDAY, TALLY, ZENDESK},
    custom::{
        T_V1, X_SIGNATURE, X_SIGNATURE_SHA256, X_WEBHOOK_SIGNATURE, X_WEBHOOK_SIGNATURE_SHA256,
    },
    developer::{GITHUB, GITLAB, LINEAR},
    documents::{AIRTABLE, BOX, DROPBOX, FIGMA, NOTION},
    forges::{BITBUCKET_CLOUD, BITBUCKET_SERVER, FORGEJO, GITEA, GITLAB_TOKEN, NPM_HOOKS},
    forms::{CAL_COM, CALENDLY, LINKEDIN, TYPEFORM},
    gateways::{
        CLOUDEVENTS_HTTP_WEBHOOK, CONVOY_ADVANCED, CONVOY_SIMPLE, HASURA_EVENT_TRIGGERS, HOOKDECK,
    },
    handshake::{Answer, Asked, Challenge, ChallengeAt, Charset, Handshake, Must},
    identity::FUSIONAUTH,
    mail::{BREVO, COURIER, CUSTOMER_IO, KLAVIYO, KNOCK, MAILGUN, MANDRILL, POSTMARK, RESEND},
    messaging::{META, SLACK, ZOOM},
    operations::{
        AWS_EVENTBRIDGE_API_DESTINATIONS, CLOUDFLARE_NOTIFICATIONS, GRAFANA_ALERTING, PAGERDUTY_V3,
        SENTRY,
    },
    payments::{BRAINTREE, FINIX, PADDLE, SQUARE, STRIPE, STRIPE_THIN},
    payments_europe::{
        ADYEN_PAYMENTS, ADYEN_PLATFORM, CHECKOUT_COM, GOCARDLESS, KLARNA, MOLLIE, REVOLUT,
    },
    payments_world::{FLUTTERWAVE_V3, FLUTTERWAVE_V4, MERCADO_PAGO, MONNIFY, PAYSTACK, RAZORPAY},
    pictures::{AGORA, CLOUDFLARE_STREAM, CLOUDINARY},
    pipelines::{
        BUILDKITE_SIGNATURE, BUILDKITE_TOKEN, CIRCLECI, HEROKU, NETLIFY, RENDER, VERCEL,
        VERCEL_DRAINS,
    },
    publishing::{CONTENTFUL, SANITY, STRAPI, WEBFLOW},
    realtime::{ABLY, LIVEKIT, MUX, PUSHER_CHANNELS, TWITCH_EVENTSUB, WEBSUB},
    reply::{Replies, Reply},
    standard::{STANDARD_WEBHOOKS, SVIX},
    tasks::{ASANA, CLICKUP, FAVRO, JIRA_CLOUD, TRELLO},
    telephony::{
        MESSAGEBIRD_JWT, MESSAGEBIRD_LEGACY, TWILIO_FORM, TWILIO_JSON, VONAGE_JWT,
        VONAGE_SMS_SIGNATURE,
    },
    unsigned::{TOKEN_IN_QUERY, UNSIGNED},
};

/// Every preset, by slug.
pub const ALL: &[Provider] = &[
    ABLY,
    ADYEN_PAYMENTS,
    ADYEN_PLATFORM,
    AGORA,
    AIRTABLE,
    ALCHEMY,
    ANTHROPIC,
    ASANA,
    AUTH0_LOG_STREAMS,
    AWS_EVENTBRIDGE_API_DESTINATIONS,
    BIGCOMMERCE,
    BITBUCKET_CLOUD,
    BITBUCKET_SERVER,
    BOX,
    BRAINTREE,
    BREVO,
    BREX,
    BUILDKITE_SIGNATURE,
    BUILDKITE_TOKEN,
    CAL_COM,
    CALENDLY,
    CHARGEBEE,
    CHECKOUT_COM,
    CIRCLECI,
    CLERK,
    CLICKUP,
    CLOUDEVENTS_HTTP_WEBHOOK,
    CLOUDFLARE_NOTIFICATIONS,
    CLOUDFLARE_STREAM,
    CLOUDINARY,
    COINBASE_CDP,
    COINBASE_COMMERCE,
    CONTENTFUL,
    CONVOY_ADVANCED,
    CONVOY_SIMPLE,
    COURIER,
    CUSTOMER_IO,
    DOCUSIGN,
    DROPBOX,
    DROPBOX_SIGN,
    DWOLLA,
    EASYPOST,
    ELEVENLABS,
    FAVRO,
    FIGMA,
    FINIX,
    FLUTTERWAVE_V3,
    FLUTTERWAVE_V4,
    FORGEJO,
    FRONT,
    FUSIONAUTH,
    GETSTREAM,
    GITEA,
    GITHUB,
    GITLAB,
    GITLAB_TOKEN,
    GOCARDLESS,
    GOOGLE_CALENDAR_DRIVE_CHANNELS,
    GRAFANA_ALERTING,
    HASURA_EVENT_TRIGGERS,
    HEROKU,
    HOOK0,
    HOOKDECK,
    HUBSPOT_V1,
    HUBSPOT_V2,
    HUBSPOT_V3,
    HUGGINGFACE,
    INCREASE,
    INTERCOM,
    JIRA_CLOUD,
    KLARNA,
    KLAVIYO,
    KNOCK,
    LEMON_SQUEEZY,
    LINE,
    LINEAR,
    LINKEDIN,
    LITHIC,
    LIVEKIT,
    MAILGUN,
    MANDRILL,
    MERCADO_PAGO,
    MESSAGEBIRD_JWT,
    MESSAGEBIRD_LEGACY,
    META,
    MICROSOFT_GRAPH,
    MICROSOFT_TEAMS_OUTGOING,
    MODERN_TREASURY,
    MOLLIE,
    MONDAY,
    MONNIFY,
    MUX,
    NETLIFY,
    NOTION,
    NPM_HOOKS,
    OKTA_EVENT_HOOKS,
    OPENAI,
    PADDLE,
    PAGERDUTY_V3,
    PAYSTACK,
    PERSONA,
    POLAR,
    POSTMARK,
    PRINTFUL,
    PUSHER_CHANNELS,
    QUICKBOOKS,
    RAMP,
    RAZORPAY,
    RECURLY,
    RENDER,
    REPLICATE,
    RESEND,
    REVOLUT,
    SANITY,
    SENTRY,
    SHOPIFY,
    SHOPIFY_EVENTS,
    SLACK,
    SQUARE,
    STANDARD_WEBHOOKS,
    STRAPI,
    STRIPE,
    STRIPE_THIN,
    SUPABASE_AUTH_HOOKS,
    SVIX,
    T_V1,
    TALLY,
    TELEGRAM,
    TOKEN_IN_QUERY,
    TRELLO,
    TWILIO_FORM,
    TWILIO_JSON,
    TWITCH_EVENTSUB,
    TYPEFORM,
    VERCEL,
    VERCEL_DRAINS,
    VONAGE_JWT,
    VONAGE_SMS_SIGNATURE,
    WEBFLOW,
    WEBSUB,
    WHATSAPP_CLOUD,
    WOOCOMMERCE,
    WORKOS,
    X_SIGNATURE,
    X_SIGNATURE_SHA256,
    X_TWITTER,
    X_WEBHOOK_SIGNATURE,
    X_WEBHOOK_SIGNATURE_SHA256,
    XERO,
    ZENDESK,
    ZOOM,
];

/// The preset with this slug.
pub fn by_slug(slug: &str) -> Option<&'static Provider> {
    ALL.iter().find(|row| row.slug == slug)
}

/// A row of facts about one sender.
#[derive(Clone, Copy, Debug)]
pub struct Provider {
    /// Lower-case name in paths, variables and vector files.
    pub slug: &'static str,
    /// The name that people use.
    pub name: &'static str,
    /// How it signs.
    pub scheme: Scheme,
    /// Header name prefixes, see [`Header`]; empty when no header is in a family.
    pub families: &'static [&'static str],
    /// The methods of its deliveries.
    pub methods: &'static [Method],
    /// Where in the body the payload is.
    pub payload: Payload,
    /// How far the signed time may be off; `None` exactly when the scheme signs none.
    pub tolerance: Option<Tolerance>,
    /// Where id, type and version are.
    pub envelope: Envelope,
    /// What takes the id's place when there is none.
    pub no_id: NoId,
    /// How it makes sure that the endpoint is ours.
    pub handshake: Handshake,
    /// How it behaves when it gets no 2xx.
    pub sender: Sender,
    /// What it wants to be answered.
    pub replies: Replies,
    /// The largest body that is read unless the source says otherwise, in bytes.
    pub max_body: usize,
    /// Where these facts come from.
    pub evidence: Evidence,
}

impl Provider {
    /// What most rows have in common, to start one from: [`Scheme::BASE`], JSON over POST, no times,
    /// no ids, nothing known of the sender. Slug, name, envelope and evidence are to be filled in.
    pub const BASE: Self = Self {
        slug: "",
        name: "",
        scheme: Scheme::BASE,
        families: &[],
        methods: &[Method::POST],
        payload: Payload::Body,
        tolerance: None,
        envelope: Envelope::NONE,
        no_id: NoId::AcceptAll,
        handshake: Handshake::None,
        sender: Sender::UNKNOWN,
        replies: Replies::DEFAULT,
        max_body: MIB,
        evidence: Evidence {
            confidence: Confidence::Secondary,
            sources: &[],
            checked: "",
            unsure: "",
        },
    };

    /// How long event ids are remembered after the last handler is done: 24 h, or a day longer
    /// than the sender retries.
    pub fn dedup_window(&self) -> Duration {
        self.sender
            .retry_window
            .map_or(DAY, |window| DAY.max(window.saturating_add(DAY)))
    }

    /// The methods that its endpoint answers: those of deliveries, and those of the handshake.
    pub fn endpoint_methods(&self) -> impl Iterator<Item = &'static Method> {
        let others = self.handshake.methods().iter();
        let (deliveries, others) = (self.methods, others.filter(|m| !self.methods.contains(m)));
        deliveries.iter().chain(others)
    }

    /// The same as the value of `Allow`.
    pub(crate) fn allow(&self) -> String {
        let methods: Vec<_> = self.endpoint_methods().map(Method::as_str).collect();
        methods.join(", ")
    }

    /// How long the whole answer may take: 3 s, or four fifths of what the sender waits.
    pub fn reply_deadline(&self) -> Duration {
        let most = Duration::from_secs(3);
        self.sender
            .timeout
            .map_or(most, |wait| most.min(wait / 5 * 4))
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The usual limit for a body: 1 MiB, inclusive.
pub const MIB: usize = 1024 * 1024;

/// Where an event's fields are. Each list is tried in order; the first that is there wins.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    /// The event id: what stays the same when the sender delivers again.
    pub id: &'static [Field],
    /// The event's type.
    pub kind: &'static [Field],
    /// Appended to the type after a full stop when it is there (`pull_request` + `opened`).
    pub kind_suffix: Option<Field>,
    /// The payload's version.
    pub version: &'static [Field],
    /// When the sender says that it happened. Information only.
    pub sent_at: &'static [Field],
}

impl Envelope {
    /// Nothing is known of any field.
    pub const NONE: Self = Self {
        id: &[],
        kind: &[],
        kind_suffix: None,
        version: &[],
        sent_at: &[],
    };
}

/// Where in the body the payload is. Fields of the body ([`Field::Body`], and those of the scheme)
/// are looked for there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Payload {
    /// It is the body. Fields are there when it is JSON.
    Body,
    /// A field of a form body (`application/x-www-form-urlencoded`), decoded.
    FormField(&'static str),
    /// The same where `Content-Type` says that it is a form; else the body.
    BodyOrFormField(&'static str),
    /// A field of a `multipart/form-data` body.
    MultipartField(&'static str),
    /// A form body itself: its fields, decoded, are the fields, as `/` and their names.
    Form,
    /// The same where `Content-Type` says that it is a form; else the body.
    FormOrBody,
}

/// One place in a delivery.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    /// A header. Signed only when it is part of the message.
    Header(Header),
    /// A string or an integer in the JSON payload: a pointer of object keys, such as `/data/id`. In
    /// payloads that are forms, `/` and the name of a field that is there once.
    Body(&'static str),
    /// The same, but only when something is at one of the other pointers. Tells an envelope
    /// (`{id, type, ..}`) from a bare object that happens to have an `id`. A key that comes twice
    /// on the way to one of them says nothing.
    BodyBeside(&'static str, &'static [&'static str]),
    /// A query parameter of the request. Signed only when it, or the URL, is part of the message.
    Query(&'static str),
    /// A claim of the token, for schemes whose signature is a JSON Web Token.
    Claim(&'static str),
    /// All of these with a colon between two, where one alone does not identify anything. Nothing
    /// when one of them is not there.
    Joined(&'static [Self]),
}

impl Field {
    /// The header with this lower-case name.
    pub const fn header(name: &'static str) -> Self {
        Self::Header(Header::named(name))
    }
}

/// What identifies an event without an id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoId {
    /// Nothing: every delivery is accepted as new.
    AcceptAll,
    /// The digest of the body. Two honest deliveries with the same bytes are then one event. One
    /// without a body is accepted as new.
    BodyDigest,
}

/// How a sender behaves. `None` where its pages do not say.
#[derive(Clone, Copy, Debug)]
pub struct Sender {
    /// How long it waits for a reply.
    pub timeout: Option<Duration>,
    /// After what it tries again.
    pub retries: Retries,
    /// From the first to the last try.
    pub retry_window: Option<Duration>,
    /// Whether the signed time is that of the attempt or of the event.
    pub signed_time: SignedTime,
    /// When it gives an endpoint up, in words; empty where its pages do not say.
    pub disables: &'static str,
}

impl Sender {
    /// Its pages do not say anything.
    pub const UNKNOWN: Self = Self {
        timeout: None,
        retries: Retries::Unknown,
        retry_window: None,
        signed_time: SignedTime::Unknown,
        disables: "",
    };
}

/// So many seconds, in rows.
pub(crate) const fn secs(secs: u64) -> Option<Duration> {
    Some(Duration::from_secs(secs))
}

/// So many hours, in rows.
pub(crate) const fn hours(hours: u64) -> Option<Duration> {
    Some(Duration::from_secs(hours * 60 * 60))
}

/// After which answers a sender tries again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retries {
    /// After none: an outage loses events unless someone redelivers them by hand.
    Never,
    /// After 5xx and time-outs; a 4xx is final.
    On5xx,
    /// After everything that is not a success.
    All,
    /// Its pages do not say.
    Unknown,
}

/// What the signed time stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignedTime {
    /// Each attempt is signed anew.
    Attempt,
    /// A retry carries the first attempt's time; a source's tolerance must outlast the retries.
    Event,
    /// Its pages do not say, or no time is signed.
    Unknown,
}

/// Where the facts of a row come from.
#[derive(Clone, Copy, Debug)]
pub struct Evidence {
    /// How sure they are.
    pub confidence: Confidence,
    /// Pages and files.
    pub sources: &'static [&'static str],
    /// When they were read: year and month.
    pub checked: &'static str,
    /// What in this row is less sure than the rest; empty when nothing is.
    pub unsure: &'static str,
}

/// How sure a row's facts are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Confidence {
    /// Read in the provider's own code.
    OfficialSdk,
    /// Read on the provider's own pages.
    OfficialDoc,
    /// From others, who cite the provider.
    Secondary,
    /// A convention, not a provider.
    Convention,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_unique_sorted_and_usable_as_variables() {
        let slugs: Vec<_> = ALL.iter().map(|row| row.slug).collect();
        assert!(slugs.is_sorted_by(|a, b| a < b), "{slugs:?}");
        for slug in slugs {
            assert!(
                slug.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
        }
    }

    #[test]
    fn every_row_has_evidence_and_a_date() {
        for row in ALL {
            assert!(!row.evidence.sources.is_empty(), "{}", row.slug);
            let (year, month) = row.evidence.checked.split_once('-').unwrap_or_default();
            assert!(year.parse::<u16>().is_ok_and(|y| y >= 2026), "{}", row.slug);
            assert!(
                month.parse::<u8>().is_ok_and(|m| (1..=12).contains(&m)),
                "{}",
                row.slug
            );
        }
    }

    #[test]
    fn the_window_outlasts_the_retries_by_a_day() {
        assert_eq!(STRIPE.dedup_window(), DAY * 4);
        assert_eq!(GITHUB.dedup_window(), DAY);
        assert!(SLACK.reply_deadline() < Duration::from_secs(3));
        assert_eq!(GITHUB.reply_deadline(), Duration::from_secs(3));
        let sender = Sender {
            timeout: Some(Duration::MAX),
            retry_window: Some(Duration::MAX),
            ..Sender::UNKNOWN
        };
        let patient = Provider { sender, ..GITHUB };
        assert_eq!(patient.reply_deadline(), Duration::from_secs(3));
        assert_eq!(patient.dedup_window(), Duration::MAX);
    }
}
