//! An inbox at work, to do terrible things to.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Instant,
};

use hookgate::{
    Inbox, Secret, Source,
    clock::{Clock, SystemClock},
    inbox::{Failure, HandlerOptions, Job, Retry, on},
    provider,
    store::HandlerStats,
    testing::Signer,
    verify::ReplyBody,
};
use tokio::{
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};
use tower::ServiceExt;

use super::{
    around::{Around, Wrapped},
    *,
};

/// Eight senders deliver new events, each event again and again until it gets its 200. One handler
/// is sound, one fails once an event, and for good on every tenth.
pub(super) struct Load {
    inbox: Inbox,
    books: Arc<Books>,
    senders: JoinSet<()>,
    stop: oneshot::Sender<()>,
    workers: JoinHandle<()>,
}

#[derive(Debug, Default)]
pub(super) struct Books {
    stop: AtomicBool,
    next: AtomicUsize,
    acknowledged: Mutex<BTreeSet<String>>,
    handled: Mutex<BTreeMap<(String, String), usize>>,
    /// What stands behind each key that was leased.
    acceptances: Mutex<HashMap<DedupKey, HashSet<AcceptanceId>>>,
    /// Deliveries that got a 503.
    pub(super) refused: AtomicUsize,
    /// Tries to accept of which nobody knows what became.
    pub(super) ambiguous: AtomicUsize,
    /// Second tries that found the first.
    pub(super) own: AtomicUsize,
}

impl Around for Arc<Books> {
    fn leased(&self, jobs: &[Leased]) {
        let mut acceptances = self.acceptances.lock().unwrap();
        for job in jobs {
            let of_this = acceptances.entry(job.key).or_default();
            of_this.insert(job.fence.acceptance);
        }
    }

    /// What is lost comes back soon.
    fn request<'a>(&self, request: LeaseRequest<'a>) -> LeaseRequest<'a> {
        LeaseRequest {
            lease: Duration::from_secs(4),
            ..request
        }
    }

    fn tried(&self, own: AcceptanceId, answer: &Result<Accepted, StoreError>) {
        match answer {
            Ok(Accepted::Duplicate { acceptance, .. }) if *acceptance == own => {
                self.own.fetch_add(1, SeqCst);
            }
            Err(why) if why.kind() == StoreErrorKind::Ambiguous => {
                self.ambiguous.fetch_add(1, SeqCst);
            }
            _ => {}
        }
    }
}

impl Load {
    pub(super) async fn on(store: RedisStore) -> Self {
        let books = Arc::new(Books::default());
        let inbox = inbox(store, &books).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let run = inbox.clone();
        let workers =
            tokio::spawn(async move { run.run(async { drop(stopped.await) }).await.unwrap() });
        let mut senders = JoinSet::new();
        for _ in 0..8 {
            senders.spawn(send(inbox.clone(), Arc::clone(&books)));
        }
        Self {
            inbox,
            books,
            senders,
            stop,
            workers,
        }
    }

    /// Waits until so many events more are acknowledged.
    pub(super) async fn go_on(&self, events: usize) {
        let acknowledged = || self.books.acknowledged.lock().unwrap().len();
        let (until, deadline) = (acknowledged() + events, Instant::now() + PATIENCE);
        while acknowledged() < until {
            assert!(Instant::now() < deadline, "nothing more is acknowledged");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Every event that was acknowledged is handled by each handler, none was accepted twice,
    /// nothing is left.
    pub(super) async fn end(mut self, what: &str) -> Arc<Books> {
        self.books.stop.store(true, SeqCst);
        while let Some(sender) = self.senders.join_next().await {
            sender.unwrap();
        }
        let deadline = Instant::now() + PATIENCE;
        let stats = loop {
            let stats = self.inbox.stats().await.unwrap();
            let open = |h: &HandlerStats| h.queued + h.processing + h.delayed;
            if stats.handlers.iter().map(open).sum::<u64>() == 0 {
                break stats;
            }
            assert!(Instant::now() < deadline, "stuck: {stats:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        drop(self.stop);
        self.workers.await.unwrap();

        let books = self.books;
        let acknowledged = books.acknowledged.lock().unwrap();
        let handled = books.handled.lock().unwrap();
        let doomed = acknowledged.iter().filter(|id| is_doomed(id)).count();
        for id in &*acknowledged {
            let ran = |handler: &str| handled.contains_key(&(handler.to_owned(), id.clone()));
            assert!(ran("sound"), "{id} was acknowledged and never handled");
            assert!(ran("flaky") != is_doomed(id), "{id}");
        }
        assert_eq!(stats.handlers[1].dead, doomed as u64);
        let acceptances = books.acceptances.lock().unwrap();
        assert_eq!(acceptances.len(), acknowledged.len());
        assert!(
            acceptances.values().all(|of_one| of_one.len() == 1),
            "accepted twice"
        );
        println!(
            "{what}: {} acknowledged, {} refused, {} tries ambiguous, {} found themselves, \
             {} jobs ran more than once",
            acknowledged.len(),
            books.refused.load(SeqCst),
            books.ambiguous.load(SeqCst),
            books.own.load(SeqCst),
            handled.values().filter(|n| **n > 1).count(),
        );
        drop((acknowledged, handled, acceptances));
        books
    }
}

async fn inbox(store: RedisStore, books: &Arc<Books>) -> Inbox {
    let stripe = Source::builder("stripe", provider::STRIPE).add_secret(secret());
    let options = HandlerOptions::new()
        .with_retry(Retry::after(&RETRIES))
        .without_breaker();
    let [sound, flaky, around] = [(); 3].map(|()| Arc::clone(books));
    let store = Wrapped {
        store: Arc::new(store),
        around,
    };
    let inbox = Inbox::builder(store)
        .source(stripe.build().unwrap())
        .handler_with("sound", on("*"), options, move |job: Job| {
            note(&sound, &job);
            async { Ok(()) }
        })
        .handler_with("flaky", on("*"), options, move |job: Job| {
            let answer = if is_doomed(&job.id().unwrap().value) {
                Err(Failure::permanent("doomed"))
            } else if job.attempt() == 1 {
                Err(Failure::retry("the first time"))
            } else {
                note(&flaky, &job);
                Ok(())
            };
            async { answer }
        });
    inbox.build().await.unwrap()
}

fn note(books: &Books, job: &Job) {
    let what = (job.handler().to_owned(), job.id().unwrap().value.clone());
    *books.handled.lock().unwrap().entry(what).or_default() += 1;
}

async fn send(inbox: Inbox, books: Arc<Books>) {
    let endpoint = inbox.endpoint("stripe").unwrap();
    let signer = Signer::new(provider::STRIPE, &secret()).unwrap();
    while !books.stop.load(SeqCst) {
        let id = format!("evt_{:06}", books.next.fetch_add(1, SeqCst));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let body = format!(r#"{{"id":"{id}","type":"a.b"}}"#);
            let request = signer.sign(body, SystemClock.now()).map(ReplyBody::from);
            let reply = endpoint.clone().oneshot(request).await.unwrap();
            match reply.status().as_u16() {
                200 => break,
                503 => books.refused.fetch_add(1, SeqCst),
                other => panic!("{id}: {other}"),
            };
            assert!(Instant::now() < deadline, "{id} is never acknowledged");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        books.acknowledged.lock().unwrap().insert(id);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn secret() -> Secret {
    Secret::new("s3cret").unwrap()
}

fn is_doomed(id: &str) -> bool {
    id.ends_with('3')
}

const RETRIES: [Duration; 1] = [Duration::from_millis(200)];
const PATIENCE: Duration = Duration::from_secs(60);
