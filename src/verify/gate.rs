use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Method, request::Parts};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    budget::Reservation,
    collect::Collected,
    drain::{DRAIN_TIME, Drain, FRAMES_A_POLL},
    respond::Settings,
};
use crate::{
    error::{Rejection, RejectionKind},
    event::Event,
    provider::{Handshake, handshake::Reply},
    scheme::KeySet,
    source::{Head, Keys, Source, declared_length},
    telemetry,
};

/// How a delivery's verification ended.
pub(crate) enum Verdict {
    /// Genuine and fresh. The reservation is for the body's bytes.
    Verified(Box<Parts>, Box<Event>, Reservation),
    /// A handshake, proved and answered.
    Handshake(Reply),
    Refused(Rejection),
}

pin_project! {
    /// Steps 2 to 7 of one delivery: head, secrets, body, MAC, envelope.
    ///
    /// ```text
    /// Start ──▶ Resolve ──▶ Read ──▶ Verified | Handshake | Refused
    ///   │  └─────────────────▲
    ///   └──▶ Drain ──▶ Refused       (small declared bodies over HTTP/1 only)
    /// ```
    pub(crate) struct Gate<B> {
        source: Source,
        settings: Arc<Settings>,
        parts: Option<Box<Parts>>,
        #[pin]
        body: B,
        state: State,
        deadline: Instant,
        // Made when there is something to wait for; most bodies are there already.
        sleep: Option<Pin<Box<Sleep>>>,
    }
}

enum State {
    Start,
    Resolve {
        head: Head,
        tenant: String,
        withdrawals: u64,
        keys: ResolveFuture,
    },
    Read {
        head: Head,
        keys: Keys,
        collected: Collected,
    },
    Drain {
        why: RejectionKind,
        drain: Drain,
    },
    Ended,
}

type ResolveFuture = Pin<Box<dyn Future<Output = Result<Option<KeySet>, Rejection>> + Send>>;

impl<B> Gate<B> {
    pub(crate) fn new(
        source: Source,
        settings: Arc<Settings>,
        deadline: Instant,
        parts: Parts,
        body: B,
    ) -> Self {
        let parts = Some(Box::new(parts));
        Self {
            source,
            settings,
            parts,
            body,
            state: State::Start,
            deadline,
            sleep: None,
        }
    }
}

impl<B: Body> Future for Gate<B> {
    type Output = Verdict;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Verdict> {
        let verdict = match self.as_mut().advance(cx) {
            Poll::Ready(verdict) => verdict,
            Poll::Pending => match ready!(self.as_mut().poll_deadline(cx)) {
                State::Drain { why, .. } => Err(why),
                // Not the sender's fault.
                State::Resolve { .. } => Err(RejectionKind::Resolver),
                _ => Err(RejectionKind::TooSlow),
            },
        };
        Poll::Ready(verdict.unwrap_or_else(|why| Verdict::Refused(why.into())))
    }
}

impl<B: Body> Gate<B> {
    fn advance(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Verdict, RejectionKind>> {
        let mut frames = FRAMES_A_POLL;
        loop {
            let this = self.as_mut().project();
            let state = std::mem::replace(this.state, State::Ended);
            let next = match state {
                State::Start => match self.as_mut().start() {
                    Ok(next) => next,
                    Err(Start::Handshake(reply)) => {
                        return Poll::Ready(Ok(Verdict::Handshake(reply)));
                    }
                    Err(Start::Refused(why)) => match self.as_mut().drain(why) {
                        Some(next) => next,
                        None => return Poll::Ready(Err(why)),
                    },
                },
                State::Resolve {
                    head,
                    tenant,
                    withdrawals,
                    mut keys,
                } => match keys.as_mut().poll(cx) {
                    Poll::Pending => {
                        *this.state = State::Resolve {
                            head,
                            tenant,
                            withdrawals,
                            keys,
                        };
                        return Poll::Pending;
                    }
                    Poll::Ready(Err(why)) => return Poll::Ready(Err(why.kind())),
                    Poll::Ready(Ok(found)) => {
                        let keys = match found {
                            Some(set) => Keys {
                                set: Arc::new(set),
                                tenant: Some(tenant),
                                real: true,
                                withdrawals,
                            },
                            None => this.source.nobodys_keys(),
                        };
                        self.as_mut().read(head, keys)
                    }
                },
                State::Read {
                    head,
                    keys,
                    mut collected,
                } => {
                    if frames == 0 {
                        *this.state = State::Read {
                            head,
                            keys,
                            collected,
                        };
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    frames -= 1;
                    match this.body.poll_frame(cx) {
                        Poll::Pending => {
                            *this.state = State::Read {
                                head,
                                keys,
                                collected,
                            };
                            return Poll::Pending;
                        }
                        Poll::Ready(None) => {
                            return Poll::Ready(self.judge(&head, &keys, collected));
                        }
                        Poll::Ready(Some(Err(_))) => {
                            return Poll::Ready(Err(RejectionKind::BodyRead));
                        }
                        Poll::Ready(Some(Ok(frame))) => {
                            if let Ok(data) = frame.into_data()
                                && let Err(why) = collected.push(data)
                            {
                                return Poll::Ready(Err(why));
                            }
                            State::Read {
                                head,
                                keys,
                                collected,
                            }
                        }
                    }
                }
                State::Drain { why, mut drain } => {
                    if drain.poll(this.body, cx).is_pending() {
                        *this.state = State::Drain { why, drain };
                        return Poll::Pending;
                    }
                    return Poll::Ready(Err(why));
                }
                State::Ended => return Poll::Ready(Err(RejectionKind::Misconfigured)),
            };
            *self.as_mut().project().state = next;
        }
    }

    fn start(self: Pin<&mut Self>) -> Result<State, Start> {
        let this = self.project();
        telemetry::received(this.source.label());
        let parts = this.parts.as_deref().ok_or(RejectionKind::Misconfigured)?;
        let row = this.source.provider();
        if parts.method == Method::GET && matches!(row.handshake, Handshake::GetEcho { .. }) {
            let reply = this.source.answer_get(parts).map_err(|why| why.kind())?;
            return Err(Start::Handshake(reply));
        }
        let head = this.source.check_head(parts, this.settings.clock.now())?;
        let Some(tenants) = this.source.tenants() else {
            let keys = this.source.fixed_keys();
            return Ok(collect(this.source, this.settings, parts, head, keys));
        };
        let Some(tenant) = tenants.tenant(parts) else {
            let nobody = this.source.nobodys_keys();
            return Ok(collect(this.source, this.settings, parts, head, nobody));
        };
        let withdrawals = tenants.withdrawals(&tenant);
        let (tenants, name, scheme) = (Arc::clone(tenants), tenant.clone(), row.scheme);
        let keys = Box::pin(async move { tenants.keys(&name, &scheme).await });
        Ok(State::Resolve {
            head,
            tenant,
            withdrawals,
            keys,
        })
    }

    fn read(self: Pin<&mut Self>, head: Head, keys: Keys) -> State {
        let this = self.project();
        match this.parts.as_deref() {
            Some(parts) => collect(this.source, this.settings, parts, head, keys),
            None => State::Ended,
        }
    }

    fn drain(self: Pin<&mut Self>, why: RejectionKind) -> Option<State> {
        let this = self.project();
        let drain = Drain::of(this.parts.as_deref()?)?;
        *this.deadline = (*this.deadline).min(Instant::now() + DRAIN_TIME);
        Some(State::Drain { why, drain })
    }

    fn judge(
        self: Pin<&mut Self>,
        head: &Head,
        keys: &Keys,
        collected: Collected,
    ) -> Result<Verdict, RejectionKind> {
        let this = self.project();
        let parts = this.parts.take().ok_or(RejectionKind::Misconfigured)?;
        let (body, reserved) = collected.finish();
        let now = this.settings.clock.now();
        let event = this
            .source
            .check_body(&parts, head, keys, body, now)
            .map_err(|why| why.kind())?;
        let (age, trace) = (event.signature_age(), event.trace_parent());
        telemetry::verified(this.source.label(), &event.head.secret, age, trace);
        if let Some(reply) = this.source.answer_event(&event) {
            return Ok(Verdict::Handshake(reply));
        }
        Ok(Verdict::Verified(parts, Box::new(event), reserved))
    }

    /// Ready, with the state it was in, when the time is up.
    fn poll_deadline(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<State> {
        let this = self.project();
        let deadline = *this.deadline;
        let sleep = this
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        ready!(sleep.as_mut().poll(cx));
        Poll::Ready(std::mem::replace(this.state, State::Ended))
    }
}

/// Why a delivery does not get as far as its body.
enum Start {
    Handshake(Reply),
    Refused(RejectionKind),
}

impl From<RejectionKind> for Start {
    fn from(why: RejectionKind) -> Self {
        Self::Refused(why)
    }
}

fn collect(source: &Source, settings: &Settings, parts: &Parts, head: Head, keys: Keys) -> State {
    let reserved = Reservation::none(&settings.budget);
    let collected = Collected::new(source.max_body(), declared_length(parts), reserved);
    State::Read {
        head,
        keys,
        collected,
    }
}
