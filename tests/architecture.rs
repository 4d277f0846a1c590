//! Who may import whom. Reads every `use crate::` and `crate::` path in `src` and compares it with
//! the table below; a module that is not in the table fails, so that nobody adds one in passing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test fails by panicking.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Every module at the top of `src`, and what of ours it may import beside itself. Modules that do
/// not exist yet are listed already.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // Level 0: nothing of ours.
    ("clock", &[]),
    ("error", &[]),
    ("secret", &["clock", "error"]),
    ("redact", &["error"]),
    // Level 1: pure pieces.
    ("freshness", &["clock", "error"]),
    ("event", &["clock", "error", "scheme", "secret"]),
    ("scheme", &["clock", "error", "freshness", "secret"]),
    // Level 2: who sends, and the synchronous door. A handshake answers an event.
    (
        "provider",
        &["error", "event", "freshness", "scheme", "secret"],
    ),
    (
        "source",
        &[
            "clock",
            "error",
            "event",
            "freshness",
            "provider",
            "scheme",
            "secret",
        ],
    ),
    // Level 3: the middleware, and stores that know nothing of events. They do not know each other.
    (
        "verify",
        &[
            "clock",
            "error",
            "event",
            "provider",
            "scheme",
            "secret",
            "source",
            "telemetry",
        ],
    ),
    ("store", &["clock", "error", "telemetry"]),
    // What an event is remembered under.
    (
        "identity",
        &["error", "event", "provider", "source", "store"],
    ),
    // Level 4: the only places where the two meet. They do not know each other either.
    (
        "dedup",
        &[
            "clock",
            "error",
            "event",
            "identity",
            "provider",
            "source",
            "store",
            "telemetry",
            "verify",
        ],
    ),
    (
        "inbox",
        &[
            "clock",
            "error",
            "event",
            "identity",
            "provider",
            "redact",
            "secret",
            "source",
            "store",
            "telemetry",
            "verify",
        ],
    ),
    // The edge.
    ("telemetry", &["clock", "error", "secret"]),
    ("docs", &[]),
    ("allowlist", &["error", "secret", "telemetry", "verify"]),
    ("axum", &["error", "event", "inbox", "verify"]),
    (
        "admin",
        &[
            "clock",
            "error",
            "event",
            "inbox",
            "redact",
            "secret",
            "store",
            "telemetry",
        ],
    ),
    (
        "testing",
        &[
            "clock",
            "error",
            "event",
            "freshness",
            "inbox",
            "provider",
            "scheme",
            "secret",
            "source",
            "store",
            "verify",
        ],
    ),
    // Re-exports only.
    (
        "lib",
        &[
            "error", "event", "inbox", "secret", "source", "store", "verify",
        ],
    ),
];

/// A crate of its own: what it has of the library is public.
const PROGRAM: &str = "bin";

/// Levels 0 to 2: what is fuzzed and run on vectors. No runtime, no middleware, no store.
const PURE: &[&str] = &[
    "clock",
    "error",
    "secret",
    "redact",
    "freshness",
    "event",
    "scheme",
    "provider",
    "source",
];

/// Foreign crates, and the only places that may name them.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("tracing", &["telemetry"]),
    ("metrics", &["telemetry"]),
    ("redis", &["store/redis"]),
    ("deadpool_redis", &["store/redis"]),
    ("redb", &["store/embedded"]),
    ("ipnet", &["allowlist"]),
    // Where `Router::nest` leaves the path that a sender signed is one type of theirs.
    ("axum", &["axum", "admin", "source/target"]),
    ("askama", &["admin"]),
];

struct File {
    /// Below `src`, without `.rs` and `/mod`: `store/redis/accept`.
    name: String,
    /// Without comments and without the unit tests.
    code: String,
}

impl File {
    fn module(&self) -> &str {
        self.name.split('/').next().unwrap()
    }

    fn is_in(&self, place: &str) -> bool {
        self.name == place
            || self
                .name
                .strip_prefix(place)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

fn files() -> Vec<File> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(read(&src, &path));
            }
        }
    }
    assert!(found.len() > 20, "src was not found");
    found
}

fn library() -> impl Iterator<Item = File> {
    files().into_iter().filter(|file| file.module() != PROGRAM)
}

fn read(src: &Path, path: &PathBuf) -> File {
    let name = path.strip_prefix(src).unwrap().with_extension("");
    let name = name.to_str().unwrap().replace('\\', "/");
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let code = text
        .lines()
        .map(|line| line.find("//").map_or(line, |comment| &line[..comment]))
        .collect::<Vec<_>>()
        .join("\n");
    File {
        name: name.strip_suffix("/mod").unwrap_or(&name).to_owned(),
        code,
    }
}

/// The modules that stand behind `crate::`, also in nested lists.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, marker) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + marker.len()..];
        match rest.strip_prefix('{') {
            Some(list) => found.extend(heads(list)),
            None => found.extend(word(rest)),
        }
    }
    found
}

/// The first words of a use list's elements, up to the brace that closes it.
fn heads(list: &str) -> Vec<String> {
    let (mut depth, mut starts, mut found) = (0, true, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            c if starts && (c.is_alphabetic() || c == '_') => {
                found.extend(word(&list[at..]));
                starts = false;
            }
            _ => {}
        }
    }
    found
}

fn word(text: &str) -> Option<String> {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    Some(text[..end].to_owned()).filter(|word| !word.is_empty())
}

/// Whether the code names a foreign crate: `redis::`, `::redis`, `use redis`.
fn names(code: &str, foreign: &str) -> bool {
    code.match_indices(foreign).any(|(at, _)| {
        let before = &code[..at];
        let after = &code[at + foreign.len()..];
        // `crate::redis::`, `self::metrics::` and the like are modules of ours.
        let ours = before.ends_with("crate::") || before.ends_with("self::");
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"');
        let path = after.starts_with("::") || (before.ends_with("use ") && after.starts_with(';'));
        whole && path && !ours
    })
}

#[test]
fn modules_import_only_what_their_level_allows() {
    for file in library() {
        let module = file.module();
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            panic!("{module} is not in the table of tests/architecture.rs: decide its level first");
        };
        for import in imports(&file.code) {
            // Items that the crate root exports stand for the module that they come from.
            let import = match import.as_str() {
                "ConfigError" | "Rejection" | "RejectionKind" | "StoreError" => "error",
                "Event" => "event",
                "Secret" => "secret",
                "Source" => "source",
                "Inbox" | "Job" => "inbox",
                "store_contract" => "store",
                other => other,
            };
            assert!(
                import == module || allowed.contains(&import),
                "src/{}.rs may not import crate::{import}",
                file.name
            );
        }
    }
}

#[test]
fn the_pure_levels_name_no_runtime_no_middleware_and_no_store() {
    let walls = [
        "tokio",
        "tower",
        "tower_layer",
        "tower_service",
        "http_body",
        "http_body_util",
        "hyper",
        "redis",
        "deadpool_redis",
        "redb",
        "tracing",
        "metrics",
    ];
    for file in files().iter().filter(|file| PURE.contains(&file.module())) {
        for foreign in walls {
            assert!(
                !names(&file.code, foreign),
                "src/{}.rs names {foreign}",
                file.name
            );
        }
    }
}

#[test]
fn some_crates_are_named_in_one_place_only() {
    for file in library() {
        for (foreign, places) in ONLY_IN {
            assert!(
                !names(&file.code, foreign) || places.iter().any(|place| file.is_in(place)),
                "src/{}.rs names {foreign}, which belongs into {places:?}",
                file.name
            );
        }
    }
}

#[test]
fn the_checks_see_what_they_look_for() {
    let code =
        "use crate::{\n    clock::{Clock, UnixTime},\n    store,\n};\nfn f() { crate::inbox::g() }";
    assert_eq!(
        imports(code).into_iter().collect::<Vec<_>>(),
        ["clock", "inbox", "store"]
    );
    for code in [
        "use redis::Client;",
        "let x = redis::cmd();",
        "use ::redis::aio;",
        "use redis;",
    ] {
        assert!(names(code, "redis"), "{code}");
    }
    for code in [
        "crate::redis::x",
        "deadpool_redis::x",
        "let redis = 1;",
        "\"redis::\"",
    ] {
        assert!(!names(code, "redis"), "{code}");
    }
}

#[test]
fn levels_only_point_down() {
    // The table itself: following the arrows never leads back, edges of equal level aside.
    for (module, allowed) in MAY_IMPORT {
        for import in *allowed {
            let back = MAY_IMPORT
                .iter()
                .find(|(name, _)| name == import)
                .unwrap()
                .1;
            assert!(
                !back.contains(module),
                "{module} and {import} import each other"
            );
        }
    }
    let allows = |from: &str, to: &str| {
        MAY_IMPORT
            .iter()
            .any(|(name, allowed)| *name == from && allowed.contains(&to))
    };
    assert!(!allows("verify", "store") && !allows("store", "verify"));
    assert!(!allows("dedup", "inbox") && !allows("inbox", "dedup"));
    assert!(!allows("store", "event"), "stores keep opaque bytes");
}
