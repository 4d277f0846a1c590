//! W3C Trace Context: the header `traceparent`, <https://www.w3.org/TR/trace-context/>.

/// A `traceparent` that parses: 55 characters out of `[0-9a-f-]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TraceParent(Box<str>);

/// version "-" trace-id "-" parent-id "-" trace-flags
const LENGTHS: [usize; 4] = [2, 32, 16, 2];
const LENGTH: usize = 55;

impl TraceParent {
    /// Reads a header. Of a later version only what version 00 has is kept, as the standard asks.
    pub(crate) fn parse(header: &[u8]) -> Option<Self> {
        let (kept, rest) = header.split_at_checked(LENGTH)?;
        let kept = std::str::from_utf8(kept).ok()?;
        let is_field = |field: &str| {
            field
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        };
        let is_zero = |field: &str| field.bytes().all(|b| b == b'0');
        let fields: Vec<_> = kept.split('-').collect();
        let [version, trace, parent, _flags] = *fields.as_slice() else {
            return None;
        };
        let fits = fields.iter().map(|field| field.len()).eq(LENGTHS)
            && fields.iter().copied().all(is_field)
            && !is_zero(trace)
            && !is_zero(parent);
        let ends_well = match version {
            "00" => rest.is_empty(),
            "ff" => false,
            _ => matches!(rest, [] | [b'-', ..]),
        };
        (fits && ends_well).then(|| Self(kept.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_standard_allows_is_kept() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let parse = |text: &str| TraceParent::parse(text.as_bytes()).map(|kept| kept.0);
        assert_eq!(parse(good).as_deref(), Some(good));
        let later = good.replacen("00", "01", 1);
        assert_eq!(parse(&later), Some(later.as_str().into()));
        assert_eq!(parse(&format!("{later}-more")), Some(later.into()));
        for bad in [
            String::new(),
            good.to_uppercase(),
            format!("{good}-more"),
            format!("{good}0"),
            good.replacen("00", "ff", 1),
            good.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            good.replace("b7ad6b7169203331", &"0".repeat(16)),
            good.replace('-', "_"),
            good.replace("b7ad", "b-ad"),
            good.replace('7', "\u{e9}"),
        ] {
            assert_eq!(parse(&bad), None, "{bad}");
        }
    }
}
