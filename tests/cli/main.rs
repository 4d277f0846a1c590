//! The program, run as people run it: real processes, real sockets, real curl.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test fails by panicking.

mod explains;
mod listens;
mod program;
mod readme;
mod sends;
mod server;
mod signs;
#[path = "../support/mod.rs"]
mod support;
