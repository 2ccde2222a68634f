//! Results on standard output, as text or JSON, with colour on a terminal.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::args::{Format, Global};

/// How this run prints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    colour: bool,
    colour_errors: bool,
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tone {
    Bold,
    Dim,
    Good,
    Warning,
    Bad,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        let wanted = !global.no_color
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self {
            format: global.output,
            colour: wanted && io::stdout().is_terminal(),
            colour_errors: wanted && io::stderr().is_terminal(),
        }
    }

    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Prints a value as JSON.
    pub(crate) fn json<T: Serialize + ?Sized>(self, value: &T) -> anyhow::Result<()> {
        let mut text = serde_json::to_string_pretty(value)?;
        text.push('\n');
        self.text(&text)
    }

    /// Prints text as it is.
    pub(crate) fn text(self, text: &str) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()?;
        Ok(())
    }

    /// Says on standard error what is going on. It is no result, so nobody minds if it cannot be.
    pub(crate) fn note(self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    pub(crate) fn error(self, text: &str) {
        self.note(&format!(
            "{} {text}",
            paint(self.colour_errors, Tone::Bad, "error:")
        ));
    }

    /// Whether standard error takes colours.
    pub(crate) fn colours_errors(self) -> bool {
        self.colour_errors
    }

    /// Text for standard output in its colour.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        paint(self.colour, tone, text)
    }
}

fn paint(colour: bool, tone: Tone, text: &str) -> String {
    let code = match tone {
        Tone::Bold => "1",
        Tone::Dim => "2",
        Tone::Good => "32",
        Tone::Warning => "33",
        Tone::Bad => "1;31",
    };
    if colour {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// Rows as columns two blanks apart.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|c| c.chars().count())
                .max()
        })
        .map(Option::unwrap_or_default)
        .collect();
    let mut text = String::new();
    for row in rows {
        let line: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}
