//! The README's commands for the person at 3 a.m. do what their comments say.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn its_commands_do_what_their_comments_say() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.unwrap();
    let start = "export HOOKGATE_STORE=redis://127.0.0.1:6379\n";
    let block = readme
        .split("```sh\n")
        .find(|block| block.starts_with(start));
    let block = block.unwrap().split("```").next().unwrap();
    let scene = Scene::new(Place::redis()).await;
    let store = scene.store();
    let entry = lines(&store, &["dead", "list", "crm"])[0]["entry"].clone();
    let script = block
        .replace("redis://127.0.0.1:6379", &store)
        .replace("1795681083123-0", entry.as_str().unwrap());
    let program = Path::new(env!("CARGO_BIN_EXE_hookgate"));
    let path = format!("{}:{}", program.parent().unwrap().display(), env!("PATH"));
    let mut shell = Command::new("sh");
    shell
        .env("PATH", path)
        .stdin(Stdio::null())
        .args(["-euc", &script]);
    let printed = ran(shell).good();
    // What a comment promises is printed, in this order.
    let said = block.lines().filter_map(|line| line.split_once("says "));
    let said: Vec<_> = said.map(|(_, text)| text).collect();
    assert!(said.len() >= 4, "{said:?}");
    let mut rest = &*printed;
    for text in said {
        let at = rest
            .find(text)
            .unwrap_or_else(|| panic!("{text} is not in {rest}"));
        rest = &rest[at + text.len()..];
    }
    let all = block.lines().filter(|line| line.starts_with("hookgate "));
    assert!(all.count() >= 7, "{block}");
    assert_eq!(json(&store, &["inbox", "stats"])["handlers"][0]["dead"], 0);
}
