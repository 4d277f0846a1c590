//! What holds payloads, for logs: with how many bytes there are, never with the bytes.

use std::fmt;

use bytes::Bytes;

use super::{Claim, DeadLetter, Entry, Leased, Payload, Unrouted};

struct Length<'a>(&'a Bytes);

impl fmt::Debug for Length<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// The fields of each type, besides the head and the body.
macro_rules! lengths_only {
    ($($name:ident: $($field:ident)*;)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Self { $($field,)* head, body } = self;
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($field), $field))*
                    .field("head", &Length(head))
                    .field("body", &Length(body))
                    .finish()
            }
        }
    )*};
}

lengths_only! {
    Entry: key acceptance digest window revision routes replay_guard;
    Leased: fence key attempt deliveries replays;
    DeadLetter: entry handler key acceptance attempt replays reason at;
    Unrouted: entry key;
    Payload: acceptance;
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted => f.write_str("Granted"),
            Self::Held(left) => f.debug_tuple("Held").field(left).finish(),
            Self::Settled(reply) => f.debug_tuple("Settled").field(&Length(reply)).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::DedupKey;

    #[test]
    fn payloads_and_replies_are_not_printed() {
        let secret = Bytes::from_static(b"secret");
        let event = Unrouted {
            entry: "7".to_owned(),
            key: DedupKey([0; 16]),
            head: secret.slice(..5),
            body: secret.clone(),
        };
        let text = format!("{event:?} {:?}", Claim::Settled(secret));
        assert!(!text.contains("secre"), "{text}");
        assert!(text.contains("head: 5 bytes, body: 6 bytes"), "{text}");
        assert!(text.ends_with("Settled(6 bytes)"), "{text}");
    }
}
