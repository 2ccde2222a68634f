//! `[[functions.NAME.with]]`: which service, which kind, and its settings.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::values::{at, table, value_of};
use super::{Connected, Place, Source};
use crate::failure::Failure;
use crate::{services, suggest};

/// The connections of one function.
pub(super) fn with(
    source: &Source,
    value: Spanned<DeValue<'_>>,
) -> Result<Vec<Connected>, Failure> {
    let span = value.span();
    let DeValue::Array(items) = value.into_inner() else {
        return Err(source
            .failure(span, "`with` is a list of tables")
            .fix("begin each connection with [[functions.NAME.with]]"));
    };
    items
        .into_iter()
        .map(|item| connected(source, item))
        .collect()
}

fn connected(source: &Source, value: Spanned<DeValue<'_>>) -> Result<Connected, Failure> {
    let span = value.span();
    let mut place = Place {
        line: source.line(span.start),
        fields: Vec::new(),
    };
    let mut members: Vec<_> = table(source, value)?.into_iter().collect();
    let mut take = |wanted: &str| -> Result<Option<Spanned<String>>, Failure> {
        let Some(index) = members
            .iter()
            .position(|(name, _)| name.get_ref() == wanted)
        else {
            return Ok(None);
        };
        let (name, value) = members.swap_remove(index);
        place
            .fields
            .push((wanted.to_owned(), source.line(name.span().start)));
        let span = value.span();
        value_of(source, value).map(|word| Some(Spanned::new(span, word)))
    };
    let listed = |names: &[&str]| names.join(", ");
    let ids: Vec<&str> = services::SERVICES
        .iter()
        .map(|entry| entry.service.id)
        .collect();
    let Some(id) = take("service")? else {
        return Err(source
            .failure(span, "the connection names no `service`")
            .fix(format!("service = one of: {}", listed(&ids))));
    };
    let Some(entry) = services::find(id.get_ref()) else {
        return Err(source
            .failure(id.span(), services::unknown(id.get_ref()))
            .fix(format!("one of: {}", listed(&ids))));
    };
    let kind = match entry.key {
        None => &entry.kinds[0],
        Some(key) => {
            let words: Vec<&str> = entry.kinds.iter().map(|kind| kind.word).collect();
            let fix = format!("{key} = one of: {}", listed(&words));
            let Some(word) = take(key)? else {
                let message = format!("a connection with {} needs `{key}`", entry.service.id);
                return Err(source.failure(id.span(), message).fix(fix));
            };
            let found = entry.kinds.iter().find(|kind| kind.word == word.get_ref());
            found.ok_or_else(|| {
                let hint = suggest::hint(word.get_ref(), words.iter().copied());
                let message = format!("there is no {key} `{}`{hint}", word.get_ref());
                source.failure(word.span(), message).fix(fix)
            })?
        }
    };
    let sample = take("sample")?.map(|file| file.into_inner().into());
    let mut rest = DeTable::new();
    for (name, value) in members {
        place
            .fields
            .push((name.get_ref().to_string(), source.line(name.span().start)));
        rest.insert(name, value);
    }
    let value = Spanned::new(span.clone(), DeValue::Table(rest));
    let connection = (kind.read)(value.into()).map_err(|error| {
        let failure = at(source, &error, span);
        match error.message().starts_with("missing field") {
            true => failure.fix(format!(
                "`lambda-with show {}` lists the settings",
                entry.service.id
            )),
            false => failure,
        }
    })?;
    Ok(Connected {
        place,
        sample,
        #[cfg(feature = "aws")]
        kind,
        connection,
    })
}
