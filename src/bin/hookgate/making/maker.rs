//! Makes the deliveries, one after the other.

use bytes::Bytes;
use hookgate::{
    Event, Source,
    clock::{Clock, SystemClock, UnixTime},
    provider::{Field, Provider},
    scheme::{SignedUrl, TimeAt},
    testing::{Signer, Tamper},
};
use http::Request;

use super::{MakeArgs, Url, args::Wrong, payload};
use crate::{
    exit::Trouble,
    shared::{input, preset},
};

/// Signs one event after the other.
pub(crate) struct Maker {
    pub(crate) row: Provider,
    signer: Signer,
    /// Reads what was made as a receiver would, whenever it was signed.
    reader: Source,
    data: Option<Bytes>,
    event: Option<String>,
    kind: String,
    /// The type was said, and not made up.
    typed: bool,
    skew: i64,
    /// Something was said about the time.
    timed: bool,
    tamper: Option<Tamper>,
}

/// A signed delivery.
pub(crate) struct Made {
    pub(crate) request: Request<Bytes>,
    /// What a receiver reads out of it; `None` when it is to be refused.
    pub(crate) event: Option<Event>,
}

impl Maker {
    /// A maker of deliveries to this URL.
    pub(crate) fn new(args: &MakeArgs, url: &Url) -> Result<Self, Trouble> {
        let row = preset::named(&args.slug)?;
        let secrets = args.secrets.some()?;
        let public_url = match (row.scheme.signed_url(), &args.public_url) {
            (SignedUrl::Origin, Some(given)) => given.trim_end_matches('/').to_owned(),
            (SignedUrl::Origin, None) => url.origin.clone(),
            (_, Some(given)) => given.clone(),
            (_, None) => url.text.clone(),
        };
        let (mut signer, mut reader) = (None, Source::builder("reader", row));
        for given in &secrets {
            let secret = given.usable()?;
            let next = match signer {
                None => Signer::new(row, &secret),
                Some(signer) => Signer::add_secret(signer, &secret),
            };
            let trouble = |why| Trouble::usage(format!("{}: {why}", given.label));
            signer = Some(next.map_err(trouble)?);
            reader = reader.add_secret(secret);
        }
        if row.scheme.signed_url() != SignedUrl::None {
            reader = reader.with_public_url(&public_url);
        }
        let reader = reader.with_max_body(usize::MAX).dangerous();
        let reader = reader.without_freshness().build().map_err(Trouble::usage)?;
        let signer = signer.ok_or_else(|| Trouble::usage("a secret is needed"))?;
        let data = args.data.as_deref().map(input::value).transpose()?;
        Ok(Self {
            row,
            signer: signer.with_public_url(&public_url).with_target(&url.target),
            reader,
            data: data.map(Bytes::from),
            event: args.event.clone(),
            kind: args.kind.clone().unwrap_or_else(|| "test.event".to_owned()),
            typed: args.kind.is_some(),
            skew: args.skew.saturating_add(early_or_late(&row, args.tamper)),
            timed: args.skew != 0 || matches!(args.tamper, Some(Wrong::Old | Wrong::Future)),
            tamper: tamper(args),
        })
    }

    /// The `n`-th of `count` events, from 1.
    pub(crate) fn make(&self, n: usize, count: usize) -> Result<Made, Trouble> {
        let id = match (&self.event, count) {
            (Some(id), 1) => id.clone(),
            (Some(id), _) => format!("{id}-{n}"),
            (None, _) => new_id()?,
        };
        let now = SystemClock.now().as_millis().saturating_add(self.skew);
        let now = UnixTime::from_millis(now);
        let (name, _) = payload::type_parts(&self.row, &self.kind);
        let payload = match &self.data {
            Some(data) => data.clone(),
            None => payload::of(&self.row, &id, &self.kind, now).into(),
        };
        let signer = self.signer.clone().with_id(&id).with_type(name);
        let slug = self.row.slug;
        let request = match self.tamper {
            None => signer.try_sign(payload, now),
            Some(tamper) => signer.try_tampered(payload, now, tamper),
        };
        let request = request.map_err(|why| Trouble::usage(format!("{slug}: {why}")))?;
        let (parts, body) = request.into_parts();
        let event = self.reader.verify(&parts, body.clone(), now);
        if let (Err(why), None) = (&event, self.tamper) {
            let why = format!("{slug} does not take this payload or id: {why}");
            return Err(Trouble::usage(why));
        }
        Ok(Made {
            request: Request::from_parts(parts, body),
            event: event.ok(),
        })
    }

    /// What was typed and has no effect.
    pub(crate) fn notes(&self) -> Vec<&'static str> {
        let mut notes = Vec::new();
        let in_head = |fields: &[Field]| {
            let mut fields = fields.iter();
            fields.any(|field| matches!(field, Field::Header(_) | Field::Joined(_)))
        };
        let (given, envelope) = (self.data.is_some(), self.row.envelope);
        if self.event.is_some() && envelope.id.is_empty() {
            notes.push("this preset knows of no event id: --event is only in the payload");
        }
        if self.typed && envelope.kind.is_empty() {
            notes.push("this preset knows of no type: --type has no effect");
        }
        let in_payload = !envelope.id.is_empty() && !in_head(envelope.id);
        if given && self.event.is_some() && in_payload {
            notes.push("the id is that of --data, not --event");
        }
        if given
            && matches!(
                self.row.scheme.time,
                TimeAt::Body { .. } | TimeAt::Param { .. }
            )
        {
            notes.push("the signed time is that of --data");
        }
        if self.timed && self.row.tolerance.is_none() {
            notes.push("this preset signs no time: it cannot be wrong");
        }
        notes
    }
}

/// What [`Signer`] is to do wrong. What is wrong with the time is done to the payload's too.
fn tamper(args: &MakeArgs) -> Option<Tamper> {
    match args.tamper {
        _ if args.wrong_secret => Some(Tamper::OtherSecret),
        Some(Wrong::OtherSecret) => Some(Tamper::OtherSecret),
        Some(Wrong::Truncated) => Some(Tamper::Truncated),
        Some(Wrong::Unsigned) => Some(Tamper::Unsigned),
        Some(Wrong::Old | Wrong::Future) | None => None,
    }
}

/// How far from now a delivery is signed that is just too old or too new, in milliseconds.
fn early_or_late(row: &Provider, wrong: Option<Wrong>) -> i64 {
    let millis = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    match (wrong, row.tolerance) {
        (Some(Wrong::Old), Some(tolerance)) => -millis(tolerance.past()) - 1_000,
        // Not yet in the tolerance when it arrives.
        (Some(Wrong::Future), Some(tolerance)) => millis(tolerance.future()) + 5_000,
        _ => 0,
    }
}

fn new_id() -> Result<String, Trouble> {
    let mut random = [0; 8];
    let filled = getrandom::fill(&mut random);
    filled.map_err(|why| Trouble::outside(format!("no random numbers: {why}")))?;
    Ok(format!("evt_{}", data_encoding::HEXLOWER.encode(&random)))
}
