//! The signed message of one delivery, ready to be fed into the MACs.

use http::{HeaderName, request::Parts};

use super::{
    content::Content,
    made::{Made, Material},
    plan::Piece,
};
use crate::error::RejectionKind;

pub(super) struct Message<'m> {
    parts: &'m Parts,
    body: &'m [u8],
    content: &'m Content<'m>,
    public_url: &'m str,
    made: Vec<Made<'m>>,
}

impl<'m> Message<'m> {
    pub(super) fn of(material: &Material<'m>) -> Result<Self, RejectionKind> {
        Ok(Self {
            parts: material.parts,
            body: material.body,
            content: material.content,
            public_url: material.public_url,
            made: material.make()?,
        })
    }

    /// Writes the pieces, with this text for the time.
    pub(super) fn write(&self, pieces: &[Piece], time: &[u8], into: &mut dyn FnMut(&[u8])) {
        for piece in pieces {
            match piece {
                Piece::Body => into(self.body),
                Piece::Payload => into(self.content.bytes(self.body)),
                Piece::Text(text) => into(text.as_bytes()),
                Piece::PublicUrl => into(self.public_url.as_bytes()),
                Piece::Method => into(self.parts.method.as_str().as_bytes()),
                Piece::Timestamp => into(time),
                // Found by `check_head`; without it the tag cannot match.
                Piece::Header(name, _) => into(self.header(name).unwrap_or_default()),
                Piece::Made(at) => into(self.made(*at).unwrap_or_default()),
                Piece::Optional(inner) => {
                    if inner.iter().all(|piece| self.has(piece)) {
                        self.write(inner, time, into);
                    }
                }
            }
        }
    }

    fn has(&self, piece: &Piece) -> bool {
        match piece {
            Piece::Header(name, _) => self.header(name).is_some(),
            Piece::Made(at) => self.made(*at).is_some(),
            _ => true,
        }
    }

    fn header(&self, name: &HeaderName) -> Option<&[u8]> {
        self.parts.headers.get(name).map(|value| value.as_bytes())
    }

    fn made(&self, at: usize) -> Option<&[u8]> {
        self.made.get(at)?.as_deref()
    }
}
