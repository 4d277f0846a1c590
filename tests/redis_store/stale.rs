//! A server that was demoted and keeps its clients: another one is behind the same address now.

use std::time::Instant;

use hookgate::store::redis::deadpool_redis;

use super::{proxy::Proxy, *};

#[tokio::test]
async fn no_job_is_buried_because_an_old_connection_leads_to_a_server_that_lags() {
    let old = RedisServer::start();
    let new = old.replica();
    let mut to_old = connection(&old).await;
    let mut to_new = connection(&new).await;
    let proxy = Proxy::to(old.port()).await;
    let config = deadpool_redis::Config::from_url(proxy.url());
    let pool = config.create_pool(Some(deadpool_redis::Runtime::Tokio1));
    let store = RedisStore::new(pool.unwrap());
    store.declare(&handlers()).await.unwrap();
    // Payloads are read on connections of their own, which are kept.
    assert_eq!(store.accept(entry(1, &["a"])).await.unwrap(), NEW);
    let job = lease_one(&store).await;
    assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    // Waits for what this connection wrote, and so for all before.
    let _: () = ask(&mut to_old, "SET k v").await;
    let until = Instant::now() + Duration::from_secs(30);
    while ask::<u8>(&mut to_old, "WAIT 1 100").await == 0 {
        assert!(Instant::now() < until, "the replica is late");
    }

    let _: () = ask(&mut to_new, "REPLICAOF NO ONE").await;
    proxy.lead_to(new.port());
    // It takes no writes any more, and gets none either.
    let _: () = ask(&mut to_old, "REPLICAOF 127.0.0.1 1").await;
    let refused = store.accept(entry(2, &["a"])).await;
    assert_eq!(kind(refused), StoreErrorKind::Unavailable);
    assert_eq!(store.accept(entry(2, &["a"])).await.unwrap(), NEW);
    let job = lease_one(&store).await;
    assert_eq!((&job.body[..], job.deliveries), (&b"body"[..], 1));
    assert_eq!(store.done(&job.fence).await.unwrap(), Held::Applied);
    assert_eq!(store.stats().await.unwrap().handlers[0].dead, 0);
}
