//! What is known of each preset: the page of the documentation, which is made from the rows.

use hookgate::provider::Provider;

const PAGE: &str = include_str!("../../../docs/providers.md");

/// The lines about a preset: `signed: HMAC-SHA256, …`, without what Markdown needs escaped.
pub(crate) fn of(row: &Provider) -> impl Iterator<Item = String> {
    let head = format!("\n## `{}`: ", row.slug);
    let at = PAGE.find(&head).map_or(PAGE.len(), |at| at + head.len());
    let section = PAGE.get(at..).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter_map(|line| line.strip_prefix("- "));
    lines.map(|line| line.replace("\\[", "[").replace("\\]", "]"))
}

/// What the row signs, where, and with what; older ways in lines of their own.
pub(crate) fn signed(row: &Provider) -> Vec<String> {
    let starts = ["signed: ", "or, in its absence: "];
    let is_one = |line: &String| starts.iter().any(|start| line.starts_with(start));
    let lines = of(row).filter(is_one);
    let plain = |line: String| line.trim_start_matches("signed: ").to_owned();
    lines.map(plain).collect()
}

#[cfg(test)]
mod tests {
    use hookgate::provider;

    #[test]
    fn every_preset_has_its_lines() {
        for row in provider::ALL {
            assert!(!super::signed(row).is_empty(), "{}", row.slug);
            let has = |what: &str| super::of(row).any(|line| line.starts_with(what));
            assert!(
                has("secret: ") && has("event id: ") && has("read: "),
                "{}",
                row.slug
            );
        }
        assert!(super::signed(&provider::STRIPE)[0].contains("stripe-signature"));
    }
}
