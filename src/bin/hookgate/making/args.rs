//! What can be said of the deliveries to make.

use clap::{Args, ValueEnum};
use http::Uri;

use crate::shared::{SecretArgs, times};

/// What to sign, and how wrong.
#[derive(Args, Debug)]
pub(crate) struct MakeArgs {
    /// The preset, e.g. stripe; `hookgate providers` lists all
    pub(super) slug: String,

    #[command(flatten)]
    pub(crate) secrets: SecretArgs,

    /// What the receiver was told of its URL, where that is signed and is not --url: the whole URL
    /// (Square, Trello), or the public origin (Twilio, HubSpot)
    #[arg(long, value_name = "URL")]
    pub(super) public_url: Option<String>,

    /// The event's id; a new one when it is left out
    #[arg(long, value_name = "ID")]
    pub(super) event: Option<String>,

    /// The event's type
    #[arg(long = "type", value_name = "TYPE")]
    pub(super) kind: Option<String>,

    /// The payload: a text, @FILE, or - for standard input. Left out, one is made that has id and
    /// type where the preset looks for them
    #[arg(long, value_name = "TEXT|@FILE|-", allow_hyphen_values = true)]
    pub(super) data: Option<String>,

    /// By how much the sender's clock is ahead, or behind: 301, -301, 5m, -2h
    #[arg(long, value_name = "SPAN", value_parser = times::span, allow_hyphen_values = true, default_value = "0")]
    pub(super) skew: i64,

    /// Sign with a secret that nobody knows
    #[arg(long, conflicts_with = "tamper")]
    pub(super) wrong_secret: bool,

    /// Make something wrong
    #[arg(long, value_enum)]
    pub(super) tamper: Option<Wrong>,
}

/// What may be wrong with a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Wrong {
    /// Signed with a secret that nobody knows
    OtherSecret,
    /// Signed a second before the preset's tolerance begins
    Old,
    /// Signed a second after the preset's tolerance ends
    Future,
    /// The body's last byte is missing
    Truncated,
    /// There is no signature
    Unsigned,
}

/// A URL to send to.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    /// As typed.
    pub(crate) text: String,
    /// `http://host:port`.
    pub(crate) origin: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) host: String,
}

impl Url {
    /// Reads one: `http://` or `https://`, a host, no credentials.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let uri: Uri = text.parse().map_err(|_| "not a URL".to_owned())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("not a whole URL: http://HOST/PATH".to_owned());
        };
        if !matches!(scheme, "http" | "https") {
            return Err("not http:// or https://".to_owned());
        }
        if authority.as_str().contains('@') {
            return Err("credentials in a URL are not sent".to_owned());
        }
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Ok(Self {
            text: text.to_owned(),
            origin: format!("{scheme}://{authority}"),
            // `http://host?query` has an empty path.
            target: match target.starts_with('/') {
                true => target.to_owned(),
                false => format!("/{target}"),
            },
            host: authority.host().trim_matches(['[', ']']).to_owned(),
        })
    }
}
