mod steps;

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::request::Parts;
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    budget::Reservation,
    collect::Collected,
    drain::{Drain, FRAMES_A_POLL},
    respond::Settings,
};
use crate::{
    error::{Rejection, RejectionKind},
    event::Event,
    provider::Reply,
    scheme::KeySet,
    source::{Head, Keys, Source},
};

/// How a delivery's verification ended.
pub(crate) enum Verdict {
    /// Genuine and fresh. The reservation is for the body's bytes.
    Verified(Box<Parts>, Box<Event>, Reservation),
    /// A handshake, proved and answered.
    Handshake(Box<Reply>),
    Refused(Rejection),
}

pin_project! {
    /// Steps 2 to 7 of one delivery: head, secrets, body, MAC, envelope.
    ///
    /// ```text
    /// Start ──▶ Resolve ──▶ Read ──▶ Verified | Handshake | Refused
    ///   │  └─────────────────▲ │
    ///   │                      └──▶ Enrol ──▶ Handshake | Refused
    ///   └──▶ Drain ──▶ Handshake | Refused  (small declared bodies over HTTP/1 only)
    /// ```
    ///
    /// Unsigned handshakes end at the start, after their tenant's keys are there, or with a small
    /// body; those that hand a secret over wait until it is stored.
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
        /// Nothing when they are to answer an unsigned handshake.
        head: Option<Head>,
        tenant: String,
        withdrawals: u64,
        keys: ResolveFuture,
    },
    Read {
        /// Nothing when it may be an unsigned handshake, and is small.
        delivery: Option<(Head, Keys)>,
        collected: Collected,
    },
    Enrol {
        reply: EnrolFuture,
    },
    Drain {
        end: End,
        drain: Drain,
    },
    Ended,
}

/// How it ends.
type End = Result<Verdict, RejectionKind>;

type EnrolFuture = Pin<Box<dyn Future<Output = End> + Send>>;

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
                State::Drain { end, .. } => end,
                // Not the sender's fault.
                State::Resolve { .. } => Err(RejectionKind::Resolver),
                State::Enrol { .. } => Err(RejectionKind::AwaitingEnrolment),
                _ => Err(RejectionKind::TooSlow),
            },
        };
        Poll::Ready(verdict.unwrap_or_else(|why| Verdict::Refused(why.into())))
    }
}

impl<B: Body> Gate<B> {
    fn advance(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let mut frames = FRAMES_A_POLL;
        loop {
            let this = self.as_mut().project();
            let state = std::mem::replace(this.state, State::Ended);
            let next = match state {
                State::Start => match self.as_mut().start() {
                    Ok(next) => next,
                    Err(end) => match self.as_mut().drain() {
                        Some(drain) => State::Drain { end, drain },
                        None => return Poll::Ready(end),
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
                        match self.as_mut().go_on(head, keys) {
                            Ok(next) => next,
                            Err(end) => return Poll::Ready(end),
                        }
                    }
                },
                State::Read {
                    delivery,
                    mut collected,
                } => {
                    if frames == 0 {
                        *this.state = State::Read {
                            delivery,
                            collected,
                        };
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    frames -= 1;
                    match this.body.poll_frame(cx) {
                        Poll::Pending => {
                            *this.state = State::Read {
                                delivery,
                                collected,
                            };
                            return Poll::Pending;
                        }
                        Poll::Ready(None) => match delivery {
                            Some((head, keys)) => {
                                return Poll::Ready(self.judge(&head, &keys, collected));
                            }
                            None => match self.as_mut().ask(collected) {
                                Ok(next) => next,
                                Err(end) => return Poll::Ready(end),
                            },
                        },
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
                                delivery,
                                collected,
                            }
                        }
                    }
                }
                State::Enrol { mut reply } => match reply.as_mut().poll(cx) {
                    Poll::Pending => {
                        *this.state = State::Enrol { reply };
                        return Poll::Pending;
                    }
                    Poll::Ready(end) => return Poll::Ready(end),
                },
                State::Drain { end, mut drain } => {
                    if drain.poll(this.body, cx).is_pending() {
                        *this.state = State::Drain { end, drain };
                        return Poll::Pending;
                    }
                    return Poll::Ready(end);
                }
                State::Ended => return Poll::Ready(Err(RejectionKind::Misconfigured)),
            };
            *self.as_mut().project().state = next;
        }
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
