//! `hookgate send`: signed deliveries of any preset, and what came back.

mod client;
mod report;

use std::time::Duration;

use clap::Args;

use crate::{
    exit::Trouble,
    making::{MakeArgs, Maker, Url},
    shared::Out,
};

use self::{client::Client, report::Report};

/// Send correctly signed deliveries of a provider, or wrong ones
///
/// Prints what was signed and what was answered. Ends with 1 when an answer is not 2xx, and with 3
/// when there is none.
#[derive(Args, Debug)]
pub(crate) struct Send {
    #[command(flatten)]
    make: MakeArgs,

    /// Where to send: http:// or https://
    #[arg(long, value_parser = Url::parse)]
    url: Url,

    /// How many events to send, one after the other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,

    /// How many times more each of them is sent
    #[arg(long, value_name = "K", default_value_t = 0)]
    duplicates: u32,

    /// How long to wait for an answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,

    /// Certificates (PEM) to trust for https, instead of the web's usual ones
    #[arg(long, value_name = "FILE")]
    cacert: Option<String>,

    /// Print a JSON object a line for each answer
    #[arg(long)]
    json: bool,
}

impl Send {
    pub(crate) fn run(self) -> Result<(), Trouble> {
        let out = Out::hiding(&self.make.secrets.given()?);
        let maker = Maker::new(&self.make, &self.url)?;
        let wait = Duration::from_secs(self.timeout);
        let client = Client::new(&self.url, wait, self.cacert.as_deref())?;
        for note in maker.notes() {
            eprintln!("note: {note}");
        }
        let mut report = Report::new(&out, &maker.row, self.json);
        let count = self.count as usize;
        for n in 1..=count {
            let made = maker.make(n, count)?;
            report.made(&made, &self.url);
            for copy in 0..=self.duplicates {
                let reply = client.send(&made.request)?;
                report.replied(&made, copy, &reply);
            }
        }
        report.end()
    }
}
