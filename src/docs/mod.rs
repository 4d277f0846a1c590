//! Guides: longer texts than fit beside an item.
//!
//! | you are about to | read |
//! | --- | --- |
//! | begin | [`choose_a_mode`] |
//! | trust it with money | [`delivery`], [`threats`] |
//! | write state in a handler | [`order_of_events`] |
//! | replace code of your own | [`moving`] |
//! | run it on Redis | [`redis_in_production`] |
//! | put a load balancer in front | [`behind_a_proxy`] |
//! | change a secret, or lose one | [`rotation`] |
//! | serve many customers | [`many_tenants`] |
//! | receive from a sender | [`providers`], [`add_a_provider`] |

/// Four ways to use the crate, three stores, and which to take.
#[cfg(any(not(doctest), feature = "axum"))]
#[doc = include_str!("choose_a_mode.md")]
pub mod choose_a_mode {}

/// What a 2xx stands for, and what is left when something dies.
#[doc = include_str!("delivery.md")]
pub mod delivery {}

/// Why events come in any order, and how to write the right state all the same.
#[cfg(any(not(doctest), feature = "test-util"))]
#[doc = include_str!("order_of_events.md")]
pub mod order_of_events {}

/// Replacing a receiver of your own, step by step, with both running side by side.
#[cfg(any(not(doctest), feature = "test-util"))]
#[doc = include_str!("moving.md")]
pub mod moving {}

/// What to set, what to give it, what to watch, and what happens when it fails.
#[cfg(any(not(doctest), feature = "redis"))]
#[doc = include_str!("redis_in_production.md")]
pub mod redis_in_production {}

/// What a proxy must leave alone, and what has to be said about it.
#[cfg(any(not(doctest), feature = "allowlist"))]
#[doc = include_str!("behind_a_proxy.md")]
pub mod behind_a_proxy {}

/// Changing secrets without a refused delivery, and what to do when one has leaked.
#[cfg(any(not(doctest), feature = "test-util"))]
#[doc = include_str!("rotation.md")]
pub mod rotation {}

/// One route for many customers, each with a secret of its own.
#[cfg(any(not(doctest), feature = "test-util"))]
#[doc = include_str!("many_tenants.md")]
pub mod many_tenants {}

/// Who may attack, how, what stands against it, and what does not.
#[cfg(any(not(doctest), feature = "test-util"))]
#[doc = include_str!("threats.md")]
pub mod threats {}

/// Every preset: what is signed, what identifies an event, how the sender behaves, and the sources.
#[doc = include_str!("providers.md")]
pub mod providers {}

/// How to write a row for a sender that has none.
#[cfg(any(not(doctest), feature = "test-util"))]
#[doc = include_str!("add_a_provider.md")]
pub mod add_a_provider {}
