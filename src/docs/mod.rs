//! Guides: longer texts than fit beside an item.

/// What a 2xx stands for, and what is left when something dies.
#[doc = include_str!("delivery.md")]
pub mod delivery {}

/// Every preset: what is signed, what identifies an event, how the sender behaves, and the sources.
#[doc = include_str!("providers.md")]
pub mod providers {}

/// How to write a row for a sender that has none.
#[doc = include_str!("add_a_provider.md")]
pub mod add_a_provider {}

/// Why events come in any order, and how to write the right state all the same.
#[cfg(any(not(doctest), feature = "test-util"))]
#[doc = include_str!("order_of_events.md")]
pub mod order_of_events {}
