//! One change to a delivery, or to what it is judged with.

use hookgate::provider::Provider;
use http::request::Parts;

use super::case::Case;

/// One change, which is made to see whether the signature matches then.
pub(super) struct Change {
    /// A name for scripts.
    pub(super) kind: &'static str,
    /// What is wrong, when it matches.
    pub(super) says: String,
    apply: Box<Applied>,
}

/// Makes the change; `None` where it changes nothing.
type Applied = dyn Fn(&Case) -> Option<Case>;

impl Change {
    pub(super) fn new(
        kind: &'static str,
        says: impl Into<String>,
        apply: impl Fn(&Case) -> Option<Case> + 'static,
    ) -> Self {
        Self {
            kind,
            says: says.into(),
            apply: Box::new(apply),
        }
    }

    /// A change of the body.
    pub(super) fn body(
        kind: &'static str,
        says: impl Into<String>,
        edit: impl Fn(&[u8]) -> Option<Vec<u8>> + 'static,
    ) -> Self {
        Self::new(kind, says, move |case| {
            let body = edit(&case.body).filter(|body| *body != case.body)?;
            let mut case = case.clone();
            case.body = body.into();
            Some(case)
        })
    }

    /// A change of the head.
    pub(super) fn head(kind: &'static str, says: impl Into<String>, parts: Parts) -> Self {
        Self::new(kind, says, move |case| {
            let mut case = case.clone();
            case.parts.clone_from(&parts);
            Some(case)
        })
    }

    /// Another row.
    pub(super) fn row(kind: &'static str, says: impl Into<String>, row: Provider) -> Self {
        Self::new(kind, says, move |case| {
            Some(case.reconfigured(|case| case.row = row))
        })
    }

    pub(super) fn apply(&self, case: &Case) -> Option<Case> {
        (self.apply)(case)
    }
}
