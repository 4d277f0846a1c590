//! What an answer stands for.

use super::*;

#[tokio::test]
async fn the_level_is_volatile_unless_somebody_gives_their_word() {
    let server = RedisServer::start();
    let store = RedisStore::new(server.pool());
    assert_eq!(store.level(), Level::Volatile);
    assert_eq!(
        store.with_asserted_level(Level::Local).level(),
        Level::Local
    );
    assert!(
        RedisStore::new(server.pool())
            .with_namespace("{x}")
            .is_err()
    );
}
