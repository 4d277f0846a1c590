//! Inline idempotency.

use std::time::Duration;

use bytes::Bytes;
use redis::Value;

use super::{
    RedisStore,
    jobs::millis,
    reply,
    scripts::{self, Verb},
};
use crate::{
    error::StoreError,
    store::{Claim, ClaimToken, Claims, DedupKey, Held, StoreFuture},
};

impl Claims for RedisStore {
    fn claim(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Claim> {
        Box::pin(async move {
            let mut call = scripts::call(Verb::Claim, &[&self.keys.claim(&key)]);
            call.arg(&token.0[..]).arg(at_least_1(lease));
            let answer: Vec<Value> = reply::read(self.batcher.call(call).await?)?;
            let mut answer = answer.into_iter();
            let state: String = reply::read(answer.next().unwrap_or(Value::Nil))?;
            let rest = answer.next().unwrap_or(Value::Nil);
            match state.as_str() {
                "granted" => Ok(Claim::Granted),
                "held" => {
                    let left: i64 = reply::read(rest)?;
                    let left = u64::try_from(left).unwrap_or_default();
                    Ok(Claim::Held(Duration::from_millis(left)))
                }
                "settled" => {
                    let settled: Vec<u8> = reply::read(rest)?;
                    Ok(Claim::Settled(settled.into()))
                }
                _ => Err(reply::corrupt("claim.lua answered with another state")),
            }
        })
    }

    fn renew(&self, key: DedupKey, token: ClaimToken, lease: Duration) -> StoreFuture<'_, Held> {
        let mut call = scripts::call(Verb::Renew, &[&self.keys.claim(&key)]);
        call.arg(&token.0[..]).arg(at_least_1(lease));
        Box::pin(self.step(call))
    }

    fn settle(
        &self,
        key: DedupKey,
        token: ClaimToken,
        keep: Duration,
        reply: Bytes,
    ) -> StoreFuture<'_, Held> {
        let mut call = scripts::call(Verb::Settle, &[&self.keys.claim(&key)]);
        call.arg(&token.0[..]).arg(at_least_1(keep)).arg(&reply[..]);
        Box::pin(self.step(call))
    }

    fn release(&self, key: DedupKey, token: ClaimToken) -> StoreFuture<'_, Held> {
        let mut call = scripts::call(Verb::Release, &[&self.keys.claim(&key)]);
        call.arg(&token.0[..]);
        Box::pin(self.step(call))
    }
}

impl RedisStore {
    async fn step(&self, call: redis::Cmd) -> Result<Held, StoreError> {
        let applied = reply::read(self.batcher.call(call).await?)?;
        Ok(if applied { Held::Applied } else { Held::Lost })
    }
}

/// Redis takes no expiry of zero.
fn at_least_1(duration: Duration) -> u64 {
    millis(duration).max(1)
}
