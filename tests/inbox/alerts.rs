//! When the alert hook is called, and with what.

use hookgate::inbox::DeadLetter;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_hook_that_wants_to_be_left_alone_is_told_of_all_of_them_later() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&calls);
    let hook = move |dead: Vec<DeadLetter>| {
        let mut calls = noted.lock().unwrap();
        calls.push((tokio::time::Instant::now(), dead.len()));
        let early = calls.len() == 1;
        async move {
            let minute = Duration::from_secs(60);
            if early {
                Err(Failure::retry_after(minute, "later"))
            } else {
                Ok(())
            }
        }
    };
    let inbox = Inbox::builder(MemoryStore::new())
        .source(source(provider::STRIPE))
        .handler("fails", on("*"), |_: Job| async {
            Err(Failure::permanent("no"))
        })
        .on_dead(hook)
        .build()
        .await
        .unwrap();
    let endpoint = inbox.endpoint("stripe").unwrap();
    let running = run(&inbox);
    assert_eq!(status(&endpoint, stripe("evt_1", "a")).await, 200);
    until("the first call", || calls.lock().unwrap().len() == 1).await;
    for n in 2..5 {
        assert_eq!(
            status(&endpoint, stripe(&format!("evt_{n}"), "a")).await,
            200
        );
    }
    tokio::time::sleep(Duration::from_secs(120)).await;
    let calls = calls.lock().unwrap().clone();
    let [(first, one), (second, four)] = calls[..] else {
        panic!("{calls:?}")
    };
    assert_eq!((one, four), (1, 4));
    let waited = second - first;
    assert!((60..63).contains(&waited.as_secs()), "{waited:?}");
    running.stop().await;
}
