use bytes::{Buf, Bytes, BytesMut};

use super::budget::Reservation;
use crate::error::RejectionKind;

/// A body as it arrives. One frame is kept as it is; only a second one makes a copy necessary, so
/// there is never more than one copy of a body.
#[derive(Debug)]
pub(super) struct Collected {
    first: Bytes,
    joined: BytesMut,
    reserved: Reservation,
    limit: usize,
    /// What the sender said, for the first allocation; at most the limit.
    declared: usize,
}

impl Collected {
    pub(super) fn new(limit: usize, declared: Option<u64>, reserved: Reservation) -> Self {
        let declared = usize::try_from(declared.unwrap_or(0))
            .unwrap_or(usize::MAX)
            .min(limit);
        Self {
            first: Bytes::new(),
            joined: BytesMut::new(),
            reserved,
            limit,
            declared,
        }
    }

    pub(super) fn push(&mut self, mut data: impl Buf) -> Result<(), RejectionKind> {
        let (len, more) = (self.len(), data.remaining());
        if len.saturating_add(more) > self.limit {
            return Err(RejectionKind::TooLarge);
        }
        if more == 0 {
            return Ok(());
        }
        if !self.reserved.grow(more) {
            return Err(RejectionKind::Overloaded);
        }
        if len == 0 {
            self.first = data.copy_to_bytes(more);
            return Ok(());
        }
        if self.joined.is_empty() {
            // What was declared is believed up to 64 KiB; the rest has to arrive first.
            let room = self.declared.clamp(len + more, (len + more).max(64 * 1024));
            self.joined.reserve(room);
            self.joined
                .extend_from_slice(&std::mem::take(&mut self.first));
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            let taken = chunk.len();
            self.joined.extend_from_slice(chunk);
            data.advance(taken);
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    pub(super) fn finish(self) -> (Bytes, Reservation) {
        let body = if self.joined.is_empty() {
            self.first
        } else {
            self.joined.freeze()
        };
        (body, self.reserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::BodyBudget;

    fn collected(limit: usize, budget: &BodyBudget) -> Collected {
        Collected::new(limit, None, Reservation::none(budget))
    }

    #[test]
    fn one_frame_is_not_copied() -> Result<(), RejectionKind> {
        let frame = Bytes::from(vec![1; 100]);
        let mut body = collected(100, &BodyBudget::new(100));
        body.push(Bytes::new())?;
        body.push(frame.clone())?;
        body.push(Bytes::new())?;
        assert_eq!(body.finish().0.as_ptr(), frame.as_ptr());
        Ok(())
    }

    #[test]
    fn frames_are_joined_in_order_up_to_the_limit() -> Result<(), RejectionKind> {
        let mut body = collected(5, &BodyBudget::new(100));
        for frame in ["a", "bc", "de"] {
            body.push(frame.as_bytes())?;
        }
        assert_eq!(body.push(b"f".as_slice()), Err(RejectionKind::TooLarge));
        assert_eq!(body.finish().0, "abcde");
        Ok(())
    }

    #[test]
    fn the_budget_counts_what_has_arrived() {
        let budget = BodyBudget::new(4);
        let mut body = collected(100, &budget);
        assert_eq!(body.push(b"abc".as_slice()), Ok(()));
        assert_eq!(body.push(b"de".as_slice()), Err(RejectionKind::Overloaded));
        drop(body);
        assert_eq!(budget.used(), 0);
    }
}
