//! Who an event is: the key under which it is remembered.

use sha2::{Digest, Sha256};

use crate::{
    error::{Rejection, RejectionKind},
    event::{Event, Field, Provenance},
    provider::NoId,
    source::{ReplayPolicy, Source},
    store::{AcceptanceId, DedupKey, ReplayGuard},
};

/// Who an event is, and who it must not be.
pub(crate) struct Identity {
    pub(crate) key: DedupKey,
    pub(crate) digest: [u8; 32],
    pub(crate) guard: ReplayGuard,
}

impl Identity {
    /// The identity is (source, tenant, id) for signed ids. For unsigned ones the body is part of
    /// it, and so are an unsigned type and version: whoever replays a captured delivery under
    /// headers of his own choosing must not be able to use up the honest one's identity.
    ///
    /// Where the id can be changed or left out, the same bytes are looked for under any other; what
    /// is signed decoded is the same in whatever bytes. No bytes are not looked for: of a GET all is in
    /// the URL, and two of them would be one event.
    pub(crate) fn of(event: &Event, source: &Source) -> Result<Self, Rejection> {
        Self::under(event, source.replay_policy(), source.no_id())
    }

    /// The same under these rules of a source.
    pub(crate) fn under(
        event: &Event,
        replays: ReplayPolicy,
        no_id: NoId,
    ) -> Result<Self, Rejection> {
        let of_bytes = || Sha256::digest(event.body()).into();
        let digest: [u8; 32] = event.head.digest.unwrap_or_else(of_bytes);
        let tenant = event.tenant().unwrap_or_default();
        let of_body = |domain: &str| {
            let (source, tenant) = (event.source().as_bytes(), tenant.as_bytes());
            hash(&[domain.as_bytes(), source, tenant, b"", &digest])
        };
        let bytes = || of_body("bytes");
        let nothing = event.body().is_empty();
        let guard = || match replays {
            _ if nothing => ReplayGuard::Off,
            ReplayPolicy::Off => ReplayGuard::Off,
            ReplayPolicy::Flag => ReplayGuard::Flag(bytes()),
            ReplayPolicy::Reject => ReplayGuard::Reject(bytes()),
        };
        let unsigned = |field: Option<&Field>| {
            let field = field.filter(|field| field.provenance == Provenance::Unsigned);
            field.map(|field| field.value.clone()).unwrap_or_default()
        };
        let (key, guard) = match event.id() {
            Some(id) if id.provenance == Provenance::Unsigned => {
                let (kind, version) = (unsigned(event.event_type()), unsigned(event.version()));
                let parts = [
                    b"unsigned id".as_slice(),
                    event.source().as_bytes(),
                    tenant.as_bytes(),
                    id.value.as_bytes(),
                    &digest,
                    kind.as_bytes(),
                    version.as_bytes(),
                ];
                (hash(&parts), guard())
            }
            Some(id) => (
                signed(event.source(), event.tenant(), &id.value),
                ReplayGuard::Off,
            ),
            None => match no_id {
                NoId::BodyDigest if !nothing => (of_body("digest"), ReplayGuard::Off),
                NoId::BodyDigest | NoId::AcceptAll => (DedupKey(unpredictable()?), guard()),
            },
        };
        Ok(Self { key, digest, guard })
    }
}

impl Identity {
    /// What stores keep of the body's digest.
    pub(crate) fn short_digest(&self) -> [u8; 8] {
        let mut short = [0; 8];
        short.copy_from_slice(&self.digest[..8]);
        short
    }
}

/// The key of an event whose id is signed.
pub(crate) fn signed(source: &str, tenant: Option<&str>, id: &str) -> DedupKey {
    let tenant = tenant.unwrap_or_default();
    let parts = ["signed id", source, tenant, id, ""];
    hash(&parts.map(str::as_bytes))
}

/// A name for an acceptance that nobody can guess and no other process chooses.
pub(crate) fn acceptance() -> Result<AcceptanceId, Rejection> {
    unpredictable().map(AcceptanceId)
}

/// Bytes that nobody can guess.
pub(crate) fn unpredictable() -> Result<[u8; 16], Rejection> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| RejectionKind::StoreUnavailable)?;
    Ok(bytes)
}

/// 16 bytes of SHA-256 over the parts, each with its length before it: `ab` + `c` is not `a` + `bc`.
fn hash(parts: &[&[u8]]) -> DedupKey {
    let mut hash = Sha256::new();
    hash.update(b"hookgate identity 1");
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    DedupKey(key)
}

/// The text of a key in logs and for handlers.
pub(crate) fn text(key: DedupKey) -> String {
    data_encoding::HEXLOWER.encode(&key.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_flow_into_each_other() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
        assert_ne!(hash(&[b"a", b""]), hash(&[b"a"]));
        assert_ne!(hash(&[b"", b"a"]), hash(&[b"a", b""]));
    }

    #[test]
    fn the_hash_is_the_stored_one() {
        // Changing it would make every remembered event new again.
        let key = signed("stripe", None, "evt_1");
        assert_eq!(text(key), "c1e6211b609cac2457a24f5e21a2bce8");
    }
}
