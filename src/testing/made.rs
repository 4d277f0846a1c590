use std::error::Error;

use bytes::Bytes;

use super::Signer;
use crate::{
    clock::{Clock, SystemClock},
    event::Event,
    provider::Provider,
    scheme::SignedUrl,
    source::{Source, made_up_secret},
};

/// Why nothing could be made.
type Failed = Box<dyn Error + Send + Sync>;

/// An event for tests of code that takes one: signed as this provider signs, with a secret of the
/// moment, and verified on the spot. Its source has the provider's slug for a name. `id` and `kind` count
/// where the provider sends them in headers; elsewhere they are those of the body.
///
/// # Errors
/// When the row does not build, or the body lacks what the row asks of it, a time say.
pub fn event(row: Provider, id: &str, kind: &str, body: impl Into<Bytes>) -> Result<Event, Failed> {
    let (secret, now) = (made_up_secret(&row)?, SystemClock.now());
    let signer = Signer::new(row, &secret)?.with_id(id).with_type(kind);
    let mut builder = Source::builder(row.slug, row);
    if row.scheme.signed_url() != SignedUrl::None {
        builder = builder.with_public_url(URL);
    }
    let builder = match row.scheme.is_unsigned() {
        true => builder.dangerous().accept_unsigned("it is made for a test"),
        false => builder.add_secret(secret),
    };
    let (parts, body) = signer
        .with_public_url(URL)
        .try_sign(body, now)?
        .into_parts();
    Ok(builder.build()?.verify(&parts, body, now)?)
}

const URL: &str = "https://hooks.example.com";

/// The job of an event for a handler of this name, for tests of handlers: before its attempt of this
/// number, 1 for the first. It is a real one, leased from a store in memory that is its own.
///
/// ```
/// use hookgate::{inbox::{Failure, Job}, provider, testing};
///
/// async fn bill(job: Job) -> Result<(), Failure> {
///     let amount: u64 = job.json_at("/amount")?;
///     if amount > 9_000 && job.attempt() < 3 {
///         return Err(Failure::retry("the bank is asleep"));
///     }
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let event = |body: &'static str| testing::event(provider::STRIPE, "evt_1", "invoice.paid", body);
/// let job = testing::job("billing", &event(r#"{"amount":4200}"#)?, 1).await?;
/// assert!(bill(job).await.is_ok());
/// let large = event(r#"{"amount":9001}"#)?;
/// assert!(bill(testing::job("billing", &large, 1).await?).await.is_err());
/// assert!(bill(testing::job("billing", &large, 3).await?).await.is_ok());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the handler's name is not one.
#[cfg(feature = "inbox")]
pub async fn job(handler: &str, event: &Event, attempt: u32) -> Result<crate::inbox::Job, Failed> {
    crate::inbox::trial::job(handler, event, attempt).await
}
