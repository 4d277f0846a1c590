//! The README says what the code does: its commands print what its comments say.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/receiver.rs"]
mod receiver;

use std::{fs, process::Command};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

#[test]
fn its_curl_commands_do_what_their_comments_say() {
    let readme = fs::read_to_string(PATH).unwrap();
    let block = readme
        .split("```sh\n")
        .find(|block| block.starts_with("URL="))
        .unwrap();
    let block = block.split("```").next().unwrap();
    let secrets = [
        ("STRIPE_WEBHOOK_SECRET", "whsec_test"),
        ("GITHUB_WEBHOOK_SECRET", "ghsecret"),
        ("SHOPIFY_WEBHOOK_SECRET", "shpsecret"),
    ];
    for (name, value) in secrets {
        assert!(
            readme.contains(&format!("{name}={value}")),
            "the README starts it otherwise"
        );
    }
    let receiver = receiver::Receiver::start("receiver", &secrets);
    let script = block.replace("127.0.0.1:3000", receiver.address());
    assert_ne!(script, block);
    let ran = Command::new("sh")
        .arg("-euc")
        .arg(&script)
        .output()
        .expect("sh, curl and openssl");
    let printed = String::from_utf8(ran.stdout).unwrap();
    let said: Vec<_> = block
        .lines()
        .filter_map(|line| line.rsplit_once("# "))
        .map(|(_, comment)| &comment[..3])
        .collect();
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(printed.lines().collect::<Vec<_>>(), said, "{errors}");
    assert_eq!(said.len(), 7);
    receiver.wait_for("pull_request.opened");
    receiver.wait_for("orders/create");
    assert_eq!(receiver.stop().len(), 3);
}

#[test]
fn it_leads_to_every_guide_and_the_crate_has_them_all() {
    let readme = fs::read_to_string(PATH).unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs");
    let modules = fs::read_to_string(format!("{folder}/mod.rs")).unwrap();
    let mut guides = 0;
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".md") else {
            continue;
        };
        assert!(readme.contains(&format!("](src/docs/{name})")), "{name}");
        assert!(
            modules.contains(&format!("include_str!(\"{name}\")")),
            "{name}"
        );
        assert!(
            modules.contains(&format!("[`{module}`]")),
            "{name} is not in the list"
        );
        let text = fs::read_to_string(format!("{folder}/{name}")).unwrap();
        assert!(
            !text.contains("```ignore"),
            "{name} has code that nothing tests"
        );
        guides += 1;
    }
    assert!(guides >= 11, "{guides}");
}
