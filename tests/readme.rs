//! The README says what the code does: its provider table is that of the rows, and its commands
//! print what its comments say.

// A failed expectation is how a test fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/receiver.rs"]
mod receiver;

use std::{fmt::Write, fs, process::Command};

use hookgate::{
    freshness::Tolerance,
    provider::{self, Confidence, Field, NoId, Provider, Retries},
    scheme::Part,
};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
const START: &str = "<!-- providers: checked by tests/readme.rs -->\n";
const END: &str = "<!-- /providers -->";

/// Run with `HOOKGATE_UPDATE_README=1` to write the table.
#[test]
fn the_provider_table_is_that_of_the_rows() {
    let readme = fs::read_to_string(PATH).unwrap();
    let start = readme.find(START).unwrap() + START.len();
    let end = readme.find(END).unwrap();
    let table = table();
    if std::env::var_os("HOOKGATE_UPDATE_README").is_some() {
        fs::write(
            PATH,
            format!("{}{table}{}", &readme[..start], &readme[end..]),
        )
        .unwrap();
        return;
    }
    assert_eq!(
        &readme[start..end],
        table,
        "run it with HOOKGATE_UPDATE_README=1"
    );
}

fn table() -> String {
    let mut table = String::from(
        "| slug | sender | event id | freshness | retries | window | confidence |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in provider::ALL {
        let (freshness, retries) = (freshness(row.tolerance), retries(row));
        let hours = row.dedup_window().as_secs() / 3_600;
        let confidence = match row.evidence.confidence {
            Confidence::OfficialSdk => "vendor's code",
            Confidence::OfficialDoc => "vendor's page",
            Confidence::Secondary => "others",
            Confidence::Convention => "convention",
        };
        let (slug, name, id, checked) = (row.slug, row.name, id(row), row.evidence.checked);
        writeln!(
            table,
            "| `{slug}` | {name} | {id} | {freshness} | {retries} | {hours} h | {confidence}, {checked} |"
        )
        .unwrap();
    }
    table
}

fn id(row: &Provider) -> String {
    let signed = |header| {
        let same = |part: &Part| matches!(part, Part::Header(h) if format!("{h:?}") == format!("{header:?}"));
        if row.scheme.message.iter().any(same) {
            "signed header"
        } else {
            "unsigned header"
        }
    };
    let mut places: Vec<_> = row
        .envelope
        .id
        .iter()
        .map(|field| match field {
            Field::Header(header) => signed(header),
            Field::Body(_) | Field::BodyBeside(..) => "signed body",
            Field::Query(_) => "unsigned query",
            Field::Claim(_) => "signed claim",
        })
        .collect();
    if places.is_empty() {
        places.push(match row.no_id {
            NoId::BodyDigest => "none: digest of the body",
            NoId::AcceptAll => "none",
        });
    }
    let mut seen = Vec::new();
    places.retain(|place| {
        !seen.contains(place) && {
            seen.push(*place);
            true
        }
    });
    places.join(", else ")
}

fn freshness(tolerance: Option<Tolerance>) -> String {
    tolerance.map_or("no time is signed".to_owned(), |t| {
        assert_eq!(
            t.past(),
            t.future(),
            "a one-sided row needs a column of its own"
        );
        format!("±{} s", t.past().as_secs())
    })
}

fn retries(row: &Provider) -> &'static str {
    match row.sender.retries {
        Retries::Never => "**never**",
        Retries::On5xx => "on 5xx",
        Retries::All => "yes",
        Retries::Unknown => "not known",
    }
}

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
