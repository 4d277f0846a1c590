/// The form of the signature's text.
#[derive(Clone, Copy, Debug)]
pub enum Grammar {
    /// The signature alone.
    Bare,
    /// A fixed text, then the signature: `sha256=…`.
    Prefix(&'static str),
    /// The same, but the fixed text may be left out.
    OptionalPrefix(&'static str),
    /// `key=value` elements. Elements with the signature's key are candidates and may repeat;
    /// unknown keys are skipped; the time's key must be there exactly once.
    Pairs {
        /// Between two elements: a comma or a semicolon.
        separator: u8,
        /// The key of a signature.
        signature: &'static str,
    },
    /// Up to 4 lists of [`Grammar::Pairs`] with commas, a space between two. Each has its own time,
    /// and one that is not fresh is as good as absent.
    Groups {
        /// The key of a signature.
        signature: &'static str,
    },
    /// Elements without keys: the time, when the scheme has one in the signature, and then
    /// signatures.
    Positional {
        /// Between two elements.
        separator: u8,
    },
    /// Elements `version,signature` with a space between two. Other versions are skipped.
    SpaceList {
        /// The version that this scheme signs.
        version: &'static str,
    },
    /// Elements `key id|signature` with `&` between two.
    Labelled,
    /// A compact JSON Web Token (RFC 7515 section 3.1) after this text, which may be empty. Its
    /// header must name this algorithm.
    Jwt {
        /// What stands before it, e.g. `Bearer `.
        prefix: &'static str,
        /// The value of `alg`, e.g. `HS256`.
        alg: &'static str,
        /// The value that the claim `iss` must have; any when it is empty.
        issuer: &'static str,
    },
}
