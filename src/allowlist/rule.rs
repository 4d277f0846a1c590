use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::Request;

use super::{AllowList, Origin};
use crate::{
    error::{ConfigError, RejectionKind},
    secret::Label,
    telemetry,
};

/// What becomes of deliveries that a layer would refuse.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// They are refused.
    Enforce,
    /// They pass, and are counted (`webhook_shadow_rejected_total`) and logged.
    Shadow,
}

/// What a layer asks of each delivery.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// Of the source that the layer stands before, for metrics and logs.
    source: Label,
    check: Check,
    origin: Origin,
    /// Shared by all clones of the layer, so that the mode can be changed while it serves.
    shadow: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
pub(super) enum Check {
    Address(AllowList),
    Https,
}

impl Rule {
    pub(super) fn new(source: &str, check: Check) -> Result<Self, ConfigError> {
        Ok(Self {
            source: Label::new("source", source)?,
            check,
            origin: Origin::peer(),
            shadow: Arc::default(),
        })
    }

    pub(super) fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    pub(super) fn set_mode(&self, mode: Mode) {
        self.shadow.store(mode == Mode::Shadow, Ordering::Relaxed);
    }

    pub(super) fn source(&self) -> &Label {
        &self.source
    }

    /// Why the delivery may not pass. Looks at its head and its extensions only.
    pub(super) fn judge<B>(&self, request: &Request<B>) -> Result<(), RejectionKind> {
        let Err(why) = self.check(request) else {
            return Ok(());
        };
        if self.shadow.load(Ordering::Relaxed) {
            telemetry::shadowed(&self.source, why.kind, why.address, why.text);
            return Ok(());
        }
        telemetry::received(&self.source);
        telemetry::turned_away(&self.source, why.kind, why.address, why.text);
        Err(why.kind)
    }

    fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        match &self.check {
            Check::Address(list) => {
                let address = self.origin.address(request)?;
                let why = "the address is not in the list";
                let refusal = Refusal::new(RejectionKind::AddressNotAllowed, why).of(address);
                list.contains(address).then_some(()).ok_or(refusal)
            }
            Check::Https => {
                let why = "the delivery came over plain HTTP";
                let refusal = Refusal::new(RejectionKind::PlainHttp, why);
                let is_https = self.origin.is_https(request)?;
                is_https.then_some(()).ok_or(refusal)
            }
        }
    }
}

/// Why a delivery may not pass, in words for the operator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) kind: RejectionKind,
    text: &'static str,
    /// Of whom it comes, as far as that is known.
    address: Option<IpAddr>,
}

impl Refusal {
    pub(super) const fn new(kind: RejectionKind, text: &'static str) -> Self {
        Self {
            kind,
            text,
            address: None,
        }
    }

    pub(super) const fn of(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }
}
