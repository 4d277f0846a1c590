//! What a handshake is answered with.

use crate::{
    error::RejectionKind,
    provider::reply::Reply,
    scheme::{Encoding, keys::Key},
};

/// What a challenge is answered with: status 200 and this.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// No body.
    Nothing,
    /// The challenge, as `text/plain`.
    Text,
    /// A JSON object with this one field, the challenge.
    Json(&'static str),
    /// A JSON object with the challenge's MAC, made with the secret.
    SignedJson {
        /// The field for the challenge, if it is repeated.
        challenge: Option<&'static str>,
        /// The field for the MAC.
        signature: &'static str,
        /// What stands before the MAC.
        prefix: &'static str,
        /// How the MAC is written.
        encoding: Encoding,
    },
    /// `key id|MAC`, the MAC in hexadecimal digits, as `text/plain`. For secrets with an id.
    SignedLabelled,
}

impl Answer {
    /// Whether the answer is made with the secret.
    pub(crate) const fn is_signed(self) -> bool {
        matches!(self, Self::SignedJson { .. } | Self::SignedLabelled)
    }

    /// The reply. A challenge is of a [`Charset`](super::Charset); a signed answer needs a key.
    pub(crate) fn reply(self, challenge: &str, key: Option<&Key>) -> Result<Reply, RejectionKind> {
        let signed = |encoding: Encoding| {
            let key = key.ok_or(RejectionKind::Handshake)?;
            let tag = key.mac.tag(|write| write(challenge.as_bytes()));
            Ok::<_, RejectionKind>(encoding.encode(&tag))
        };
        Ok(match self {
            Self::Nothing => Reply::empty(),
            Self::Text => Reply::text(challenge.to_owned()),
            Self::Json(name) => Reply::json(&[(name, challenge)]),
            Self::SignedJson {
                challenge: repeated,
                signature,
                prefix,
                encoding,
            } => {
                let signed = format!("{prefix}{}", signed(encoding)?);
                let repeated = repeated.map(|name| (name, challenge));
                let mut fields = vec![(signature, signed.as_str())];
                fields.extend(repeated);
                Reply::json(&fields)
            }
            Self::SignedLabelled => {
                let id = key.and_then(|key| key.id.as_deref());
                let id = id.ok_or(RejectionKind::Handshake)?;
                Reply::text(format!("{id}|{}", signed(Encoding::Hex)?))
            }
        })
    }
}
