//! `hookgate`: sends and explains signed deliveries, looks into an inbox and repairs it.
//!
//! On the library's public interface only. Results go to standard output, troubles to standard
//! error, and neither shows a secret or a whole signature, except of what `sign` was asked to make.

mod desk;
mod exit;
mod explain;
mod listen;
mod making;
mod providers;
mod send;
mod shared;
mod sign;

use std::process::ExitCode;

use clap::{
    Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};

use exit::Trouble;

#[derive(Debug, Parser)]
#[command(version, about, after_help = exit::HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Send(send::Send),
    Sign(sign::Sign),
    Explain(explain::Explain),
    Listen(listen::Listen),
    Providers(providers::Providers),
    Inbox(desk::Inbox),
    Dead(desk::Dead),
    Handlers(desk::Handlers),
    Check(desk::Check),
}

impl Command {
    async fn run(self) -> Result<(), Trouble> {
        match self {
            Self::Send(command) => command.run(),
            Self::Sign(command) => command.run(),
            Self::Explain(command) => command.run(),
            Self::Listen(command) => command.run().await,
            Self::Providers(command) => command.run(),
            Self::Inbox(command) => command.run().await,
            Self::Dead(command) => command.run().await,
            Self::Handlers(command) => command.run().await,
            Self::Check(command) => command.run().await,
        }
    }
}

/// The command line. A word that belongs to nothing may be a secret, and is not repeated.
fn parsed() -> Cli {
    Cli::try_parse().unwrap_or_else(|mut why| {
        let is_flag = |value: &ContextValue| value.to_string().starts_with('-');
        if why.kind() == ErrorKind::UnknownArgument
            && !why.get(ContextKind::InvalidArg).is_some_and(is_flag)
        {
            let hidden = ContextValue::String("…".to_owned());
            why.insert(ContextKind::InvalidArg, hidden);
        }
        why.exit()
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    match parsed().command.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => trouble.tell(),
    }
}
