//! Values that are typed, in a file, or on standard input.

use std::io::Read;

use crate::exit::Trouble;

/// The most that is read of a file or of standard input, in bytes.
const LIMIT: u64 = 64 * 1024 * 1024;

/// `@file` is the file's content, `-` and `@-` are standard input, everything else is itself.
pub(crate) fn value(text: &str) -> Result<Vec<u8>, Trouble> {
    match (text, text.strip_prefix('@')) {
        ("-" | "@-", _) => bounded(std::io::stdin().lock(), "standard input"),
        (_, Some(path)) => file(path),
        (_, None) => Ok(text.as_bytes().to_vec()),
    }
}

/// The content of a file.
pub(crate) fn file(path: &str) -> Result<Vec<u8>, Trouble> {
    let open = std::fs::File::open(path);
    let open = open.map_err(|why| Trouble::usage(format!("{path}: {why}")))?;
    bounded(open, path)
}

fn bounded(from: impl Read, name: &str) -> Result<Vec<u8>, Trouble> {
    let mut bytes = Vec::new();
    let read = from.take(LIMIT + 1).read_to_end(&mut bytes);
    read.map_err(|why| Trouble::usage(format!("{name}: {why}")))?;
    if bytes.len() as u64 > LIMIT {
        return Err(Trouble::usage(format!("{name}: more than 64 MiB")));
    }
    Ok(bytes)
}
