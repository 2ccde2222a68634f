//! The text of the file, and messages that point into it.

use std::fmt::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A file and where it came from.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    pub(crate) fn new(path: PathBuf, text: String) -> Self {
        Self { path, text }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The folder the file lies in.
    pub(crate) fn directory(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    /// The line of a byte, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())]
            .iter()
            .filter(|b| **b == b'\n')
            .count()
            + 1
    }

    /// A usage error with the line it is about and a caret under the place.
    pub(crate) fn failure(&self, span: Range<usize>, message: impl Into<String>) -> Failure {
        let mut text = message.into();
        let start = self.floor(span.start);
        let line_start = self.text[..start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let line_end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |end| start + end);
        let shown = self.text[line_start..line_end].trim_end_matches('\r');
        let number = self.line(start).to_string();
        let margin = " ".repeat(number.len());
        let before: String = self.text[line_start..start]
            .chars()
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let end = self
            .floor(span.end)
            .clamp(start, line_start + shown.len().max(start - line_start));
        let carets = "^".repeat(self.text[start..end].chars().count().max(1));
        let column = self.text[line_start..start].chars().count() + 1;
        let _ = write!(
            text,
            "\n{margin}--> {}:{number}:{column}\n{margin} |\n{number} | {shown}\n{margin} | {before}{carets}",
            self.path.display(),
        );
        Failure::usage(text)
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}
