//! Signed deliveries of any preset: what `send` and `sign` have in common.

mod args;
mod maker;
mod payload;

pub(crate) use self::{
    args::{MakeArgs, Url},
    maker::{Made, Maker},
};
