//! The admin page over real sockets: who is let in, what is shown, and what forms do.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/browser.rs"]
mod browser;
#[path = "../support/redis.rs"]
mod redis_server;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hookgate::{
    Inbox, Secret, Source,
    admin::{Admin, AdminPage, Auth},
    clock::{Clock, SystemClock},
    inbox::{Failure, HandlerOptions, Job, on},
    provider,
    redact::Redactor,
    store::{
        AcceptanceId, Accepted, DedupKey, EmbeddedStore, Entry, HandlerDecl, Held, LeaseRequest,
        MemoryStore, RedisStore, ReplayGuard, Store,
    },
    testing::Signer,
    verify::ReplyBody,
};
use time::format_description::well_known::Rfc3339;
use tower::ServiceExt;

use self::browser::{Browser, Page};

const SECRET: &str = "whsec_canary_secret";
const PASSWORD: &str = "canary-password";

/// What would run, or break out of where it stands, if it were not escaped.
const XSS: &str = r#"'"><script>alert('canary')</script><img src=x onerror=alert(1)>"#;

struct Site {
    inbox: Inbox,
    mended: Arc<AtomicBool>,
    browser: Browser,
    stop: tokio::sync::oneshot::Sender<()>,
    runs: tokio::task::JoinHandle<Result<(), hookgate::StoreError>>,
}

impl Site {
    /// A page over an inbox whose handler `crm` fails until it is mended.
    async fn open() -> Self {
        Self::open_as(|page| page).await
    }

    async fn open_as(configure: impl FnOnce(AdminPage) -> AdminPage) -> Self {
        Self::open_over(Arc::new(MemoryStore::new()), configure).await
    }

    async fn open_over(
        store: Arc<dyn Store>,
        configure: impl FnOnce(AdminPage) -> AdminPage,
    ) -> Self {
        let secret = Secret::new(SECRET).unwrap().with_label("new").unwrap();
        let source = Source::builder("stripe", provider::STRIPE).add_secret(secret);
        let mended = Arc::new(AtomicBool::new(false));
        let is_mended = Arc::clone(&mended);
        let crm = move |_: Job| {
            let mended = is_mended.load(Ordering::SeqCst);
            async move {
                let reason = format!("token={SECRET} {XSS}");
                mended.then_some(()).ok_or(Failure::permanent(reason))
            }
        };
        let inbox = Inbox::builder_over(store)
            .source(source.build().unwrap())
            .handler_with("crm", on("*"), HandlerOptions::new(), crm)
            .handler("ledger", on("*"), |_: Job| async { Ok(()) })
            .with_journal(1_000)
            .build()
            .await
            .unwrap();
        let page = Admin::builder(inbox.clone())
            .behind(Auth::basic("ops", Secret::new(PASSWORD).unwrap()))
            .with_redactor(Redactor::new().show("/type").unwrap());
        let router = configure(page).router().unwrap();
        let app = axum::Router::new().nest("/admin", router);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let running = inbox.clone();
        let runs = tokio::spawn(async move { running.run(async { drop(stopped.await) }).await });
        let browser = Browser::new(address).logged_in("ops", PASSWORD);
        Self {
            inbox,
            mended,
            browser,
            stop,
            runs,
        }
    }

    async fn deliver(&self, id: &str, kind: &str) {
        let body = serde_json::json!({"id": id, "type": kind, "note": "canary-payload"});
        let secret = Secret::new(SECRET).unwrap();
        let signer = Signer::new(provider::STRIPE, &secret).unwrap();
        let request = signer.sign(body.to_string(), SystemClock.now());
        let endpoint = self.inbox.endpoint("stripe").unwrap();
        let reply = endpoint
            .oneshot(request.map(ReplyBody::from))
            .await
            .unwrap();
        assert_eq!(reply.status(), 200);
    }

    /// Waits until the store has these many dead letters and nothing else of `crm`'s.
    async fn settled(&self, dead: u64) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let stats = self.inbox.stats().await.unwrap();
            let crm = &stats.handlers[0];
            if crm.dead == dead && crm.queued + crm.processing + crm.delayed == 0 {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{crm:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn get(&self, path: &str) -> Page {
        self.browser.get(path).await
    }

    /// The links of the dead letters on a page.
    fn letters(page: &Page) -> Vec<String> {
        let links = page.body.split("href=\"").skip(1);
        let links = links.map(|rest| rest.split('"').next().unwrap());
        links
            .filter(|link| link.contains("/dead/crm/"))
            .map(str::to_owned)
            .collect()
    }

    async fn close(self) {
        drop(self.stop);
        self.runs.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn only_those_who_may_see_it_see_it() {
    let site = Site::open().await;
    let stranger = Browser::new(site.browser.address());
    let guesser = stranger.clone().logged_in("ops", "canary-passwore");
    for browser in [&stranger, &guesser] {
        for path in [
            "/admin",
            "/admin/deliveries",
            "/admin/dead/crm",
            "/admin/nowhere",
        ] {
            let page = browser.get(path).await;
            assert_eq!(
                (page.status, &*page.body),
                (401, "Who are you?\n"),
                "{path}"
            );
            assert!(page.header("www-authenticate").starts_with("Basic realm"));
            assert!(page.header("set-cookie").is_empty());
        }
        let page = browser.post("/admin/dead/crm/replay", "act=replay").await;
        assert_eq!(page.status, 401);
    }
    assert_eq!(site.get("/admin").await.status, 200);
    assert_eq!(site.get("/admin/nowhere").await.status, 404);
    site.close().await;
}

#[tokio::test]
async fn the_page_of_an_event_says_where_each_job_is() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let site = Site::open_over(Arc::clone(&store), |page| page).await;
    let slow = HandlerDecl {
        name: "slow".to_owned(),
        ..HandlerDecl::default()
    };
    let entry = Entry {
        key: DedupKey([7; 16]),
        acceptance: AcceptanceId([8; 16]),
        digest: [0; 8],
        head: Bytes::new(),
        body: Bytes::new(),
        window: Duration::from_secs(3_600),
        revision: store.declare(&[slow]).await.unwrap().revision,
        routes: vec![Arc::from("slow")],
        replay_guard: ReplayGuard::Off,
    };
    let accepted = store.accept(entry).await.unwrap();
    assert!(matches!(accepted, Accepted::New { .. }), "{accepted:?}");
    let says = async |text: &str| {
        let page = site.get(&format!("/admin/event/{}", "07".repeat(16))).await;
        let cell = page.body.split(r#"<span class="dot"#).nth(1).unwrap();
        let cell = cell.split("</span>").nth(1).unwrap();
        let cell = cell.split("</td>").next().unwrap();
        assert!(cell.starts_with(text), "{cell}, not {text}");
        cell.to_owned()
    };
    let lease = async |length| {
        let request = LeaseRequest {
            handler: "slow",
            max: 1,
            lease: length,
            wait: Duration::ZERO,
        };
        store.lease(request).await.unwrap().remove(0).fence
    };
    says("queued").await;
    lease(Duration::from_millis(1)).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    says("queued").await;
    let hour = Duration::from_secs(3_600);
    let fence = lease(hour).await;
    says("running").await;
    assert_eq!(store.retry(&fence, hour).await.unwrap(), Held::Applied);
    let due = SystemClock.now().saturating_add(hour).as_secs();
    let cell = says("next attempt at ").await;
    let told = cell.trim_start_matches("next attempt at ");
    let told = told.replace(" UTC", "Z").replace(' ', "T");
    let told = time::OffsetDateTime::parse(&told, &Rfc3339).unwrap();
    assert!((due - 60..=due).contains(&told.unix_timestamp()), "{cell}");
    site.close().await;
}

#[tokio::test]
async fn every_reply_is_sealed() {
    let site = Site::open().await;
    let stranger = Browser::new(site.browser.address());
    for page in [
        site.get("/admin").await,
        site.get("/admin/nowhere").await,
        site.get("/admin/dead/nobody").await,
        site.browser.post("/admin/dead/crm/replay", "").await,
        stranger.get("/admin").await,
    ] {
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("cache-control"), "no-store");
        for handler in ["onclick", "onload", "onerror", "onsubmit", "javascript:"] {
            assert!(!page.body.contains(handler), "{handler}");
        }
        assert!(!page.body.contains("http://") && !page.body.contains("https://"));
    }
    let cookie = site.get("/admin").await.header("set-cookie").to_owned();
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    site.close().await;
}

#[tokio::test]
async fn it_tells_what_is_there() {
    let site = Site::open().await;
    site.deliver("evt_1", "invoice.paid").await;
    site.deliver("evt_1", "invoice.paid").await;
    site.settled(1).await;
    let page = site.get("/admin").await;
    for text in [
        "crm",
        "ledger",
        "stripe",
        "100 %",
        "of 2 verified",
        "in memory only",
        "closed",
    ] {
        assert!(page.body.contains(text), "{text} is not on\n{}", page.body);
    }
    let page = site.get("/admin/deliveries").await;
    assert!(page.body.contains("evt_1") && page.body.contains("invoice.paid"));
    assert!(page.body.contains("accepted") && page.body.contains("duplicate"));
    assert!(
        site.get("/admin/deliveries?find=evt_2")
            .await
            .body
            .contains("has that")
    );

    let found = site.get("/admin/event?find=evt_1").await;
    assert_eq!(found.status, 303);
    let event = site.get(found.header("location")).await;
    let why = "dead: handler failed for good: &#60;token&#62; &#39;&#34;&#62;&#60;script";
    for text in ["crm", why, "ledger", "done", "evt_1"] {
        assert!(
            event.body.contains(text),
            "{text} is not on\n{}",
            event.body
        );
    }
    let key = found.header("location").rsplit('/').next().unwrap();
    let by_key = site
        .get(&format!("/admin/event?find={}", key.to_uppercase()))
        .await;
    assert_eq!(by_key.header("location"), found.header("location"));
    let unknown = site.get(&format!("/admin/event/{}", "0".repeat(32))).await;
    assert!(
        unknown.body.contains("does not know it"),
        "{}",
        unknown.body
    );
    assert_eq!(site.get("/admin/event/x").await.status, 404);
    let lost = site.get("/admin/event?find=a%26b%3D%0d%0a").await;
    assert_eq!(lost.header("location"), "/admin/deliveries?find=a%26b%3D");

    let list = site.get("/admin/dead/crm").await;
    let [letter] = &Site::letters(&list)[..] else {
        panic!("{}", list.body)
    };
    let letter = site.get(letter).await;
    for text in [
        "stripe",
        "evt_1",
        "Signed by",
        "&#34;type&#34;: &#34;invoice.paid&#34;",
        "… 2 more",
    ] {
        assert!(
            letter.body.contains(text),
            "{text} is not on\n{}",
            letter.body
        );
    }
    for path in [
        "/admin/dead/nobody",
        "/admin/dead/crm/%00",
        "/admin/dead/crm/999999",
    ] {
        assert_eq!(site.get(path).await.status, 404, "{path}");
    }
    site.close().await;
}

#[tokio::test]
async fn nothing_of_a_sender_runs_and_nothing_hidden_is_shown() {
    let site = Site::open().await;
    site.deliver(XSS, XSS).await;
    site.deliver("evt_\u{202e}\u{1b}[31m", "a.b").await;
    site.settled(2).await;
    let query = form_urlencoded::byte_serialize(XSS.as_bytes()).collect::<String>();
    let list = site.get("/admin/dead/crm").await;
    let mut paths = Site::letters(&list);
    assert_eq!(paths.len(), 2);
    let event = site.get(&format!("/admin/event?find={query}")).await;
    paths.push(event.header("location").to_owned());
    assert!(paths[2].starts_with("/admin/event/"), "{paths:?}");
    for path in [
        "/admin",
        "/admin/deliveries",
        "/admin/dead/crm",
        &format!("/admin/deliveries?find={query}"),
        &format!("/admin/dead/crm?kind={query}&source={query}&secret={query}&since={query}"),
        &format!("/admin/dead/{query}"),
        &format!("/admin?said={query}"),
    ] {
        paths.push(path.to_owned());
    }
    let mut shown = 0;
    for path in &paths {
        let page = site.get(path).await;
        assert!(page.status < 500, "{path} {}", page.status);
        // The script of the page itself is the only one.
        assert_eq!(
            page.body.matches("<script").count(),
            1,
            "{path}\n{}",
            page.body
        );
        assert_eq!(
            page.body.matches("<img").count(),
            0,
            "{path}\n{}",
            page.body
        );
        assert!(!page.body.contains(r#"value="'""#), "{path}\n{}", page.body);
        for hidden in [SECRET, PASSWORD, "canary-payload", "\u{202e}", "\u{1b}"] {
            assert!(
                !page.body.contains(hidden),
                "{hidden} is on {path}\n{}",
                page.body
            );
        }
        shown += page.body.matches("&#60;script&#62;alert").count();
    }
    assert!(shown > 5, "the canaries were not even there: {shown}");
    site.close().await;
}

#[tokio::test]
async fn a_form_of_the_page_replays_and_discards() {
    let site = Site::open().await;
    site.deliver("evt_1", "invoice.paid").await;
    site.deliver("evt_2", "invoice.paid").await;
    site.settled(2).await;
    let list = site.get("/admin/dead/crm").await;
    let letters = Site::letters(&list);
    let (first, second) = (
        letters[0].split('?').next().unwrap(),
        letters[1].split('?').next().unwrap(),
    );
    let form = format!("token={}", list.token());

    let done = site.browser.post(&format!("{first}/discard"), &form).await;
    assert_eq!(
        (done.status, done.header("location")),
        (303, "/admin/dead/crm?said=discarded")
    );
    let again = site.browser.post(&format!("{first}/discard"), &form).await;
    assert_eq!(again.header("location"), "/admin/dead/crm?said=gone");
    site.settled(1).await;
    site.mended.store(true, Ordering::SeqCst);
    let done = site.browser.post(&format!("{second}/replay"), &form).await;
    assert_eq!(done.header("location"), "/admin/dead/crm?said=replayed");
    let page = site.get(done.header("location")).await;
    assert!(page.body.contains("Queued again."), "{}", page.body);
    site.settled(0).await;
    assert_eq!(
        site.browser
            .post("/admin/dead/nobody/1/replay", &form)
            .await
            .status,
        404
    );
    site.close().await;
}

#[tokio::test]
async fn a_handler_is_paused_and_resumed() {
    let site = Site::open().await;
    site.mended.store(true, Ordering::SeqCst);
    let form = format!("token={}", site.get("/admin").await.token());
    let paused = site.browser.post("/admin/handlers/crm/pause", &form).await;
    assert_eq!(
        (paused.status, paused.header("location")),
        (303, "/admin?said=paused")
    );
    let page = site.get(paused.header("location")).await;
    assert!(
        page.body.contains("Paused in all processes"),
        "{}",
        page.body
    );
    let again = site.browser.post("/admin/handlers/crm/pause", &form).await;
    assert_eq!(again.header("location"), "/admin?said=same");
    // A worker may have begun to wait for jobs before.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    site.deliver("evt_1", "invoice.paid").await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let stats = site.inbox.stats().await.unwrap();
    assert_eq!(
        (stats.handlers[0].queued, stats.handlers[0].paused),
        (1, true)
    );
    let page = site.get("/admin").await;
    assert!(
        page.body.contains("<span class=\"badge\">paused</span>"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("/admin/handlers/crm/resume"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("/admin/handlers/ledger/pause"),
        "{}",
        page.body
    );
    let resumed = site.browser.post("/admin/handlers/crm/resume", &form).await;
    assert_eq!(resumed.header("location"), "/admin?said=resumed");
    site.settled(0).await;
    for path in [
        "/admin/handlers/nobody/pause",
        "/admin/handlers/nobody/resume",
    ] {
        assert_eq!(site.browser.post(path, &form).await.status, 404);
    }
    site.close().await;
}

#[tokio::test]
async fn forms_of_others_change_nothing() {
    let site = Site::open().await;
    site.deliver("evt_1", "invoice.paid").await;
    site.settled(1).await;
    site.mended.store(true, Ordering::SeqCst);
    let list = site.get("/admin/dead/crm").await;
    let letter = Site::letters(&list)[0].clone();
    let replay = format!("{}/replay", letter.split('?').next().unwrap());
    let form = format!("token={}", list.token());
    let host = format!("http://{}", site.browser.address());
    let b = &site.browser;
    for (browser, form) in [
        (b.clone(), ""),
        (b.clone(), "token="),
        (b.clone(), "token=00000000000000000000000000000000"),
        (b.clone().without_cookie(), &*form),
        (b.clone().with_header("cookie", "hookgate_admin=0"), &*form),
        (
            b.clone().with_header("sec-fetch-site", "cross-site"),
            &*form,
        ),
        (b.clone().with_header("sec-fetch-site", "same-site"), &*form),
        (b.clone().with_header("sec-fetch-site", "none"), &*form),
        (
            b.clone().with_header("origin", "https://evil.example"),
            &*form,
        ),
        (b.clone().with_header("origin", "null"), &*form),
        (
            b.clone()
                .with_header("origin", &format!("{host}.evil.example")),
            &*form,
        ),
    ] {
        let page = browser.post(&replay, form).await;
        assert_eq!(page.status, 403, "{browser:?} {form}");
    }
    let large = format!("{form}&pad={}", "x".repeat(20_000));
    assert_eq!(b.post(&replay, &large).await.status, 403);
    assert_eq!(b.get(&replay).await.status, 405);
    site.settled(1).await;
    for browser in [
        b.clone().with_header("origin", &host),
        b.clone()
            .with_header("sec-fetch-site", "same-origin")
            .with_header("origin", "http://a.proxy"),
    ] {
        assert_eq!(browser.post(&replay, &form).await.status, 303);
    }
    site.settled(0).await;
    site.close().await;
}

#[tokio::test]
async fn memory() {
    many_are_counted_then_replayed_and_pages_follow_each_other(Arc::new(MemoryStore::new())).await;
}

#[tokio::test]
async fn embedded() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path().join("hooks.redb")).unwrap();
    many_are_counted_then_replayed_and_pages_follow_each_other(Arc::new(store)).await;
}

#[tokio::test]
async fn redis() {
    let server = redis_server::RedisServer::start();
    let store = Arc::new(RedisStore::new(server.pool()));
    many_are_counted_then_replayed_and_pages_follow_each_other(store).await;
}

/// Entries and their order are the store's own.
async fn many_are_counted_then_replayed_and_pages_follow_each_other(store: Arc<dyn Store>) {
    let site = Site::open_over(store, |page| page).await;
    for n in 0..60 {
        let kind = if n % 2 == 0 { "invoice.paid" } else { "refund" };
        site.deliver(&format!("evt_{n:02}"), kind).await;
    }
    site.settled(60).await;
    let first = site.get("/admin/dead/crm").await;
    let next = first
        .body
        .split("href=\"")
        .find(|link| link.starts_with("/admin/dead/crm?after="));
    let next = site.get(next.unwrap().split('"').next().unwrap()).await;
    let (one, two) = (Site::letters(&first), Site::letters(&next));
    assert_eq!((one.len(), two.len()), (50, 10));
    assert!(!next.body.contains("Next page") && one.iter().all(|link| !two.contains(link)));
    // Each is found by the one before it, also across pages.
    let across = site.get(&two[0]).await;
    assert!(
        across.body.contains("Dead letter of crm"),
        "{} {}",
        two[0],
        across.body
    );

    let form = format!("token={}&kind=invoice.*&rate=1000&act=", first.token());
    let path = "/admin/dead/crm/replay";
    let counted = site.browser.post(path, &format!("{form}count")).await;
    assert!(
        counted.body.contains("Replay 30 dead letters of crm?"),
        "{}",
        counted.body
    );
    assert_eq!(site.inbox.stats().await.unwrap().handlers[0].dead, 60);
    site.mended.store(true, Ordering::SeqCst);
    let begun = site.browser.post(path, &format!("{form}replay")).await;
    assert_eq!(
        begun.header("location"),
        "/admin/dead/crm?kind=invoice.*&said=replaying"
    );
    site.settled(30).await;
    tokio::time::timeout(Duration::from_secs(10), async {
        let ended = "queued 30 of 30 again";
        while !site
            .get("/admin/dead/crm?kind=refund")
            .await
            .body
            .contains(ended)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    // One at a time for each handler: this one takes half a minute.
    let slow = form.replace("invoice.*", "refund").replace("1000", "1");
    let begun = site.browser.post(path, &format!("{slow}replay")).await;
    assert!(begun.header("location").ends_with("said=replaying"));
    let busy = site.browser.post(path, &format!("{slow}replay")).await;
    assert!(busy.header("location").ends_with("said=busy"));
    assert!(
        site.get("/admin/dead/crm")
            .await
            .body
            .contains("1 a second")
    );
    let bad = site
        .browser
        .post(path, &format!("{form}replay&since=x"))
        .await;
    assert_eq!(bad.status, 404);
    site.close().await;
}

#[tokio::test]
async fn links_lead_to_where_browsers_know_it() {
    let site = Site::open_as(|page| page.with_public_path("/ops/hooks/")).await;
    let page = site.get("/admin").await;
    assert!(page.body.contains("href=\"/ops/hooks/deliveries\"") && !page.body.contains("/admin"));
    let inbox = Inbox::builder(MemoryStore::new()).build().await.unwrap();
    let page = |path: &str| {
        let page = Admin::builder(inbox.clone()).behind(Auth::mine_is_outside("a test"));
        page.with_public_path(path).router()
    };
    assert!(page("hooks").is_err() && page("").is_err());
    let root = Admin::builder(inbox.clone()).behind(Auth::mine_is_outside("a test"));
    let request = http::Request::get("/")
        .body(axum::body::Body::empty())
        .unwrap();
    let reply = root.router().unwrap().oneshot(request).await.unwrap();
    assert_eq!(reply.status(), 200);
    let body = axum::body::to_bytes(reply.into_body(), 1 << 20)
        .await
        .unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains("href=\"/\"") && body.contains("href=\"/deliveries\""));
    assert!(body.contains("No handler is known"));
    site.close().await;
}

/// Serves the page to `tests/admin/browser`, which says what is to happen, a word a line.
#[tokio::test]
#[ignore = "tests/admin/browser runs it"]
async fn serve() {
    use tokio::io::{AsyncBufReadExt, BufReader};

    let site = Site::open().await;
    println!("\nserving {}", site.browser.address());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["deliver", id, kind] => site.deliver(id, kind).await,
            ["canaries"] => {
                site.deliver(XSS, XSS).await;
                site.deliver("evt_\u{202e}\u{1b}[31m", "a.b").await;
            }
            ["settled", dead] => site.settled(dead.parse().unwrap()).await,
            ["mend"] => site.mended.store(true, Ordering::SeqCst),
            ["break"] => site.mended.store(false, Ordering::SeqCst),
            _ => panic!("{line}"),
        }
        println!("done");
    }
    site.close().await;
}
