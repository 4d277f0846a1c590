//! How a row becomes its plans.

use super::{Make, Piece, Plan};
use crate::{
    error::ConfigError,
    event::Provenance,
    provider::{Field as At, Provider},
    scheme::{Covers, KeyId, ListedAt, Part, Scheme, TimeAt},
    source::{
        border::{Border, Fence},
        mistakes::check,
        names::{Names, index},
        place::Place,
    },
};

impl Plan {
    /// One plan for each way of signing and each header family of the row, strongest way first.
    pub(in crate::source) fn all(row: &Provider) -> Result<Vec<Self>, ConfigError> {
        check(row)?;
        let families = if row.families.is_empty() {
            &[""]
        } else {
            row.families
        };
        let mut plans = Vec::new();
        for (way, scheme) in row.scheme.chain().enumerate() {
            for family in families {
                plans.push(Self::new(row, way, scheme, family)?);
            }
        }
        Ok(plans)
    }

    fn new(row: &Provider, way: usize, scheme: &Scheme, family: &str) -> Result<Self, ConfigError> {
        let names = Names { row, family };
        let signed_fields = &mut Vec::new();
        let mut plan = Self {
            way,
            scheme: *scheme,
            covers: scheme.covers(),
            signature: names.signature(scheme.signature, signed_fields)?,
            time: match scheme.time {
                TimeAt::Header { header, .. } => Some(names.of(header)?),
                _ => None,
            },
            key_id: match scheme.key_id {
                KeyId::Header(header) => Some(names.of(header)?),
                KeyId::None | KeyId::Configured => None,
            },
            listed: match scheme.listed.map(|listed| listed.at) {
                Some(ListedAt::Header(header)) => Some(names.of(header)?),
                _ => None,
            },
            required: Vec::new(),
            joints: Vec::new(),
            require: Vec::new(),
            messages: Vec::new(),
            signs_bytes: false,
            makes: Vec::new(),
            signed_fields: std::mem::take(signed_fields),
            paths: Vec::new(),
            claims: Vec::new(),
            body_time: None,
            id: Vec::new(),
            kind: Vec::new(),
            kind_suffix: None,
            version: Vec::new(),
            sent_at: Vec::new(),
        };
        for header in scheme.listed.iter().flat_map(|listed| listed.required) {
            plan.required.push(names.of(*header)?);
        }
        for (header, count) in scheme.listed.iter().flat_map(|listed| listed.joints) {
            plan.joints.push((names.of(*header)?, *count));
        }
        for (header, value) in scheme.require {
            plan.require.push((names.of(*header)?, value));
        }
        for message in scheme.messages() {
            let pieces = plan.pieces(message, &names)?;
            plan.messages.push(pieces);
        }
        plan.signs_bytes = plan.signs(|part| matches!(part, Part::Body | Part::BodySha256));
        if let TimeAt::Body { path, .. } = scheme.time {
            plan.body_time = Some(index(&mut plan.paths, path));
        }
        let envelope = &row.envelope;
        plan.id = plan.places(envelope.id, &names)?;
        plan.kind = plan.places(envelope.kind, &names)?;
        plan.kind_suffix = plan.places(envelope.kind_suffix.as_slice(), &names)?.pop();
        plan.version = plan.places(envelope.version, &names)?;
        plan.sent_at = plan.places(envelope.sent_at, &names)?;
        plan.check_paths(row)?;
        Ok(plan)
    }

    fn pieces(&mut self, message: &[Part], names: &Names<'_>) -> Result<Vec<Piece>, ConfigError> {
        let mut pieces = Vec::new();
        for (at, part) in message.iter().enumerate() {
            pieces.push(match *part {
                Part::Body => Piece::Body,
                Part::Payload => Piece::Payload,
                Part::Literal(text) => Piece::Text(text),
                Part::Timestamp => Piece::Timestamp,
                Part::PublicUrl => Piece::PublicUrl,
                Part::Method => Piece::Method,
                Part::Header(header) => {
                    let border = Border::around(at, message, self.scheme.time);
                    let border = border.ok_or_else(|| {
                        names.bad("a signed header needs fixed text between it and the body's side")
                    })?;
                    Piece::Header(names.of(header)?, border)
                }
                Part::Optional(parts) => Piece::Optional(self.pieces(parts, names)?),
                Part::BodySha256 => self.made(Make::BodySha256),
                Part::Url(port) => self.made(Make::Url(port)),
                Part::UnescapedUrl(kept) => self.made(Make::UnescapedUrl(kept)),
                Part::EscapedTarget => self.made(Make::EscapedTarget),
                Part::Query(name, case) => {
                    self.made(Make::Query(name, case, Fence::around(at, message)))
                }
                Part::SortedQuery => self.made(Make::SortedQuery),
                Part::SortedForm(repeats) => self.made(Make::SortedForm(repeats)),
                Part::SortedParams => self.made(Make::SortedParams),
                Part::Field(path) => {
                    let field = index(&mut self.signed_fields, path);
                    self.made(Make::Field(field, Fence::around(at, message)))
                }
                Part::FreeField(path) => {
                    let field = index(&mut self.signed_fields, path);
                    self.made(Make::Field(field, Fence::NONE))
                }
                Part::ListedNames => self.made(Make::ListedNames),
                Part::ListedValues(between) => self.made(Make::ListedValues(between)),
                Part::ListedPairs(between) => self.made(Make::ListedPairs(between)),
                Part::Token => self.made(Make::Token),
            });
        }
        Ok(pieces)
    }

    fn made(&mut self, make: Make) -> Piece {
        self.makes.push(make);
        Piece::Made(self.makes.len() - 1)
    }

    fn places(&mut self, fields: &[At], names: &Names<'_>) -> Result<Vec<Place>, ConfigError> {
        let mut places = Vec::new();
        for field in fields {
            places.push(match *field {
                At::Header(header) => {
                    let name = names.of(header)?;
                    let signed = self.signs(|part| match part {
                        Part::Header(signed) => signed.name_in(names.family) == name.as_str(),
                        _ => false,
                    });
                    Place::Header(name, provenance(signed))
                }
                At::Body(path) => Place::Body(index(&mut self.paths, path), self.of_field(path)),
                At::BodyBeside(path, marks) => Place::BodyBeside(
                    index(&mut self.paths, path),
                    marks
                        .iter()
                        .map(|mark| index(&mut self.paths, mark))
                        .collect(),
                    self.of_field(path),
                ),
                At::Query(name) => {
                    let signed = self.signs(|part| match part {
                        Part::Query(signed, _) => *signed == name,
                        Part::Url(_) | Part::UnescapedUrl(_) | Part::EscapedTarget => true,
                        Part::SortedQuery | Part::SortedParams => true,
                        _ => false,
                    });
                    let signed = signed || self.scheme.url_digest.is_some();
                    Place::Query(name, provenance(signed))
                }
                At::Joined(fields) => Place::Joined(self.places(fields, names)?),
                At::Claim(path) => Place::Claim(index(&mut self.claims, path)),
            });
        }
        Ok(places)
    }

    /// How far a field of the payload can be trusted.
    fn of_field(&self, path: &str) -> Provenance {
        let is_it = |part: &Part| match part {
            Part::Field(signed) | Part::FreeField(signed) => *signed == path,
            _ => false,
        };
        // An item's fields are not the payload's.
        let signed = self.scheme.items.is_none() && self.signs(is_it);
        provenance(self.covers == Covers::Body || signed)
    }

    /// Whether every message that may have been signed has such a part.
    fn signs(&self, is_it: impl Fn(&Part) -> bool) -> bool {
        let mut messages = self.scheme.messages();
        messages.all(|message| message.iter().any(|part| is_it(part.inner())))
    }

    fn check_paths(&self, row: &Provider) -> Result<(), ConfigError> {
        let bad = |reason| ConfigError::BadRow {
            slug: row.slug,
            reason,
        };
        for paths in [&self.paths, &self.signed_fields, &self.claims] {
            if paths
                .iter()
                .any(|path| !path.starts_with('/') || path.len() == 1)
            {
                return Err(bad("a body field's path must start with a slash"));
            }
            if paths.len() > 32 {
                return Err(bad("more than 32 body fields"));
            }
        }
        Ok(())
    }
}

fn provenance(signed: bool) -> Provenance {
    if signed {
        Provenance::Signed
    } else {
        Provenance::Unsigned
    }
}
