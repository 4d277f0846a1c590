//! A row made ready for one header family: names parsed, paths gathered, parts resolved.

use http::HeaderName;

use super::place::Place;
use crate::{
    error::ConfigError,
    event::Provenance,
    provider::{Field as At, Provider},
    scheme::{Grammar, Header, MAX_FAMILIES, Part, TimeAt},
};

#[derive(Debug)]
pub(super) struct Plan {
    pub(super) signature: HeaderName,
    pub(super) time: Option<HeaderName>,
    pub(super) message: Vec<Piece>,
    /// What the body is scanned for.
    pub(super) paths: Vec<&'static str>,
    pub(super) body_time: Option<usize>,
    pub(super) id: Vec<Place>,
    pub(super) kind: Vec<Place>,
    pub(super) kind_suffix: Option<Place>,
    pub(super) version: Vec<Place>,
    pub(super) sent_at: Vec<Place>,
}

/// One part of the signed message, resolved.
#[derive(Debug)]
pub(super) enum Piece {
    Body,
    Text(&'static str),
    Timestamp,
    PublicUrl,
    /// A header, and the fixed text between it and the rest.
    Header(HeaderName, Border),
}

/// Where a signed header's value ends in the message. Read from the body outwards, as whoever
/// wants to move bytes between the two would.
#[derive(Clone, Copy, Debug)]
pub(super) enum Border {
    /// It stands before the body, and this follows it.
    Then(&'static str),
    /// It stands after the body, and this comes before it.
    After(&'static str),
}

impl Border {
    /// Around part `at` of the message; `None` when nothing fixed is there, and the same bytes
    /// could be split in two ways.
    fn around(at: usize, message: &[Part]) -> Option<Self> {
        let literal = |at: Option<usize>| match message.get(at?) {
            Some(Part::Literal(text)) if !text.is_empty() => Some(*text),
            _ => None,
        };
        let body = message.iter().position(|part| matches!(part, Part::Body))?;
        if at < body {
            literal(at.checked_add(1)).map(Self::Then)
        } else {
            literal(at.checked_sub(1)).map(Self::After)
        }
    }

    /// Whether the value and the text meet in one place only. `a.b` + `.` + `c` is also `a` + `.`
    /// + `b.c`, and `a-` + `--` + `b` is also `a` + `--` + `-b`.
    pub(super) fn is_clear(self, value: &str) -> bool {
        match self {
            Self::Then(text) => [value, text].concat().find(text) == Some(value.len()),
            Self::After(text) => [text, value].concat().rfind(text) == Some(0),
        }
    }
}

impl Plan {
    /// One plan for each header family of the row.
    pub(super) fn all(row: &Provider) -> Result<Vec<Self>, ConfigError> {
        let bad = |reason| ConfigError::BadRow {
            slug: row.slug,
            reason,
        };
        if row.families.len() > MAX_FAMILIES {
            return Err(bad("more than 4 header families"));
        }
        let count =
            |wanted: fn(&Part) -> bool| row.scheme.message.iter().filter(|p| wanted(p)).count();
        if count(|part| matches!(part, Part::Body)) != 1 {
            return Err(bad("the message must contain the body exactly once"));
        }
        let times = count(|part| matches!(part, Part::Timestamp));
        let time_is_written = matches!(
            row.scheme.time,
            TimeAt::Header { .. } | TimeAt::InSignature { .. }
        );
        if times != usize::from(time_is_written) {
            return Err(bad(
                "a time outside the body must be in the message exactly once",
            ));
        }
        if matches!(row.scheme.time, TimeAt::Nowhere) == row.tolerance.is_some() {
            return Err(bad(
                "a tolerance belongs to a signed time, and a signed time to a tolerance",
            ));
        }
        let pairs = matches!(row.scheme.grammar, Grammar::Pairs { .. });
        if matches!(row.scheme.time, TimeAt::InSignature { .. }) && !pairs {
            return Err(bad(
                "only key=value lists carry a time in the signature header",
            ));
        }
        if row.handshake.is_oracle_for(&row.scheme) {
            return Err(bad(
                "the computed handshake would sign deliveries for anybody",
            ));
        }
        let families = if row.families.is_empty() {
            &[""]
        } else {
            row.families
        };
        families
            .iter()
            .map(|family| Self::new(row, family))
            .collect()
    }

    fn new(row: &Provider, family: &str) -> Result<Self, ConfigError> {
        let name = |header: Header| {
            let bad = ConfigError::BadRow {
                slug: row.slug,
                reason: "a header name is malformed",
            };
            HeaderName::try_from(header.name_in(family)).map_err(|_| bad)
        };
        let mut plan = Self {
            signature: name(row.scheme.header)?,
            time: match row.scheme.time {
                TimeAt::Header { header, .. } => Some(name(header)?),
                _ => None,
            },
            message: Vec::new(),
            paths: Vec::new(),
            body_time: None,
            id: Vec::new(),
            kind: Vec::new(),
            kind_suffix: None,
            version: Vec::new(),
            sent_at: Vec::new(),
        };
        let borderless = ConfigError::BadRow {
            slug: row.slug,
            reason: "a signed header needs fixed text between it and the body's side",
        };
        for (at, part) in row.scheme.message.iter().enumerate() {
            plan.message.push(match *part {
                Part::Body => Piece::Body,
                Part::Literal(text) => Piece::Text(text),
                Part::Timestamp => Piece::Timestamp,
                Part::PublicUrl => Piece::PublicUrl,
                Part::Header(header) => {
                    let border = Border::around(at, row.scheme.message);
                    Piece::Header(name(header)?, border.ok_or_else(|| borderless.clone())?)
                }
            });
        }
        if let TimeAt::Body { path, .. } = row.scheme.time {
            plan.body_time = Some(plan.path(path));
        }
        let envelope = &row.envelope;
        plan.id = plan.places(envelope.id, &name)?;
        plan.kind = plan.places(envelope.kind, &name)?;
        plan.kind_suffix = plan.places(envelope.kind_suffix.as_slice(), &name)?.pop();
        plan.version = plan.places(envelope.version, &name)?;
        plan.sent_at = plan.places(envelope.sent_at, &name)?;
        if plan
            .paths
            .iter()
            .any(|path| !path.starts_with('/') || path.len() == 1)
        {
            return Err(ConfigError::BadRow {
                slug: row.slug,
                reason: "a body field's path must start with a slash",
            });
        }
        if plan.paths.len() > 32 {
            return Err(ConfigError::BadRow {
                slug: row.slug,
                reason: "more than 32 body fields",
            });
        }
        Ok(plan)
    }

    fn places(
        &mut self,
        fields: &[At],
        name: &impl Fn(Header) -> Result<HeaderName, ConfigError>,
    ) -> Result<Vec<Place>, ConfigError> {
        let mut places = Vec::new();
        for field in fields {
            places.push(match *field {
                At::Header(header) => {
                    let name = name(header)?;
                    let signed = self
                        .message
                        .iter()
                        .any(|p| matches!(p, Piece::Header(n, _) if *n == name));
                    Place::Header(
                        name,
                        if signed {
                            Provenance::Signed
                        } else {
                            Provenance::Unsigned
                        },
                    )
                }
                At::Body(path) => Place::Body(self.path(path)),
                At::BodyBeside(path, marks) => Place::BodyBeside(
                    self.path(path),
                    marks.iter().map(|mark| self.path(mark)).collect(),
                ),
                At::Query(name) => Place::Query(name),
            });
        }
        Ok(places)
    }

    fn path(&mut self, path: &'static str) -> usize {
        self.paths
            .iter()
            .position(|known| *known == path)
            .unwrap_or_else(|| {
                self.paths.push(path);
                self.paths.len() - 1
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider;

    const ID: Part = Part::Header(Header::named("x-id"));
    const DOT: Part = Part::Literal(".");

    fn border(at: usize, message: &'static [Part]) -> Option<&'static str> {
        let border = Border::around(at, message)?;
        let (Border::Then(text) | Border::After(text)) = border;
        Some(text)
    }

    #[test]
    fn a_signed_header_is_fenced_off_on_the_bodys_side() {
        for (message, fence) in [
            (&[ID, Part::Literal("--"), Part::Body] as &[_], Some("--")),
            (&[ID, Part::Body], None),
            (&[ID, Part::Literal(""), Part::Body], None),
            (&[ID, Part::Timestamp, DOT, Part::Body], None),
        ] {
            assert_eq!(border(0, message), fence, "{message:?}");
        }
        assert_eq!(border(2, &[Part::Body, DOT, ID]), Some("."));
        assert_eq!(border(1, &[Part::Body, ID, DOT]), None);
        let scheme = crate::scheme::Scheme {
            message: &[ID, Part::Body],
            ..provider::X_SIGNATURE.scheme
        };
        let row = Provider {
            scheme,
            ..provider::X_SIGNATURE
        };
        assert!(matches!(Plan::all(&row), Err(ConfigError::BadRow { .. })));
    }

    #[test]
    fn a_value_that_could_end_elsewhere_is_refused() {
        for (border, good, bad) in [
            (Border::Then("."), "ab", &["a.b", ".", "ab."] as &[_]),
            (Border::Then("--"), "a-b", &["a--b", "ab-"]),
            (Border::After("."), "ab", &["a.b", ".ab"]),
            (Border::After("--"), "a-b-", &["a--b", "-ab"]),
        ] {
            assert!(border.is_clear(good), "{border:?} {good}");
            for bad in bad {
                assert!(!border.is_clear(bad), "{border:?} {bad}");
            }
        }
    }
}
