//! A page for the people who run an inbox: what comes in, what waits, what is dead, and how to
//! mend it. Feature `admin`.
//!
//! It is an [`axum::Router`] that you mount where you like, best on an address of its own that the
//! outside cannot reach. It asks for a choice before it exists: who may see it ([`Auth`]).
//!
//! ```
//! use hookgate::{Inbox, Secret, admin::{Admin, Auth}, redact::Redactor, store::MemoryStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let inbox = Inbox::builder(MemoryStore::new()).with_journal(1_000).build().await?;
//! let password = Secret::new("correct horse battery")?; // from a file or the environment
//! let page = Admin::builder(inbox)
//!     .behind(Auth::basic("ops", password))
//!     .with_redactor(Redactor::new().show("/type")?)
//!     .router()?;
//! let app: axum::Router = axum::Router::new().nest("/admin", page);
//! # drop(app);
//! # Ok(())
//! # }
//! ```
//!
//! Without that choice there is nothing to mount:
//!
//! ```compile_fail
//! # async fn f(inbox: hookgate::Inbox) {
//! hookgate::admin::Admin::builder(inbox).router();
//! # }
//! ```
//!
//! # What it does for its own safety
//! - Payloads are shown through a [`Redactor`], which shows nothing unless you name it.
//! - Everything is escaped, and the content security policy lets nothing run or load but the page's
//!   own style and script, by their hashes. It cannot be framed and is not cached.
//! - What changes something is a POST that a browser says comes from the page itself, with a cookie
//!   that other sites cannot send and a token that they cannot read. Both are made anew by each
//!   process: behind a load balancer, let people stick to one.
//! - It works without JavaScript; with it, the numbers follow by themselves.
//!
//! # What it does not do
//! It does not limit guesses at the password (a password or token has 12 bytes at the least), and
//! it knows one kind of people: whoever may see it may replay and discard.

mod auth;
mod desk;
mod frame;
mod guard;
mod pages;
mod replays;
mod text;

use std::{fmt, sync::Arc};

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

pub use self::auth::Auth;
use self::{desk::Desk, guard::guard};
use crate::{error::ConfigError, inbox::Inbox, redact::Redactor, telemetry};

/// Where an admin page begins.
#[derive(Clone, Copy, Debug)]
pub struct Admin(());

impl Admin {
    /// A page about this inbox; who may see it is the next question.
    pub fn builder(inbox: Inbox) -> AdminBuilder {
        AdminBuilder { inbox }
    }
}

/// An admin page that nobody may see yet.
#[derive(Debug)]
#[must_use]
pub struct AdminBuilder {
    inbox: Inbox,
}

impl AdminBuilder {
    /// Chooses who may see it.
    pub fn behind(self, auth: Auth) -> AdminPage {
        AdminPage {
            inbox: self.inbox,
            auth,
            redactor: Redactor::new(),
            public_path: None,
        }
    }
}

/// An admin page that knows who may see it.
///
/// # Default
/// - of payloads, types and lengths are shown
/// - links lead to where the router is mounted in this process
#[must_use]
pub struct AdminPage {
    inbox: Inbox,
    auth: Auth,
    redactor: Redactor,
    public_path: Option<String>,
}

impl AdminPage {
    /// What of payloads is shown.
    pub fn with_redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// The path under which browsers know the page, where a proxy takes a part of it away:
    /// `/hooks/admin`.
    pub fn with_public_path(mut self, path: impl Into<String>) -> Self {
        self.public_path = Some(path.into());
        self
    }

    /// Makes the page.
    ///
    /// # Errors
    /// [`ConfigError::OutOfRange`] when the password or token is shorter than 12 bytes or the public
    /// path does not begin with `/`, and what the system's random numbers fail with.
    pub fn router(self) -> Result<Router, ConfigError> {
        self.auth.check()?;
        if self
            .public_path
            .as_ref()
            .is_some_and(|path| !path.starts_with('/'))
        {
            let what = "the admin page's public path: it begins with /";
            return Err(ConfigError::OutOfRange { what });
        }
        if let Some(why) = self.auth.is_outside() {
            telemetry::warn("admin", &format!("the page asks nobody who he is: {why}"));
        }
        let public_path = self
            .public_path
            .map(|path| path.trim_end_matches('/').to_owned());
        let desk = Desk::new(self.inbox, self.auth, self.redactor, public_path)?;
        let desk = Arc::new(desk);
        Ok(Router::new()
            .route("/", get(pages::overview))
            .route("/deliveries", get(pages::deliveries))
            .route("/event", get(pages::find))
            .route("/event/{key}", get(pages::event))
            .route("/handlers/{handler}/pause", post(pages::pause))
            .route("/handlers/{handler}/resume", post(pages::resume))
            .route("/dead/{handler}", get(pages::dead))
            .route("/dead/{handler}/replay", post(pages::replay_all))
            .route("/dead/{handler}/{entry}", get(pages::letter))
            .route("/dead/{handler}/{entry}/replay", post(pages::replay))
            .route("/dead/{handler}/{entry}/discard", post(pages::discard))
            .fallback(pages::nothing)
            .layer(from_fn_with_state(Arc::clone(&desk), guard))
            .with_state(desk))
    }
}

impl fmt::Debug for AdminPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminPage")
            .field("auth", &self.auth)
            .field("redactor", &self.redactor)
            .finish_non_exhaustive()
    }
}
