//! The commands of the README do what their comments say.

use std::{fs, path::Path, process::Command};

use hookgate::{Secret, Source, provider};
use tokio::task::block_in_place;

use crate::{program::PROGRAM, server::Server};

#[tokio::test(flavor = "multi_thread")]
async fn its_commands_end_as_their_comments_say() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let part = |title: &str| readme.split(title).nth(1).expect("its title").to_owned();
    let block = |text: &str, kind: &str| {
        let block = text
            .split(&format!("```{kind}\n"))
            .nth(1)
            .expect("its block");
        block.split("```").next().unwrap().to_owned()
    };
    let (tried, explained) = (
        part("### Try a provider\n"),
        part("### Why does it not match?\n"),
    );
    let secrets = [
        (provider::STRIPE, "whsec_test"),
        (provider::GITHUB, "ghsecret"),
    ];
    let sources = secrets.map(|(row, secret)| {
        let source = Source::builder(row.slug, row).add_secret(Secret::new(secret).unwrap());
        (row.slug, source.build().unwrap())
    });
    let (server, address) = Server::of(sources.into_iter()).started().await;
    let script = block(&tried, "sh") + &block(&explained, "sh");
    let script = script.replace("127.0.0.1:3000", &address.to_string());
    let folder = tempfile::tempdir().unwrap();
    let (mut commands, mut said, mut printed) = (String::new(), 0, String::new());
    for line in script.lines() {
        commands.push_str(line);
        commands.push('\n');
        // Everything before it again, since it may set what this line needs.
        let Some((_, comment)) = line.split_once("# ends with ") else {
            continue;
        };
        let (code, out) = block_in_place(|| bash(&commands, folder.path()));
        assert_eq!(Some(code), comment[..1].parse().ok(), "{line}: {out}");
        (said, printed) = (said + 1, out);
        let is_check = |kept: &str| kept.contains("# ends with ");
        let kept: Vec<_> = commands.lines().filter(|kept| !is_check(kept)).collect();
        commands = kept.join("\n") + "\n";
    }
    assert_eq!(said, 5);
    for line in block(&explained, "text").lines() {
        assert!(
            printed.lines().any(|found| found == line),
            "{line:?} in {printed}"
        );
    }
    let seen = server.take();
    let judged: Vec<_> = seen
        .iter()
        .map(|seen| seen.judged.as_ref().err().copied())
        .collect();
    assert_eq!(
        judged,
        [None, None, Some("stale"), Some("bad_signature"), None]
    );
}

fn bash(commands: &str, folder: &Path) -> (i32, String) {
    let path = std::env::var("PATH").unwrap();
    let program = Path::new(PROGRAM).parent().unwrap().display().to_string();
    let mut command = Command::new("bash");
    command
        .args(["-uo", "pipefail", "-c", commands])
        .current_dir(folder);
    let ran = command
        .env("PATH", format!("{program}:{path}"))
        .output()
        .expect("bash");
    (
        ran.status.code().unwrap(),
        String::from_utf8(ran.stdout).unwrap(),
    )
}
