//! The list in README.md beside this file: what was run, and how.

use std::fs;

use crate::adapter::Sdk;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/README.md");

/// A row of the table.
pub(crate) fn line(sdk: &Sdk) -> String {
    let signs = if sdk.signs { "yes" } else { "" };
    let body = sdk.body.then(|| "body".to_owned());
    let looks_at: Vec<_> = body.into_iter().chain(sdk.clock.iter().cloned()).collect();
    let verifies = if sdk.verifies {
        looks_at.join(", ")
    } else {
        String::new()
    };
    let (slug, name, version) = (&sdk.slug, &sdk.name, &sdk.version);
    format!("| `{slug}` | {name} {version} | {signs} | {verifies} |")
}

/// The table of one language must be what was run.
pub(crate) fn compare_or_write(language: &str, lines: &[String]) {
    let page = fs::read_to_string(PAGE).unwrap();
    let (start, end) = (
        format!("<!-- {language} -->\n"),
        format!("<!-- /{language} -->"),
    );
    let from = page.find(&start).expect("the mark of the table") + start.len();
    let to = page.find(&end).expect("its end");
    let head = "| preset | SDK | signs | verifies |\n| --- | --- | --- | --- |\n";
    let table = format!("{head}{}\n", lines.join("\n"));
    let wanted = format!("{}{table}{}", &page[..from], &page[to..]);
    if std::env::var_os("HOOKGATE_WRITE_PAGE").is_some() {
        fs::write(PAGE, wanted).unwrap();
        return;
    }
    assert_eq!(
        page, wanted,
        "{PAGE} is not what was run (HOOKGATE_WRITE_PAGE=1 writes it)"
    );
}
