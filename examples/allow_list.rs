//! Deliveries from listed addresses only, with a list that a job refreshes.
//!
//! ```text
//! DEMO=1 cargo run --features full,test-util --example allow_list
//! GITHUB_WEBHOOK_SECRET=s3cret ALLOW_LIST=github.txt \
//!     cargo run --features full,test-util --example allow_list
//! ```
//!
//! | variable | meaning | default |
//! | --- | --- | --- |
//! | `ALLOW_LIST` | file with one address or network a line | |
//! | `ALLOW_MODE` | `shadow`: everything passes and strangers are counted; or `enforce` | `shadow` |
//! | `PROXIES` | trusted proxies in front that append to `X-Forwarded-For` | 0 |
//!
//! A job of yours (cron) fetches the sender's list, checks it, and puts it in place in one step:
//!
//! ```text
//! 17 * * * *  curl -fsS https://api.github.com/meta | jq -r '.hooks[]' > github.new &&
//!             [ "$(wc -l < github.new)" -ge 4 ] && mv github.new github.txt
//! ```
//!
//! This process looks at the file every half minute. A file that is no list, or that has lost more
//! than half of its networks, changes nothing: a download that broke must not lock the sender out.
//! One that nobody has touched for a month is complained about, since senders add addresses.

mod support;

use std::{
    env,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::ConnectInfo};
use hookgate::{
    Inbox, Source,
    allowlist::{AllowIpLayer, AllowList, IpList, Mode, Origin, Peer},
    inbox::{Failure, Job, on},
    provider,
    store::MemoryStore,
};
use support::{Failed, Sender};
use tower::Layer;

const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

fn look_every() -> Duration {
    if support::is_demo() {
        return Duration::from_millis(50);
    }
    Duration::from_secs(30)
}

/// Replaces the list when the file has another one.
async fn refresh(file: PathBuf, allowed: AllowList, looks: Arc<AtomicUsize>) {
    let mut complaint = None;
    loop {
        tokio::time::sleep(look_every()).await;
        let now = match read(&file, &allowed.list()).await {
            Ok((fresh, age)) => {
                if fresh != *allowed.list() {
                    println!("list: {} networks now", fresh.len());
                    allowed.replace(fresh);
                }
                let old = "the file is a month old; does the job still run?";
                (age > MONTH).then(|| old.to_owned())
            }
            Err(why) => Some(format!("the old one stays: {why}")),
        };
        // Once, not every half minute.
        if now != complaint {
            if let Some(text) = &now {
                println!("list: {text}");
            }
            complaint = now;
        }
        looks.fetch_add(1, Ordering::SeqCst);
    }
}

/// The list in the file, and its age.
async fn read(file: &Path, old: &IpList) -> Result<(IpList, Duration), Failed> {
    let fresh = IpList::parse(&tokio::fs::read_to_string(file).await?)?;
    if fresh.len() * 2 < old.len() {
        let (now, before) = (fresh.len(), old.len());
        return Err(format!("{now} networks of {before}; restart if that is right").into());
    }
    let changed = tokio::fs::metadata(file).await?.modified()?;
    Ok((fresh, changed.elapsed().unwrap_or_default()))
}

fn layer(allowed: AllowList) -> Result<AllowIpLayer, Failed> {
    let proxies = env::var("PROXIES").unwrap_or_else(|_| "0".to_owned());
    let origin = match proxies.parse()? {
        0 => Origin::peer(),
        n => Origin::behind(n)?,
    };
    // Where axum keeps the peer.
    let origin = origin.with_peer(|extensions| {
        let info = extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(Peer::plain(info.0))
    });
    let layer = AllowIpLayer::new("github", allowed)?.with_origin(origin);
    layer.set_mode(match env::var("ALLOW_MODE").as_deref() {
        Ok("enforce") => Mode::Enforce,
        Ok("shadow") | Err(_) => Mode::Shadow,
        Ok(_) => return Err("ALLOW_MODE must be `shadow` or `enforce`".into()),
    });
    Ok(layer)
}

async fn work(job: Job) -> Result<(), Failure> {
    println!("worked on {}", job.key());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    // Where refusals, and in shadow mode what would be one, are told with their address.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();

    let folder = tempfile::tempdir()?;
    let file = if support::is_demo() {
        let file = folder.path().join("github.txt");
        std::fs::write(&file, "192.30.252.0/22\n185.199.108.0/22\n")?;
        file
    } else {
        let file = env::var_os("ALLOW_LIST").ok_or("ALLOW_LIST must be a file")?;
        file.into()
    };
    let allowed = AllowList::new(IpList::parse(&std::fs::read_to_string(&file)?)?);
    let layer = layer(allowed.clone())?;
    // How often the file was looked at: the demo waits for that.
    let looks = Arc::new(AtomicUsize::new(0));
    let refresh = refresh(file.clone(), allowed.clone(), Arc::clone(&looks));
    tokio::spawn(refresh);

    let secret = support::secret("GITHUB_WEBHOOK_SECRET")?;
    let github = Source::builder("github", provider::GITHUB).add_secret(secret.clone());
    let inbox = Inbox::builder(MemoryStore::new())
        .source(github.build()?)
        .handler("work", on("*"), work)
        .build()
        .await?;
    let endpoint = layer.layer(inbox.endpoint("github")?);
    let app = Router::new().route_service("/webhooks/github", endpoint);
    let (listener, address) = support::listen().await?;
    let sender = Sender::new(provider::GITHUB, &secret, address);
    let play = play(inbox.clone(), sender, layer, allowed, file, looks);
    support::serve(listener, app, inbox, play).await
}

/// What the demo shows.
async fn play(
    inbox: Inbox,
    sender: Sender,
    layer: AllowIpLayer,
    allowed: AllowList,
    file: PathBuf,
    looks: Arc<AtomicUsize>,
) -> Result<(), Failed> {
    // As the job does: a reader sees the old file or the new one.
    let put = |text: &str| {
        let fresh = file.with_extension("new");
        std::fs::File::create(&fresh)?.write_all(text.as_bytes())?;
        std::fs::rename(&fresh, &file)
    };
    let deliver = async |when: &str| {
        let status = sender.deliver(when, "push", "{}".to_owned()).await?;
        println!("{when}: {status}");
        Ok::<_, Failed>(())
    };
    deliver("shadow, not listed").await?;
    layer.set_mode(Mode::Enforce);
    deliver("enforced, not listed").await?;

    put("192.30.252.0/22\n185.199.108.0/22\n127.0.0.0/8 # new\n")?;
    let loopback = "127.0.0.1".parse()?;
    support::until("the list is read", async || Ok(allowed.contains(loopback))).await?;
    deliver("enforced, listed").await?;

    for (n, broken) in ["<html>503</html>\n", "192.0.2.1\n", ""].iter().enumerate() {
        put(broken)?;
        let before = looks.load(Ordering::SeqCst);
        support::until("the file is looked at", async || {
            Ok(looks.load(Ordering::SeqCst) >= before + 2)
        })
        .await?;
        deliver(&format!("enforced, after broken download {n}")).await?;
    }
    support::idle(&inbox).await
}
