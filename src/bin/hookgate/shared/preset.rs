//! Presets by the name that was typed.

use hookgate::provider::{self, Provider};

use crate::exit::Trouble;

/// How alike two names must be for one to be taken for the other, from 0 to 1.
const ALIKE: f64 = 0.75;

/// Names that are offered.
const OFFERED: usize = 5;

/// The preset with this slug. The trouble names those that may have been meant.
pub(crate) fn named(slug: &str) -> Result<Provider, Trouble> {
    provider::by_slug(slug).copied().ok_or_else(|| {
        let near = near(slug);
        let offer = match near.is_empty() {
            true => "`hookgate providers` lists all".to_owned(),
            false => format!("near: {}", near.join(", ")),
        };
        Trouble::usage(format!("there is no preset named {slug:?}; {offer}"))
    })
}

/// Slugs that look like this one or have it as a word, the nearest first.
fn near(slug: &str) -> Vec<&'static str> {
    let wanted = slug.to_ascii_lowercase().replace(['_', ' '], "-");
    let likeness = |row: &Provider| {
        let is_word = row.slug.split('-').any(|word| word == wanted);
        let is_part = wanted.len() > 2 && row.slug.contains(&wanted);
        match (is_word, is_part) {
            (true, _) => 2.0,
            (_, true) => 1.5,
            _ => strsim::jaro_winkler(&wanted, row.slug),
        }
    };
    let scored = provider::ALL.iter().map(|row| (likeness(row), row.slug));
    let mut near: Vec<_> = scored.filter(|(score, _)| *score >= ALIKE).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter()
        .take(OFFERED)
        .map(|(_, slug)| slug)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn slips_and_parts_of_names_find_their_preset() {
        assert_eq!(near("strpe").first(), Some(&"stripe"));
        assert_eq!(near("GitHub").first(), Some(&"github"));
        assert_eq!(
            near("standard_webhooks").first(),
            Some(&"standard-webhooks")
        );
        assert!(near("twilio").contains(&"twilio-form"));
        assert!(near("hubspot").len() >= 3);
        assert!(near("qqqqqq").is_empty());
    }
}
