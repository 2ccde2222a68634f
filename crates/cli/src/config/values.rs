//! Values of the file; whatever is wrong with one is told at its place.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error as TomlError, ValueDeserializer};

use super::Source;
use crate::failure::Failure;
use crate::suggest;

/// A member of a table, and where it stands.
pub(super) type Member<'a> = (Spanned<String>, Spanned<DeValue<'a>>);

/// The members of a table, in the order of the file.
pub(super) fn entries<'a>(
    source: &Source,
    value: Spanned<DeValue<'a>>,
) -> Result<Vec<Member<'a>>, Failure> {
    let mut entries: Vec<_> = table(source, value)?
        .into_iter()
        .map(|(name, value)| (Spanned::new(name.span(), name.get_ref().to_string()), value))
        .collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    Ok(entries)
}

pub(super) fn table<'a>(
    source: &Source,
    value: Spanned<DeValue<'a>>,
) -> Result<DeTable<'a>, Failure> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Ok(table),
        other => Err(source.failure(
            span,
            format!("expected a table, found {}", other.type_str()),
        )),
    }
}

pub(super) fn value_of<T: DeserializeOwned>(
    source: &Source,
    value: Spanned<DeValue<'_>>,
) -> Result<T, Failure> {
    let span = value.span();
    T::deserialize(ValueDeserializer::from(value)).map_err(|error| at(source, &error, span))
}

/// An error of the parser or of serde, at its place; a misspelt name comes with the right one.
pub(super) fn at(source: &Source, error: &TomlError, otherwise: Range<usize>) -> Failure {
    let message = error.message();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let span = error.span().unwrap_or(otherwise);
    match quoted.as_slice() {
        [word, names @ ..] if message.starts_with("unknown ") => {
            let hint = suggest::hint(word, names.iter().copied());
            let what = message.split('`').next().unwrap_or_default();
            let failure = source.failure(span, format!("{what}`{word}`{hint}"));
            if names.is_empty() {
                failure
            } else {
                failure.fix(format!("one of: {}", names.join(", ")))
            }
        }
        _ => source.failure(span, plain(message.trim_end())),
    }
}

/// A message of serde without Rust's names for numbers.
fn plain(message: &str) -> String {
    [
        (
            "expected a nonzero u16",
            "expected a whole number from 1 to 65535",
        ),
        ("expected u8", "expected a whole number up to 255"),
        ("expected u16", "expected a whole number up to 65535"),
        ("expected u32", "expected a whole number"),
        ("expected u64", "expected a whole number"),
    ]
    .into_iter()
    .fold(message.to_owned(), |text, (rust, plain)| {
        match text.strip_suffix(rust) {
            Some(start) => format!("{start}{plain}"),
            None => text,
        }
    })
}
