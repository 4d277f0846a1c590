//! Spans of deliveries and jobs.

#![cfg_attr(not(feature = "tracing"), allow(unused_variables))]

#[cfg(feature = "verify")]
use crate::secret::Label;

/// The span of one delivery or job; nothing without the feature.
#[cfg(feature = "verify")]
#[derive(Clone, Debug)]
pub(crate) struct Span(#[cfg(feature = "tracing")] tracing::Span);

#[cfg(feature = "verify")]
impl Span {
    pub(crate) fn delivery(source: &Label, provider: &'static str) -> Self {
        Self(
            #[cfg(feature = "tracing")]
            tracing::info_span!(
                target: "hookgate",
                "webhook_delivery",
                %source,
                provider,
                key = tracing::field::Empty,
                traceparent = tracing::field::Empty
            ),
        )
    }

    #[cfg(feature = "inbox")]
    pub(crate) fn job(handler: &Label, key: &str, attempt: u32, traceparent: Option<&str>) -> Self {
        Self(
            #[cfg(feature = "tracing")]
            tracing::info_span!(
                target: "hookgate",
                "webhook_job",
                %handler,
                key,
                attempt,
                traceparent
            ),
        )
    }

    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tracing")]
        return self.0.in_scope(work);
        #[cfg(not(feature = "tracing"))]
        work()
    }

    /// Runs a future inside the span.
    #[cfg(feature = "inbox")]
    pub(crate) async fn around<F: Future>(self, work: F) -> F::Output {
        #[cfg(feature = "tracing")]
        return tracing::Instrument::instrument(work, self.0).await;
        #[cfg(not(feature = "tracing"))]
        work.await
    }
}

/// Notes something of an event in the span of its delivery, if this runs in one.
#[cfg(feature = "verify")]
pub(super) fn note(field: &'static str, value: &str) {
    #[cfg(feature = "tracing")]
    {
        let span = tracing::Span::current();
        if span
            .metadata()
            .is_some_and(|span| span.target() == "hookgate")
        {
            span.record(field, value);
        }
    }
}
