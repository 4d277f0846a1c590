use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Buf;
use http::{Version, header, request::Parts};
use http_body::Body;

use crate::source::declared_length;

/// What is still to be read of a body that nobody wants, so that its connection lives.
#[derive(Debug)]
pub(crate) struct Drain {
    left: u64,
}

/// A body that is refused on its head is read to its end only up to this declared length: reading
/// it costs less than a new connection does (about 80 µs) up to about there.
const DRAIN_BYTES: u64 = 200 * 1024;

/// How long that may take.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(1);

/// Frames taken in one go. A body whose frames are always ready must not keep the thread, nor
/// outrun its deadline.
pub(super) const FRAMES_A_POLL: usize = 64;

impl Drain {
    /// `None` where it does not pay: over HTTP/2, for large bodies and those of unknown length, and
    /// for senders that wait to be told to go on.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let http1 = matches!(parts.version, Version::HTTP_10 | Version::HTTP_11);
        let left = declared_length(parts).filter(|length| *length <= DRAIN_BYTES)?;
        let pays = http1 && left > 0 && !parts.headers.contains_key(header::EXPECT);
        pays.then_some(Self { left })
    }

    /// Ready when there is nothing more to read, or more than was declared.
    pub(crate) fn poll<B: Body>(
        &mut self,
        mut body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        for _ in 0..FRAMES_A_POLL {
            let Some(Ok(frame)) = ready!(body.as_mut().poll_frame(cx)) else {
                return Poll::Ready(());
            };
            let read = frame.data_ref().map_or(0, |data| data.remaining() as u64);
            match self.left.checked_sub(read) {
                Some(left) => self.left = left,
                None => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
