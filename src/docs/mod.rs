//! Guides: longer texts than fit beside an item.

/// What a 2xx stands for, and what is left when something dies.
#[doc = include_str!("delivery.md")]
pub mod delivery {}
