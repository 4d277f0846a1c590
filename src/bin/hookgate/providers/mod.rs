//! `hookgate providers`: which presets there are, and what is known of one.

use clap::Args;
use hookgate::provider;

use crate::{
    exit::Trouble,
    shared::{Out, facts, preset},
};

/// List all presets, or say what is known of one
#[derive(Args, Debug)]
pub(crate) struct Providers {
    /// The preset; all of them when it is left out
    slug: Option<String>,
}

impl Providers {
    pub(crate) fn run(self) -> Result<(), Trouble> {
        let out = Out::default();
        let Some(slug) = self.slug else {
            let widest = provider::ALL.iter().map(|row| row.slug.len()).max();
            let width = widest.unwrap_or_default();
            for row in provider::ALL {
                out.line(&format!("{:width$}  {}", row.slug, row.name));
            }
            return Ok(());
        };
        let row = preset::named(&slug)?;
        out.line(&format!("{}: {}", row.slug, row.name));
        for line in facts::of(&row) {
            out.line(&format!("  {}", line.replace("**", "")));
        }
        Ok(())
    }
}
