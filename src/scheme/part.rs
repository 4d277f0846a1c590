//! The vocabulary of signed messages.

/// One part of the signed message.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// The raw body.
    Body,
    /// The payload, where that is not the whole body: see `provider::Payload`.
    Payload,
    /// The 32 raw bytes of the body's SHA-256.
    BodySha256,
    /// A header's value as received. It must be there exactly once. A literal must stand between
    /// it and the body's side, and the value must not contain it: the same bytes could then be
    /// split in two ways. Right before an RFC 3339 time a value of `A-Z a-z 0-9 _ - = .` needs none.
    Header(Header),
    /// Fixed text.
    Literal(&'static str),
    /// The time's text as received, from where [`Scheme::time`](super::Scheme::time) says.
    Timestamp,
    /// The one public URL that is configured for the source, byte for byte.
    PublicUrl,
    /// The configured public origin, then the request's own path and query, byte for byte.
    Url(Port),
    /// The same as configured, with these characters in place of their percent-escapes (HubSpot).
    UnescapedUrl(&'static str),
    /// The request's method.
    Method,
    /// The path of the configured public origin, if any, then the request's own path and query,
    /// percent-encoded once more: `encodeURI` of the path and of the query's escaped text
    /// (Contentful).
    EscapedTarget,
    /// A query parameter, decoded. It must be there exactly once, and must not contain the literals
    /// next to it.
    Query(&'static str, Case),
    /// The query's parameters in the order of their names, encoded again.
    SortedQuery,
    /// The form's fields in the order of their names, each name followed by its values, without
    /// anything between.
    SortedForm(Repeats),
    /// `&name=value` for each parameter of the query and of the payload but the signature, in the
    /// order of their names; `&` and `=` in values are written as `_`. Names must not contain them: the
    /// same bytes would be other parameters. A JSON payload must be an object of texts and integers,
    /// since nothing else would be signed.
    SortedParams,
    /// A field of the payload (or of the item, in batches): a JSON pointer of object keys, or `/` and
    /// the name of a form field. Empty when it is not there. It must not contain the literals next
    /// to it: the same bytes could then be split in two ways.
    Field(&'static str),
    /// The same, but it may contain them. One of a message can be let off: all others hold it in
    /// its place.
    FreeField(&'static str),
    /// The text that names the headers of [`Scheme::listed`](super::Scheme::listed).
    ListedNames,
    /// The values of the listed headers with this between two.
    ListedValues(&'static str),
    /// `name:value` of the listed headers with this between two; both trimmed. The list itself must be
    /// among them.
    ListedPairs(&'static str),
    /// The signed text of a [`Grammar::Jwt`](super::Grammar::Jwt).
    Token,
    /// These, or nothing when one of them is not there.
    Optional(&'static [Self]),
}

impl Part {
    /// The first part inside that is no literal.
    pub(crate) fn inner(&self) -> &Self {
        match self {
            Self::Optional(parts) => {
                let mut parts = parts.iter();
                parts
                    .find(|part| !matches!(part, Self::Literal(_)))
                    .unwrap_or(self)
            }
            itself => itself,
        }
    }
}

/// The port in [`Part::Url`]. Some senders write it and some do not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Port {
    /// As in the configured origin.
    AsConfigured,
    /// Never.
    Without,
    /// Always, the scheme's own (443, 80) when none is configured.
    With,
}

/// How a query parameter's letters are signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Case {
    /// As received.
    Kept,
    /// In lower case (ASCII).
    Lower,
}

/// What [`Part::SortedForm`] makes of a name that is there more than once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Repeats {
    /// Its values in the order in which they came.
    Kept,
    /// Its different values in order.
    SortedOnce,
}

/// A header by name, or by its name within the row's header families.
///
/// A family is a name prefix. Some providers send the same headers under one of several prefixes
/// (`svix-id` or `webhook-id`). All headers of one delivery are read from one family, the first
/// whose signature header is there: families are never mixed.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    pub(crate) name: &'static str,
    pub(crate) in_family: bool,
}

impl Header {
    /// A header with this lower-case name.
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            in_family: false,
        }
    }

    /// A header whose name is the family's prefix and this.
    pub const fn in_family(name: &'static str) -> Self {
        Self {
            name,
            in_family: true,
        }
    }

    /// Its whole name in the family with this prefix.
    pub fn name_in(self, family: &str) -> String {
        let prefix = if self.in_family { family } else { "" };
        format!("{prefix}{}", self.name)
    }
}
