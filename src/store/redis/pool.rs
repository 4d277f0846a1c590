//! Where connections come from.

use deadpool::managed::Manager;
use deadpool_redis::Pool;
use redis::{RedisResult, aio::MultiplexedConnection};

/// A pool of the user's. Only its manager is used, to make connections that no check-out shares.
#[derive(Clone)]
#[non_exhaustive]
pub enum RedisPool {
    /// One server.
    Plain(Pool),
    /// Whichever server the Sentinels name as primary, asked again for every new connection.
    #[cfg(feature = "redis-sentinel")]
    Sentinel(deadpool_redis::sentinel::Pool),
}

impl RedisPool {
    pub(super) async fn create(&self) -> RedisResult<MultiplexedConnection> {
        match self {
            Self::Plain(pool) => pool.manager().create().await,
            #[cfg(feature = "redis-sentinel")]
            Self::Sentinel(pool) => pool.manager().create().await,
        }
    }

    /// Drops the pool's idle connections: after a failover they lead to a replica.
    pub(super) fn drop_idle(&self) {
        match self {
            Self::Plain(pool) => drop(pool.retain(|_, _| false)),
            #[cfg(feature = "redis-sentinel")]
            Self::Sentinel(pool) => drop(pool.retain(|_, _| false)),
        }
    }
}

impl From<Pool> for RedisPool {
    fn from(pool: Pool) -> Self {
        Self::Plain(pool)
    }
}

#[cfg(feature = "redis-sentinel")]
impl From<deadpool_redis::sentinel::Pool> for RedisPool {
    fn from(pool: deadpool_redis::sentinel::Pool) -> Self {
        Self::Sentinel(pool)
    }
}

/// Not derived: the manager's would print the password in the address.
impl std::fmt::Debug for RedisPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(_) => f.write_str("Plain"),
            #[cfg(feature = "redis-sentinel")]
            Self::Sentinel(_) => f.write_str("Sentinel"),
        }
    }
}
