//! What several commands need: presets by name, secrets, files, times, and what may be shown.

pub(crate) mod carrier;
pub(crate) mod facts;
pub(crate) mod input;
pub(crate) mod out;
pub(crate) mod preset;
pub(crate) mod secrets;
pub(crate) mod times;

pub(crate) use self::{out::Out, secrets::SecretArgs};
