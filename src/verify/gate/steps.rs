//! What is done between the states.

use std::{pin::Pin, sync::Arc};

use http::request::Parts;
use http_body::Body;
use tokio::time::Instant;

use super::{End, Gate, State, Verdict};
use crate::{
    error::{Rejection, RejectionKind},
    provider::Reply,
    source::{Head, Keys, MAX_HANDSHAKE_BODY, declared_length},
    telemetry,
    verify::{
        budget::Reservation,
        collect::Collected,
        drain::{DRAIN_TIME, Drain},
        respond::Settings,
    },
};

impl<B: Body> Gate<B> {
    pub(super) fn start(mut self: Pin<&mut Self>) -> Result<State, End> {
        let this = self.as_mut().project();
        telemetry::received(this.source.label());
        let parts = this
            .parts
            .as_deref()
            .ok_or(Err(RejectionKind::Misconfigured))?;
        let source = &*this.source;
        let head = if source.wants_keys(parts) {
            None
        } else if let Some(answer) = source.answer(parts) {
            return Err(end(answer));
        } else if source.may_be_handshake(parts) {
            let collected = collected(MAX_HANDSHAKE_BODY, this.settings, parts);
            let delivery = None;
            return Ok(State::Read {
                delivery,
                collected,
            });
        } else {
            let head = source.check_head(parts, this.settings.clock.now());
            Some(head.map_err(Err)?)
        };
        let Some(tenants) = source.tenants() else {
            let keys = source.fixed_keys();
            return self.go_on(head, keys);
        };
        let Some(tenant) = tenants.tenant(parts) else {
            let nobody = source.nobodys_keys();
            return self.go_on(head, nobody);
        };
        let withdrawals = tenants.withdrawals(&tenant);
        let (tenants, name) = (Arc::clone(tenants), tenant.clone());
        let scheme = source.provider().scheme;
        let keys = Box::pin(async move { tenants.keys(&name, &scheme).await });
        Ok(State::Resolve {
            head,
            tenant,
            withdrawals,
            keys,
        })
    }

    /// Reads the delivery that these keys judge, or answers the handshake that they sign.
    pub(super) fn go_on(
        self: Pin<&mut Self>,
        head: Option<Head>,
        keys: Keys,
    ) -> Result<State, End> {
        let this = self.project();
        let parts = this
            .parts
            .as_deref()
            .ok_or(Err(RejectionKind::Misconfigured))?;
        match head {
            Some(head) => Ok(State::Read {
                collected: collected(this.source.max_body(), this.settings, parts),
                delivery: Some((head, keys)),
            }),
            None if keys.real => {
                let answer = this.source.answer_with(&keys.set, parts);
                Err(answer.map_or(Err(RejectionKind::Misconfigured), end))
            }
            None => Err(Err(RejectionKind::UnknownTenant)),
        }
    }

    /// Answers a small body that may be a handshake; what is none is an unsigned delivery.
    pub(super) fn ask(self: Pin<&mut Self>, collected: Collected) -> Result<State, End> {
        let this = self.project();
        let parts = this.parts.take().ok_or(Err(RejectionKind::Misconfigured))?;
        let (body, reserved) = collected.finish();
        if let Some(answer) = this.source.answer_body(&parts, &body) {
            return Err(end(answer));
        }
        if !this.source.may_enrol(&parts) {
            return Err(Err(RejectionKind::MissingSignature));
        }
        let source = this.source.clone();
        let reply = Box::pin(async move {
            let reply = source.enrol(&parts, &body).await;
            drop(reserved);
            reply.map_or(Err(RejectionKind::AwaitingEnrolment), end)
        });
        Ok(State::Enrol { reply })
    }

    pub(super) fn drain(self: Pin<&mut Self>) -> Option<Drain> {
        let this = self.project();
        let drain = Drain::of(this.parts.as_deref()?)?;
        *this.deadline = (*this.deadline).min(Instant::now() + DRAIN_TIME);
        Some(drain)
    }

    pub(super) fn judge(
        self: Pin<&mut Self>,
        head: &Head,
        keys: &Keys,
        collected: Collected,
    ) -> End {
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
        if let Some(reply) = this.source.answer_event(&parts, &event) {
            return Ok(Verdict::Handshake(Box::new(reply)));
        }
        Ok(Verdict::Verified(parts, Box::new(event), reserved))
    }
}

fn end(answer: Result<Reply, Rejection>) -> End {
    match answer {
        Ok(reply) => Ok(Verdict::Handshake(Box::new(reply))),
        Err(why) => Err(why.kind()),
    }
}

fn collected(limit: usize, settings: &Settings, parts: &Parts) -> Collected {
    let reserved = Reservation::none(&settings.budget);
    Collected::new(limit, declared_length(parts), reserved)
}
