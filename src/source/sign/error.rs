use std::{error::Error, fmt};

use crate::error::ConfigError;

/// Why a delivery cannot be signed as its provider signs: mostly what its payload lacks.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SignError {
    /// The secrets do not fit the row.
    Config(ConfigError),
    /// A signed field of the payload, or of one of its items, is there twice, is no text, or holds
    /// what parts the signed texts.
    Field {
        /// Its JSON pointer; in a form, a slash and its name.
        path: &'static str,
    },
    /// A header has no value, or one that no header can hold.
    Header {
        /// Its name.
        name: String,
    },
    /// Each item of an array is signed, and the payload has no such array, or an empty one, or one
    /// whose items are not JSON objects.
    NoItems {
        /// The array's JSON pointer.
        path: &'static str,
    },
    /// The parameters of the payload are signed, and it is neither a form nor a JSON object that can
    /// be read in one way only.
    NoParameters,
    /// The fields of a form are signed, and the body is no form that can be read as UTF-8 texts.
    NotAForm,
    /// The signature is put into a JSON object, and the payload is none.
    NotAnObject {
        /// The JSON pointer at which the signature is put.
        path: &'static str,
    },
    /// A signed parameter of the query is there twice, or holds what parts the signed texts.
    Query {
        /// Its name.
        name: &'static str,
    },
    /// What was given for the request's path and query is not one.
    Target,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(why) => why.fmt(f),
            Self::Field { path } => write!(
                f,
                "the signed field {path:?} is there twice, is no text, or holds what parts the \
                 signed texts"
            ),
            Self::Header { name } => write!(
                f,
                "the header {name:?} has no value, or one that no header can hold"
            ),
            Self::NoItems { path } => write!(
                f,
                "the payload has no JSON objects in an array at {path:?}, each of which is signed"
            ),
            Self::NoParameters => f.write_str(
                "the payload is neither a form nor a JSON object, whose parameters are signed",
            ),
            Self::NotAForm => {
                f.write_str("the body is not a form of UTF-8 texts, which are signed")
            }
            Self::NotAnObject { path } => write!(
                f,
                "the payload is not a JSON object, into which the signature is put at {path:?}"
            ),
            Self::Query { name } => write!(
                f,
                "the signed query parameter {name:?} is there twice, or holds what parts the \
                 signed texts"
            ),
            Self::Target => f.write_str("the target is not a path and query"),
        }
    }
}

impl Error for SignError {}

impl From<ConfigError> for SignError {
    fn from(why: ConfigError) -> Self {
        Self::Config(why)
    }
}
