use std::{future::Future, time::Duration};

use tokio::time::{Instant, timeout};

use crate::{
    error::{StoreError, StoreErrorKind},
    telemetry,
};

/// How long a store may take while a sender waits: a try and its repetition fit into the 3 s that an
/// answer may take.
const TRY: Duration = Duration::from_millis(1_200);

/// One call while a sender waits for the reply: measured, and given up when it takes too long. Then
/// nobody knows what came of it.
pub(crate) async fn in_time<T>(
    verb: &'static str,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let begun = Instant::now();
    let answer = timeout(TRY, call).await.unwrap_or_else(|_| {
        let why = format!("{verb} was not answered in time");
        Err(StoreError::new(StoreErrorKind::Ambiguous, why))
    });
    telemetry::stored(verb, begun.elapsed());
    answer.inspect_err(|why| telemetry::store_failed(verb, why))
}
