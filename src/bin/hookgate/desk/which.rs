//! Which event is meant.

use clap::Args;
use hookgate::inbox::key_of;

use super::text;

/// Its key, or what its sender calls it.
#[derive(Args, Debug)]
pub(super) struct Which {
    /// Its idempotency key, 32 hexadecimal digits, as logs and `inbox list` have it
    #[arg(value_parser = text::key, required_unless_present = "id", conflicts_with = "id")]
    key: Option<String>,

    /// Its id at the sender instead, e.g. evt_1PqzXy; only where the signature covers the id
    #[arg(long, requires = "source")]
    id: Option<String>,

    /// The name of its source, e.g. stripe
    #[arg(long, requires = "id", value_name = "NAME")]
    source: Option<String>,

    /// The name of its tenant, where the source has tenants
    #[arg(long, requires = "id", value_name = "NAME")]
    tenant: Option<String>,
}

impl Which {
    /// The key of the event.
    pub(super) fn key(&self) -> String {
        match (&self.key, &self.source, &self.id) {
            (None, Some(source), Some(id)) => key_of(source, self.tenant.as_deref(), id),
            (key, ..) => key.clone().unwrap_or_default(),
        }
    }

    /// What is to be said besides when there is no such event.
    pub(super) fn hint(&self) -> &'static str {
        if self.id.is_none() {
            return "";
        }
        "; where the signature does not cover the id (GitHub, Shopify), say the key instead"
    }
}
