//! The scripts, and calls to them.

use std::sync::LazyLock;

use redis::{Cmd, Script};

/// What most scripts have in common comes before each but the one that must be quick.
macro_rules! text {
    ("accept.lua") => {
        include_str!("scripts/accept.lua")
    };
    ($file:literal) => {
        concat!(
            include_str!("scripts/lib.lua"),
            include_str!(concat!("scripts/", $file))
        )
    };
}

macro_rules! scripts {
    ($($name:ident $file:tt)*) => {
        /// A verb.
        #[derive(Clone, Copy)]
        pub(super) enum Verb { $($name,)* }

        static SCRIPTS: LazyLock<Vec<(&str, Script)>> = LazyLock::new(|| {
            vec![$({
                const TEXT: &str = text!($file);
                (TEXT, Script::new(TEXT))
            },)*]
        });
    };
}

scripts! {
    Accept "accept.lua"
    Alert "alert.lua"
    Bury "bury.lua"
    Claim "claim.lua"
    Declare "declare.lua"
    Delay "delay.lua"
    Discard "discard.lua"
    Done "done.lua"
    Due "due.lua"
    Erase "erase.lua"
    Extend "extend.lua"
    HandBack "hand_back.lua"
    Lease "lease.lua"
    Open "open.lua"
    Pause "pause.lua"
    Promote "promote.lua"
    Release "release.lua"
    Remove "remove.lua"
    Renew "renew.lua"
    Replay "replay.lua"
    Route "route.lua"
    Settle "settle.lua"
    Stats "stats.lua"
    Status "status.lua"
}

/// The layout of the keys. Another one is refused.
pub(super) const FORMAT: &str = "2";
/// Over how many hash slots the events are spread.
pub(super) const PARTITIONS: &str = "1";

/// A call with these keys; its arguments are to be added.
pub(super) fn call(verb: Verb, keys: &[&[u8]]) -> Cmd {
    let mut command = redis::cmd("EVALSHA");
    command
        .arg(SCRIPTS[verb as usize].1.get_hash())
        .arg(keys.len());
    for key in keys {
        command.arg(*key);
    }
    command
}

/// The commands that make the server know every script.
pub(super) fn load() -> redis::Pipeline {
    let mut pipeline = redis::pipe();
    for (text, _) in SCRIPTS.iter() {
        pipeline.cmd("SCRIPT").arg("LOAD").arg(*text);
    }
    pipeline
}

/// The arguments of a command, its name included.
pub(super) fn arguments(command: &Cmd) -> impl Iterator<Item = &[u8]> {
    command.args_iter().map(|argument| match argument {
        redis::Arg::Simple(bytes) => bytes,
        _ => b"",
    })
}

/// The same call with the script's text instead of its hash; `None` if it calls no script.
pub(super) fn in_full(call: &Cmd) -> Option<Cmd> {
    let mut arguments = arguments(call);
    let (_, hash) = (arguments.next()?, arguments.next()?);
    let mut known = SCRIPTS.iter();
    let (text, _) = known.find(|(_, script)| script.get_hash().as_bytes() == hash)?;
    let mut command = redis::cmd("EVAL");
    command.arg(*text);
    for argument in arguments {
        command.arg(argument);
    }
    Some(command)
}

/// 128 random bits in hex; the process' address space and the time where the system has none to
/// give, which still differ from one process to the next.
pub(super) fn random_name() -> String {
    use std::hash::{BuildHasher, RandomState};
    let mut bytes = [0_u8; 16];
    if getrandom::fill(&mut bytes).is_err() {
        let (a, b) = (
            RandomState::new().hash_one(0),
            RandomState::new().hash_one(1),
        );
        bytes[..8].copy_from_slice(&a.to_le_bytes());
        bytes[8..].copy_from_slice(&b.to_le_bytes());
    }
    data_encoding::HEXLOWER.encode(&bytes)
}
