//! How a command ends.

use std::{fmt, process::ExitCode};

/// What `--help` says about exit codes.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done; the answer is yes
  1  done; the answer is no: refused, not valid, not found
  2  the command line or a file that it names is wrong
  3  something outside is in the way: a store, a server, a file in use";

/// Why a command did not end with 0.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// 1: what was asked for is not so. The command has said what is.
    No,
    /// 2: what was typed cannot be meant.
    Usage(String),
    /// 3: a store, a server or a file does not do its part.
    Outside(String),
}

impl Trouble {
    /// 2, with this text.
    pub(crate) fn usage(why: impl fmt::Display) -> Self {
        Self::Usage(why.to_string())
    }

    /// 3, with this text.
    pub(crate) fn outside(why: impl fmt::Display) -> Self {
        Self::Outside(why.to_string())
    }

    /// Tells people, and is the code for scripts.
    pub(crate) fn tell(self) -> ExitCode {
        let (code, why) = match self {
            Self::No => (1, None),
            Self::Usage(why) => (2, Some(why)),
            Self::Outside(why) => (3, Some(why)),
        };
        if let Some(why) = why {
            eprintln!("hookgate: {why}");
        }
        ExitCode::from(code)
    }
}
