//! `hookgate listen`: a local receiver that verifies deliveries and prints them.

mod receiver;
mod show;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::pin,
    time::Duration,
};

use clap::Args;
use hookgate::{provider::Provider, scheme::SignedUrl};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

use self::{receiver::Receiver, show::Show};
use crate::{
    exit::Trouble,
    making::Url,
    shared::{Out, SecretArgs, preset},
};

/// Receive deliveries on this machine, verify them and print them
///
/// Payloads are printed as types and lengths; --show and --show-all say what else may be seen.
/// What is refused is explained as by `explain`. Nothing is stored: every delivery is as new. Ends
/// at ctrl-c, or after --count deliveries, then with 1 when one of them was refused.
#[derive(Args, Debug)]
pub(crate) struct Listen {
    /// The preset, e.g. stripe; `hookgate providers` lists all
    slug: String,

    /// Without a secret one is made up and printed, for `hookgate send`
    #[command(flatten)]
    secrets: SecretArgs,

    /// The port; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// The address to listen at. Any other than loopback lets strangers in
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,

    /// The URL under which the sender knows this endpoint, where the URL is signed
    #[arg(long, value_name = "URL", value_parser = Url::parse)]
    public_url: Option<Url>,

    /// The environment variable with the verify token of a handshake (Meta)
    #[arg(long, value_name = "NAME")]
    verify_token_env: Option<String>,

    /// Show the payload's value at this path, e.g. /data/object/amount. May come several times
    #[arg(long, value_name = "PATH")]
    show: Vec<String>,

    /// Show whole payloads, with everything personal that is in them
    #[arg(long)]
    show_all: bool,

    /// End after this many deliveries
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

impl Listen {
    pub(crate) async fn run(self) -> Result<(), Trouble> {
        let row = preset::named(&self.slug)?;
        let mut secrets = self.secrets.given()?;
        if secrets.is_empty() {
            let made = show::made_up(&row)?;
            eprintln!(
                "secret of this run: {}",
                String::from_utf8_lossy(&made.text)
            );
            secrets.push(made);
        }
        let out = Out::hiding(&secrets);
        let show = Show::new(&self.show, self.show_all)?;
        let address = SocketAddr::new(self.bind, self.port);
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|why| Trouble::outside(format!("{address}: {why}")))?;
        let here = listener.local_addr().map_err(Trouble::outside)?;
        let url = format!("http://{here}/{}", row.slug);
        let public_url = configured(&row, self.public_url.as_ref(), &url, here);
        let token = self.verify_token_env.as_deref();
        let receiver = Receiver::new(row, secrets, public_url, token)?;
        out.line(&format!("listening on {url}"));
        let (tell, mut told) = mpsc::channel(16);
        let (enough, ended) = oneshot::channel::<()>();
        let served = axum::serve(listener, receiver.router(tell));
        let served = served.with_graceful_shutdown(async { drop(ended.await) });
        let served = tokio::spawn(served.into_future());
        let (mut left, mut refused) = (self.count, false);
        // One for all: another one would not know of what was pressed while something was printed.
        let mut interrupted = pin!(tokio::signal::ctrl_c());
        while left != Some(0) {
            let arrived = tokio::select! {
                biased;
                _ = &mut interrupted => None,
                arrived = told.recv() => arrived,
            };
            let Some(arrived) = arrived else {
                return Ok(());
            };
            let valid = tokio::task::block_in_place(|| show.print(&out, &arrived));
            refused |= valid == Some(false);
            if valid.is_some() {
                left = left.map(|left| left - 1);
            }
        }
        // The last answer may still be on its way.
        drop((enough, told));
        let _ = tokio::time::timeout(GRACE, served).await;
        match refused {
            true => Err(Trouble::No),
            false => Ok(()),
        }
    }
}

/// How long answers may take that are on their way when enough has come.
const GRACE: Duration = Duration::from_secs(2);

/// What the source is told of its URL.
fn configured(row: &Provider, given: Option<&Url>, url: &str, here: SocketAddr) -> Option<String> {
    match row.scheme.signed_url() {
        SignedUrl::None => None,
        SignedUrl::Origin => Some(given.map_or(format!("http://{here}"), |url| url.origin.clone())),
        SignedUrl::Exact => Some(given.map_or(url.to_owned(), |url| url.text.clone())),
    }
}
