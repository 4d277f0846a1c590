use std::{sync::Arc, time::Duration};

use http::Response;
use tower::Layer;

use super::{BodyBudget, ReplyBody, Verify, respond::Settings};
use crate::{clock::Clock, error::Rejection, source::Source};

/// Layer that applies [`Verify`]. See the [module docs](crate::verify) for an example.
///
/// # Default
/// - 10 s until a body must be there and verified
/// - the process's shared [`BodyBudget`] of 256 MiB
/// - the system's clock
/// - refusals without a body
#[derive(Clone, Debug)]
#[must_use]
pub struct VerifyLayer {
    source: Source,
    settings: Arc<Settings>,
}

impl VerifyLayer {
    /// Lets deliveries to this source through.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            settings: Arc::new(Settings::new(Duration::from_secs(10))),
        }
    }

    /// How long it may take until a body is there and verified; then 408.
    pub fn with_deadline(self, deadline: Duration) -> Self {
        self.change(|settings| settings.deadline = deadline)
    }

    /// A budget for body bytes other than the process's shared one.
    pub fn with_body_budget(self, budget: BodyBudget) -> Self {
        self.change(|settings| settings.budget = budget)
    }

    /// A clock other than the system's.
    pub fn with_clock(self, clock: impl Clock) -> Self {
        self.change(|settings| settings.clock = Arc::new(clock))
    }

    /// The reply to refused deliveries, instead of a bare status. What it says is seen by
    /// strangers.
    pub fn with_response(
        self,
        respond: impl Fn(Rejection) -> Response<ReplyBody> + Send + Sync + 'static,
    ) -> Self {
        self.change(|settings| settings.set_respond(Arc::new(respond)))
    }

    fn change(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verify<S>;

    fn layer(&self, inner: S) -> Verify<S> {
        Verify::new(inner, self.source.clone(), Arc::clone(&self.settings))
    }
}
