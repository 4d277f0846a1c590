//! Which inbox is meant, and opening it.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use hookgate::{
    Inbox, StoreError,
    error::StoreErrorKind,
    redact::visible,
    store::{
        EmbeddedStore, Level, RedisStore, Store,
        redis::deadpool_redis::{Config, Runtime},
    },
};

use super::{told, trouble};
use crate::exit::Trouble;

/// Options of every command.
#[derive(Args, Debug)]
pub(super) struct Place {
    /// The inbox: a file's path, or redis://HOST:PORT/DB (rediss:// for TLS; SSL_CERT_FILE names a CA
    /// of your own)
    #[arg(
        long,
        global = true,
        env = "HOOKGATE_STORE",
        hide_env_values = true,
        help_heading = "Inbox"
    )]
    store: Option<Name>,

    /// The namespace of the inbox in Redis
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "HOOKGATE_NAMESPACE",
        help_heading = "Inbox",
        default_value = "hookgate"
    )]
    namespace: String,

    /// Print JSON: a document, or for lists an object a line
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// As typed. May hold a password.
#[derive(Clone)]
struct Name(String);

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Where an inbox is.
pub(super) enum Where {
    File(PathBuf),
    Redis { url: String, namespace: String },
}

/// An inbox that was there, open for looking and repairing.
pub(super) struct Desk {
    pub(super) inbox: Inbox,
    pub(super) store: Opened,
    /// What may be printed of its address.
    pub(super) name: String,
}

pub(super) enum Opened {
    File(Arc<EmbeddedStore>),
    Redis(Arc<RedisStore>),
}

impl Opened {
    fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::File(store) => Arc::clone(store) as _,
            Self::Redis(store) => Arc::clone(store) as _,
        }
    }
}

impl Place {
    pub(super) fn found(&self) -> Result<Where, Trouble> {
        let Some(Name(name)) = &self.store else {
            return Err(Trouble::usage(
                "which inbox? Name it with --store, or in HOOKGATE_STORE",
            ));
        };
        if name.starts_with("redis://") || name.starts_with("rediss://") {
            return Ok(Where::Redis {
                url: name.clone(),
                namespace: self.namespace.clone(),
            });
        }
        let path = PathBuf::from(name);
        let shown = visible(name);
        match path.metadata() {
            Ok(file) if file.is_file() => Ok(Where::File(path)),
            Ok(_) => Err(Trouble::usage(format!("{shown}: this is no file"))),
            // It may have been meant for Redis, with a password in it.
            Err(_) if name.contains([':', '@']) => Err(Trouble::usage(
                "this is no store: say a file's path, redis://… or rediss://…",
            )),
            Err(why) => Err(Trouble::usage(format!("{shown}: {why}"))),
        }
    }

    pub(super) async fn open(&self) -> Result<Desk, Trouble> {
        self.found()?.open().await
    }
}

impl Where {
    /// What may be printed.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => visible(&path.display().to_string()),
            Self::Redis { url, .. } => without_password(url),
        }
    }

    pub(super) async fn open(&self) -> Result<Desk, Trouble> {
        let store = match self {
            Self::File(path) => {
                let opened = open_file(path.clone()).await.map_err(|why| trouble(&why))?;
                Opened::File(Arc::new(opened))
            }
            Self::Redis { namespace, .. } => {
                let store = self.redis()?;
                store.connect().await.map_err(|why| match why.kind() {
                    StoreErrorKind::Invalid => Trouble::usage(format!(
                        "nothing is stored under the namespace {namespace} at {}",
                        self.name()
                    )),
                    _ => Trouble::outside(format!("{}: {}", self.name(), told(&why))),
                })?;
                for warning in store.warnings() {
                    eprintln!("hookgate: {warning}");
                }
                Opened::Redis(Arc::new(store))
            }
        };
        Desk::over(store, self.name()).await
    }

    /// The store in Redis, not yet connected. Whatever the server is set up for: it is looked at.
    pub(super) fn redis(&self) -> Result<RedisStore, Trouble> {
        let Self::Redis { url, namespace } = self else {
            return Err(Trouble::usage("this is no store in Redis"));
        };
        // Only the first one counts, whoever installs it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // The client's own words might repeat the address.
        let bad = |_| Trouble::usage("this is no address of a Redis server");
        let pool = Config::from_url(url).create_pool(Some(Runtime::Tokio1));
        let store = RedisStore::new(pool.map_err(bad)?).with_namespace(namespace);
        Ok(store
            .map_err(Trouble::usage)?
            .with_asserted_level(Level::Volatile)
            .with_response_timeout(PATIENCE)
            .existing_only())
    }
}

impl Desk {
    pub(super) async fn over(store: Opened, name: String) -> Result<Self, Trouble> {
        let inbox = Inbox::builder_over(store.store()).build().await;
        let inbox = inbox.map_err(|why| Trouble::outside(format!("{name}: {why}")))?;
        Ok(Self { inbox, store, name })
    }
}

/// At once or not at all: whoever has it open is named in the error.
pub(super) async fn open_file(path: PathBuf) -> Result<EmbeddedStore, StoreError> {
    let builder = EmbeddedStore::builder(path).existing_only();
    builder.with_lock_wait(Duration::ZERO).open_async().await
}

/// The address without user and password, and without what follows a `?`.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let host = rest.rsplit('@').next().unwrap_or_default();
    let host = host.split('?').next().unwrap_or_default();
    format!("{scheme}://{}", visible(host))
}

/// How long a call to Redis may take: people are patient, and far away.
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_part_of_the_name() {
        for (url, name) in [
            ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
            ("redis://u:p@h:1/", "redis://h:1/"),
            ("rediss://:p/w@h", "rediss://h"),
            ("redis://:p@w@h/?password=x", "redis://h/"),
            ("redis://h\u{1b}[2J", "redis://h\\u{1b}[2J"),
        ] {
            assert_eq!(without_password(url), name);
        }
        let debug = format!("{:?}", Name("redis://:p@h".to_owned()));
        assert!(!debug.contains('p'), "{debug}");
    }
}
