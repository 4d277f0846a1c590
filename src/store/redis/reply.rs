//! What Redis says, as errors and as values.

use redis::{FromRedisValue, RedisError, ServerError, Value};

use crate::error::{StoreError, StoreErrorKind as Kind};

/// What an error of a single command means. Redis 6.2 wraps those of commands inside a script, so
/// that the code is looked for in the text as well.
pub(super) fn kind(err: &ServerError) -> Kind {
    let (code, text) = (err.code(), err.details().unwrap_or_default());
    let is = |what: &str| code == what || text.contains(what);
    if is("OOM") {
        Kind::Full
    } else if code == "MISSING" {
        Kind::Invalid
    } else if [
        "READONLY",
        "LOADING",
        "MASTERDOWN",
        "CLUSTERDOWN",
        "TRYAGAIN",
        "BUSY",
        "MISCONF",
    ]
    .into_iter()
    .chain(["NOREPLICAS", "NOSCRIPT", "NOPERM", "NOAUTH"])
    .any(is)
    {
        Kind::Unavailable
    } else {
        // WRONGTYPE, NOGROUP, our scripts' own CORRUPT, and whatever else a script did not expect.
        Kind::Corrupt
    }
}

/// A single command's answer.
pub(super) fn answer(value: Value) -> Result<Value, StoreError> {
    match value {
        Value::ServerError(err) => {
            Err(StoreError::new(kind(&err), format!("Redis refused: {err}"))
                .with_source(RedisError::from(err)))
        }
        value => Ok(value),
    }
}

/// Whether this connection leads to a server that takes no writes any more, as it may say to each
/// part of a call.
pub(super) fn is_read_only(value: &Value) -> bool {
    match value {
        Value::ServerError(err) => {
            err.code() == "READONLY" || err.details().is_some_and(|d| d.contains("READONLY"))
        }
        Value::Array(parts) => parts.iter().any(is_read_only),
        _ => false,
    }
}

/// Whether the server does not know the script.
pub(super) fn is_no_script(value: &Value) -> bool {
    matches!(value, Value::ServerError(err) if err.code() == "NOSCRIPT")
}

/// A value of the shape that our own script answers with.
pub(super) fn read<T: FromRedisValue>(value: Value) -> Result<T, StoreError> {
    redis::from_redis_value(value).map_err(|err| {
        StoreError::new(
            Kind::Corrupt,
            "Redis answered in another shape than expected",
        )
        .with_source(err)
    })
}

/// What is stored is not readable.
pub(super) fn corrupt(what: &'static str) -> StoreError {
    StoreError::new(Kind::Corrupt, what)
}
