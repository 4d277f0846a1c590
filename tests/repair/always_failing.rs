//! A handler that always fails, until somebody mends it.

use std::time::Instant;

use super::*;

/// With everything as it is by default, in real time.
async fn what_always_fails_dies_after_1_4_and_16_seconds_and_is_replayed(store: Arc<dyn Store>) {
    let stripe = Source::builder("stripe", provider::STRIPE)
        .add_secret(Secret::new("s3cret").unwrap())
        .build()
        .unwrap();
    let broken = Arc::new(AtomicBool::new(true));
    let [attempts, sound] = [(); 2].map(|()| Arc::new(Mutex::new(Vec::new())));
    let alerts = Arc::new(Mutex::new(Vec::new()));
    let (is_broken, tried) = (Arc::clone(&broken), Arc::clone(&attempts));
    let (handled, told) = (Arc::clone(&sound), Arc::clone(&alerts));
    let inbox = Inbox::builder_over(store)
        .source(stripe)
        .handler("crm", on("invoice.*"), move |job: Job| {
            let attempt = (
                job.key().to_owned(),
                job.attempt(),
                job.replays(),
                Instant::now(),
            );
            tried.lock().unwrap().push(attempt);
            let broken = is_broken.load(Ordering::SeqCst);
            async move {
                if broken {
                    Err(Failure::retry("no route to host"))
                } else {
                    Ok(())
                }
            }
        })
        .handler("sound", on("*"), move |job: Job| {
            let attempt = (
                job.key().to_owned(),
                job.attempt(),
                job.replays(),
                Instant::now(),
            );
            handled.lock().unwrap().push(attempt);
            async { Ok(()) }
        })
        .on_dead(move |dead: Vec<DeadLetter>| {
            told.lock().unwrap().extend(dead);
            async { Ok(()) }
        })
        .build()
        .await
        .unwrap();
    let running = run(&inbox);
    deliver(&inbox, "evt_0", "invoice.paid").await;
    // Others go on meanwhile: the sound handler has each before the next one comes.
    let mut others = 0;
    while alerts.lock().unwrap().is_empty() {
        assert!(others < 200, "nobody was told: {:?}", inbox.stats().await);
        others += 1;
        deliver(&inbox, &format!("evt_{others}"), "charge.failed").await;
        let deadline = Instant::now() + Duration::from_secs(5);
        while sound.lock().unwrap().len() <= others {
            assert!(Instant::now() < deadline, "the sound handler is delayed");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let key = attempts.lock().unwrap()[0].0.clone();
    {
        let attempts = attempts.lock().unwrap();
        let found: Vec<_> = attempts.iter().map(|(k, a, r, _)| (&**k, *a, *r)).collect();
        assert_eq!(found, [1, 2, 3, 4].map(|attempt| (&*key, attempt, 0)));
        for (pair, delay) in attempts.windows(2).zip([1.0, 4.0, 16.0]) {
            let waited = (pair[1].3 - pair[0].3).as_secs_f64();
            // A busy machine may be late.
            let right = delay * 0.8..=delay * 1.2 + 2.0;
            assert!(right.contains(&waited), "{waited} s for {delay} s");
        }
        let alerts = alerts.lock().unwrap();
        assert_eq!(alerts.len(), 1);
        let letter = (alerts[0].handler(), alerts[0].key(), alerts[0].attempts());
        assert_eq!(letter, ("crm", &*key, 4));
    }
    let states = |crm| {
        let states = [("crm", crm), ("sound", JobState::Done)];
        Some(
            states
                .map(|(name, state)| (name.to_owned(), state))
                .to_vec(),
        )
    };
    let reason = alerts.lock().unwrap()[0].reason().to_owned();
    let dead = states(JobState::Dead { reason });
    assert_eq!(inbox.status(&key).await.unwrap(), dead);

    broken.store(false, Ordering::SeqCst);
    let report = inbox
        .replay_all("crm", &DeadFilter::all(), ReplayOptions::new())
        .await
        .unwrap();
    assert_eq!((report.matched, report.replayed), (1, 1));
    for _ in 0..500 {
        if inbox.stats().await.unwrap().bytes == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(inbox.stats().await.unwrap().bytes, 0);
    assert_eq!(inbox.status(&key).await.unwrap(), states(JobState::Done));
    running.stop().await;
    let attempts = attempts.lock().unwrap();
    let (last, attempt, replays, _) = attempts.last().unwrap();
    assert_eq!((attempts.len(), last, *attempt, *replays), (5, &key, 1, 1));
    let sound = sound.lock().unwrap();
    assert_eq!(sound.len(), 1 + others, "the other handler never noticed");
    assert!(
        sound
            .iter()
            .all(|(_, attempt, replays, _)| (*attempt, *replays) == (1, 0))
    );
    assert_eq!(alerts.lock().unwrap().len(), 1);
}

/// On all stores at once, since most of it is waiting.
#[tokio::test(flavor = "multi_thread")]
async fn what_always_fails_dies_and_is_replayed_on_each_store() {
    let (file, server) = (place::Place::file(), redis::RedisServer::start());
    let stores = [
        Arc::new(MemoryStore::new()) as Arc<dyn Store>,
        place::open(&file.name()),
        place::open(&server.url()),
    ];
    let mut all = tokio::task::JoinSet::new();
    for store in stores {
        all.spawn(what_always_fails_dies_after_1_4_and_16_seconds_and_is_replayed(store));
    }
    all.join_all().await;
}
