//! What the receivers said, and what is stored in the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use hookgate::store::DedupKey;
use tokio::runtime::Runtime;

use super::{
    EVENTS,
    place::{self, Place},
    sender::Sender,
};

/// Every event handled by each handler, none accepted twice, nothing left over.
pub(crate) fn nothing_is_lost(sender: &Sender, lines: &[String], place: &Place) {
    let acknowledged = sender.acknowledged();
    assert_eq!(acknowledged.len(), EVENTS);
    let effects = effects(lines);
    let told: BTreeSet<_> = words(lines, "told").map(|[id]| id).collect();
    for id in &acknowledged {
        let handled = |handler: &str| effects.contains_key(&(handler.to_owned(), id.clone()));
        assert!(handled("sound"), "{id}");
        assert!(handled("flaky") != is_doomed(id), "{id}");
        assert!(told.contains(&**id) == is_doomed(id), "{id}");
    }
    let mut new = BTreeSet::new();
    for [id] in words(lines, "new") {
        assert!(new.insert(id), "{id} was accepted twice");
    }
    let store = place::open(&place.name());
    let keys = words(lines, "accepting").collect::<BTreeSet<[_; 2]>>();
    assert_eq!(keys.len(), EVENTS, "one key for each event");
    for [id, key] in keys {
        let jobs = block_on(store.status(parse(key)))
            .unwrap()
            .expect("remembered")
            .jobs;
        for (handler, state) in jobs {
            let dead = &*handler == "flaky" && is_doomed(id);
            let expected = if dead { "dead" } else { "done" };
            assert_eq!(state.name(), expected, "{id} for {handler}");
        }
    }
    let stats = block_on(store.stats()).unwrap();
    for handler in &stats.handlers {
        let left = handler.queued + handler.processing + handler.delayed;
        assert_eq!(left, 0, "{handler:?}");
    }
    assert_eq!(stats.handlers.iter().map(|h| h.dead).sum::<u64>(), 6);
}

pub(crate) fn is_doomed(id: &str) -> bool {
    id.ends_with('3')
}

/// How often each handler had its effect for each event.
pub(crate) fn effects(lines: &[String]) -> BTreeMap<(String, String), usize> {
    let mut effects = BTreeMap::new();
    for [handler, id, _] in words(lines, "ran") {
        *effects
            .entry((handler.to_owned(), id.to_owned()))
            .or_default() += 1;
    }
    effects
}

/// The words of the lines that begin with this one.
pub(crate) fn words<'a, const N: usize>(
    lines: &'a [String],
    first: &str,
) -> impl Iterator<Item = [&'a str; N]> {
    let of_these = lines
        .iter()
        .filter_map(move |line| line.strip_prefix(first)?.strip_prefix(' '));
    of_these.map(|rest| {
        let words: Vec<_> = rest.split(' ').collect();
        words.try_into().unwrap_or_else(|_| panic!("{rest:?}"))
    })
}

pub(crate) fn parse(key: &str) -> DedupKey {
    let byte = |i: usize| u8::from_str_radix(&key[2 * i..2 * i + 2], 16).unwrap();
    DedupKey(std::array::from_fn(byte))
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    // One for all: the connections of a store end with the runtime that made them.
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());
    RUNTIME.block_on(future)
}
