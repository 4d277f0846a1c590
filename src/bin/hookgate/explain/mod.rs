//! `hookgate explain`: whether a delivery is valid, and what would make it so.

pub(crate) mod case;
mod change;
mod clock;
pub(crate) mod diagnosis;
pub(crate) mod report;
mod request;
mod search;
mod seen;

use clap::Args;
use hookgate::{
    clock::{Clock, SystemClock, UnixTime},
    scheme::SignedUrl,
};

use self::{case::Case, diagnosis::Diagnosis};
use crate::{
    exit::Trouble,
    making::Url,
    shared::{Out, SecretArgs, preset, times},
};

/// Say whether a delivery is valid, or why not
///
/// Gives what arrived to the library, and where it is refused makes one change after the other until
/// the signature matches: to the body, the secret, the URL, the headers, the preset. What it calls
/// found has been verified. Ends with 1 when the delivery is not valid.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The preset, e.g. stripe; `hookgate providers` lists all
    slug: String,

    #[command(flatten)]
    secrets: SecretArgs,

    /// A header as received, `Name: value`. May come several times
    #[arg(
        long = "header",
        short = 'H',
        value_name = "HEADER",
        conflicts_with = "request"
    )]
    headers: Vec<String>,

    /// The raw body: a text, @FILE, or - for standard input
    #[arg(
        long,
        value_name = "TEXT|@FILE|-",
        conflicts_with = "request",
        allow_hyphen_values = true
    )]
    body: Option<String>,

    /// The method; the preset's own when it is left out
    #[arg(long, value_name = "METHOD", conflicts_with = "request")]
    method: Option<http::Method>,

    /// A captured HTTP/1.1 request, head and body: @FILE, or - for standard input
    #[arg(long, value_name = "@FILE|-")]
    request: Option<String>,

    /// The URL under which the sender knows the endpoint. Counts where the URL or its query is signed
    #[arg(long, value_parser = Url::parse)]
    url: Option<Url>,

    /// Judge as of this time: RFC 3339, or seconds since 1970. Now, when it is left out
    #[arg(long, value_name = "TIME", value_parser = times::time)]
    at: Option<UnixTime>,

    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(crate) fn run(self) -> Result<(), Trouble> {
        let row = preset::named(&self.slug)?;
        let secrets = self.secrets.some()?;
        let out = Out::hiding(&secrets);
        let (mut parts, body) = match &self.request {
            Some(captured) => request::captured(captured)?,
            None => request::described(&self.headers, self.body.as_deref(), self.method, &row)?,
        };
        if let (Some(url), None) = (&self.url, &self.request) {
            parts.uri = url.target.parse().map_err(Trouble::usage)?;
        }
        let url = self.url.as_ref().map(|url| match row.scheme.signed_url() {
            SignedUrl::Origin => origin(url, parts.uri.path()),
            _ => url.text.clone(),
        });
        let case = Case::new(row, secrets, url, parts, body);
        let now = self.at.unwrap_or_else(|| SystemClock.now());
        let diagnosis = Diagnosis::of(&case, now);
        if self.json {
            out.json(report::json(&case, &diagnosis));
        } else {
            report::text(&case, &diagnosis, now)
                .iter()
                .for_each(|line| out.line(line));
        }
        match diagnosis.is_valid() {
            true => Ok(()),
            false => Err(Trouble::No),
        }
    }
}

/// The public origin of a URL, with what a proxy has taken away from the front of this path.
fn origin(url: &Url, received: &str) -> String {
    let path = url.target.split('?').next().unwrap_or_default();
    let taken = path.strip_suffix(received).unwrap_or_default();
    format!("{}{}", url.origin, taken.trim_end_matches('/'))
}
