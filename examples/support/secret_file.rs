//! A file for a secret that a sender hands over.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use hookgate::{
    Secret,
    source::{EnrolmentFuture, EnrolmentHook},
};

/// Where the secret is to be stored.
#[derive(Debug)]
pub(crate) struct SecretFile(pub(crate) PathBuf);

impl EnrolmentHook for SecretFile {
    fn store<'a>(&'a self, source: &'a str, secret: &'a Secret) -> EnrolmentFuture<'a> {
        let (path, secret) = (self.0.clone(), secret.clone());
        Box::pin(async move {
            let stored = tokio::task::spawn_blocking(move || write(&path, secret.reveal()));
            stored
                .await?
                .inspect_err(|why| eprintln!("{source}: its secret could not be stored: {why}"))?;
            eprintln!("{source}: its secret is in {}", self.0.display());
            Ok(())
        })
    }
}

/// Whole or not at all, on the disk when it returns, and for our eyes only.
fn write(path: &Path, secret: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let draft = path.with_extension("draft");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(secret)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()
}
