//! `hookgate`: sends and explains signed deliveries, looks into an inbox and repairs it.
//!
//! On the library's public interface only. Results go to standard output, troubles to standard
//! error, and neither shows a secret or a whole signature.

mod exit;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Trouble;

#[derive(Debug, Parser)]
#[command(version, about, after_help = exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {}

impl Command {
    async fn run(self) -> Result<(), Trouble> {
        match self {}
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::parse().command.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => trouble.tell(),
    }
}
