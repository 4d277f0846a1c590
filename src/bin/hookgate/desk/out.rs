//! What is printed: tables for people, JSON for programs. Nothing in it moves a cursor.

use std::{
    fmt::Display,
    io::{ErrorKind, Write},
};

use console::{Alignment, pad_str, truncate_str};
use serde::Serialize;

use crate::{exit::Trouble, shared::out::inert};

/// A line on standard output.
pub(super) fn say(line: impl Display) -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    let said = writeln!(out, "{line}").and_then(|()| out.flush());
    said.map_err(|why| match why.kind() {
        // Whoever read it has seen enough.
        ErrorKind::BrokenPipe => Trouble::No,
        _ => Trouble::outside(format!("standard output: {why}")),
    })
}

/// A line of JSON, in which whatever a terminal might obey is escaped.
pub(super) fn say_json(value: &impl Serialize) -> Result<(), Trouble> {
    let text = serde_json::to_string(value).map_err(Trouble::outside)?;
    say(inert(&text))
}

/// Columns as wide as what is in them, up to a bound of each.
pub(super) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// A column.
pub(super) struct Column {
    head: &'static str,
    bound: usize,
    side: Alignment,
}

/// Of texts, cut at this many characters' width.
pub(super) const fn text(head: &'static str, bound: usize) -> Column {
    let side = Alignment::Left;
    Column { head, bound, side }
}

/// Of figures.
pub(super) const fn figure(head: &'static str) -> Column {
    let (bound, side) = (14, Alignment::Right);
    Column { head, bound, side }
}

impl Table {
    pub(super) fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            rows: Vec::new(),
        }
    }

    /// A cell a column, with nothing in it that a terminal obeys.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cut = |(cell, column): (String, &Column)| {
            let cell = cell.replace(char::is_control, " ");
            truncate_str(&cell, column.bound, "…").into_owned()
        };
        let cells = cells.into_iter().zip(&self.columns).map(cut).collect();
        self.rows.push(cells);
    }

    pub(super) fn say(mut self) -> Result<(), Trouble> {
        let heads = self.columns.iter().map(|column| column.head.to_owned());
        self.rows.insert(0, heads.collect());
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at));
            cells.map(|cell| console::measure_text_width(cell)).max()
        };
        let mut widths: Vec<_> = (0..self.columns.len()).filter_map(width).collect();
        if let Some((_, columns)) = console::Term::stdout().size_checked() {
            fit(&mut widths, columns.into());
        }
        for row in &self.rows {
            let cells = row.iter().zip(&self.columns).zip(&widths);
            let cells = cells.map(|((cell, column), width)| {
                pad_str(cell, *width, column.side, Some("…")).into_owned()
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            say(line.trim_end())?;
        }
        Ok(())
    }
}

/// Cuts the last column of a table to what a terminal has left, if that is anything to speak of.
fn fit(widths: &mut [usize], terminal: usize) {
    let Some((last, others)) = widths.split_last_mut() else {
        return;
    };
    let taken: usize = others.iter().map(|width| width + 2).sum();
    let left = terminal.saturating_sub(taken);
    if left >= LEAST {
        *last = left.min(*last);
    }
}

/// Of a last column: with less of it, lines that are longer than the terminal tell more.
const LEAST: usize = 40;

/// Names and values below each other.
pub(super) fn say_facts(facts: &[(&str, String)]) -> Result<(), Trouble> {
    let width = facts.iter().map(|(name, _)| name.len()).max();
    for (name, value) in facts {
        let name = pad_str(name, width.unwrap_or(0), Alignment::Left, None);
        say(format!("{name}  {value}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_and_moves_no_cursor() {
        let text = "\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\u{e0001} né 漢 🦀";
        let json = inert(&serde_json::to_string(text).unwrap_or_default());
        assert!(json.contains("né 漢 🦀"), "{json}");
        for bad in ['\u{1b}', '\u{9b}', '\u{7f}', '\u{202e}', '\u{e0001}'] {
            assert!(!json.contains(bad), "{json}");
        }
        let back: String = serde_json::from_str(&json).unwrap_or_default();
        assert_eq!(back, text);
    }

    #[test]
    fn the_last_column_takes_what_is_left() {
        for (terminal, last) in [(100, 50), (60, 48), (52, 40), (51, 50), (0, 50)] {
            let mut widths = [10, 50];
            fit(&mut widths, terminal);
            assert_eq!(widths, [10, last], "{terminal}");
        }
        fit(&mut [], 10);
    }

    #[test]
    fn cells_are_cut_by_their_width_and_hold_one_line() {
        let mut table = Table::new([text("A", 4)]);
        for (cell, cut) in [("abcd", "abcd"), ("abcde", "abc…"), ("漢字漢", "漢…")] {
            table.row([cell.to_owned()]);
            assert_eq!(table.rows.last().map(|row| &*row[0]), Some(cut));
        }
        table.row(["\u{1b}[2".to_owned()]);
        assert_eq!(table.rows[3], [" [2"]);
    }
}
