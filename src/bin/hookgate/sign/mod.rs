//! `hookgate sign`: the headers of a signed delivery, or a curl line that sends it.

mod curl;

use clap::Args;

use crate::{
    exit::Trouble,
    making::{MakeArgs, Maker, Url},
    shared::out::bytes,
};

/// Sign a delivery and print its headers, or a curl line
///
/// The signature is printed whole: it is what was asked for. Where a preset's "signature" is a
/// shared token, that is the secret itself.
#[derive(Args, Debug)]
pub(crate) struct Sign {
    #[command(flatten)]
    make: MakeArgs,

    /// Where it is to be sent. Part of what is signed for some presets
    #[arg(long, value_parser = Url::parse, default_value = "http://127.0.0.1:3000/")]
    url: Url,

    /// Print a line for a POSIX shell that sends the delivery with curl
    #[arg(long)]
    curl: bool,

    /// Write the body to this file. The curl line then reads it from there, which it must where
    /// the body has bytes that a shell line does not carry
    #[arg(long, value_name = "FILE")]
    body_out: Option<String>,
}

impl Sign {
    pub(crate) fn run(self) -> Result<(), Trouble> {
        let maker = Maker::new(&self.make, &self.url)?;
        for note in maker.notes() {
            eprintln!("note: {note}");
        }
        let request = maker.make(1, 1)?.request;
        if let Some(path) = &self.body_out {
            let written = std::fs::write(path, request.body());
            written.map_err(|why| Trouble::usage(format!("{path}: {why}")))?;
        }
        if self.curl {
            let line = curl::line(&self.url, &request, self.body_out.as_deref())?;
            println!("{line}");
            return Ok(());
        }
        for (name, value) in request.headers() {
            println!("{name}: {}", String::from_utf8_lossy(value.as_bytes()));
        }
        let target = request.uri().to_string();
        if target != self.url.target {
            eprintln!(
                "note: the signature is in the URL: {}{target}",
                self.url.origin
            );
        }
        if self.body_out.is_none() {
            let length = bytes(request.body().len());
            eprintln!("note: signed with a body of {length}; --body-out FILE keeps it");
        }
        Ok(())
    }
}
