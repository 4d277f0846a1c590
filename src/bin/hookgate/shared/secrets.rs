//! Secrets from the command line, the environment and files.

use std::ffi::OsString;

use clap::Args;
use hookgate::Secret;

use crate::exit::Trouble;

/// Where secrets come from.
#[derive(Args)]
pub(crate) struct SecretArgs {
    /// The secret as the provider's dashboard shows it. May come several times. Other users of this
    /// machine see arguments (`ps`), and shells keep them: prefer --secret-env or --secret-file
    #[arg(long = "secret", value_name = "SECRET", allow_hyphen_values = true)]
    typed: Vec<OsString>,

    /// The name of an environment variable with a secret. May come several times
    #[arg(long = "secret-env", value_name = "NAME")]
    variables: Vec<String>,

    /// A file with a secret; one line end behind it is not part of it. May come several times
    #[arg(long = "secret-file", value_name = "FILE")]
    files: Vec<String>,
}

/// A secret as it was given, whether or not it can be one.
#[derive(Clone)]
pub(crate) struct Given {
    /// `secret-1`, or the variable's name.
    pub(crate) label: String,
    pub(crate) text: Vec<u8>,
}

impl SecretArgs {
    /// All of them, unjudged.
    pub(crate) fn given(&self) -> Result<Vec<Given>, Trouble> {
        let mut all = Vec::new();
        for typed in &self.typed {
            let label = format!("secret-{}", all.len() + 1);
            let text = typed.clone().into_encoded_bytes();
            all.push(Given { label, text });
        }
        for name in &self.variables {
            let value = std::env::var_os(name).ok_or_else(|| unset(name))?;
            all.push(Given {
                label: name.clone(),
                text: value.into_encoded_bytes(),
            });
        }
        for path in &self.files {
            let label = format!("secret-{}", all.len() + 1);
            // Its path is not repeated: it may be the secret itself.
            let read = std::fs::read(path);
            let mut text = read.map_err(|why| Trouble::usage(format!("--secret-file: {why}")))?;
            for end in [b'\n', b'\r'] {
                if text.last() == Some(&end) {
                    text.pop();
                }
            }
            all.push(Given { label, text });
        }
        Ok(all)
    }

    /// All of them, at least one.
    pub(crate) fn some(&self) -> Result<Vec<Given>, Trouble> {
        let given = self.given()?;
        if given.is_empty() {
            let why =
                "a secret is needed: --secret-env NAME, --secret-file FILE or --secret SECRET";
            return Err(Trouble::usage(why));
        }
        Ok(given)
    }
}

/// The name is repeated only where it looks like one: people write the secret in its place.
fn unset(name: &str) -> Trouble {
    let is_plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    Trouble::usage(match name.len() <= 64 && name.chars().all(is_plain) {
        true => format!("the environment variable {name} is not set"),
        false => "--secret-env is not the name of an environment variable that is set".to_owned(),
    })
}

impl Given {
    /// As the library takes it.
    pub(crate) fn secret(&self) -> Result<Secret, hookgate::ConfigError> {
        let secret = Secret::new(self.text.clone())?;
        secret.with_label(&self.label)
    }

    /// The same, or the trouble of whoever typed it.
    pub(crate) fn usable(&self) -> Result<Secret, Trouble> {
        let trouble = |why| Trouble::usage(format!("{}: {why}", self.label));
        self.secret().map_err(trouble)
    }
}

impl std::fmt::Debug for SecretArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretArgs(..)")
    }
}
