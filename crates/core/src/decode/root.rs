//! Root types under plain serde.

use std::any::type_name;

use serde::de::{DeserializeOwned, Deserializer, Error};

use super::decode_text;
use crate::leaf::token::Token;

/// Reads the root type of a document. Generated code calls it; `straight` is the type's own reading.
///
/// serde_json hands the document over as one piece of text, which is then read as
/// [`decode`](crate::decode()) reads it. Every other deserializer goes straight to the members.
///
/// # Errors
///
/// Those of `decode`, with path and place in the message; those of `straight` elsewhere.
pub fn root<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    deserializer: D,
    straight: impl FnOnce(D) -> Result<T, D::Error>,
) -> Result<T, D::Error> {
    if !reads_text::<D>() {
        return straight(deserializer);
    }
    use serde::Deserialize;
    let json = Token::deserialize(deserializer)?.into_json();
    decode_text(json.buffer()).map_err(D::Error::custom)
}

/// Whether this is serde_json's deserializer of text, alone or as `lambda_runtime` wraps it. Were
/// the names to change, documents would be read straight: slower, and still right.
fn reads_text<D>() -> bool {
    let name = type_name::<D>();
    name.strip_prefix("serde_path_to_error::de::Deserializer<")
        .unwrap_or(name)
        .trim_start_matches("'_, ")
        .trim_start_matches("&mut ")
        .starts_with("serde_json::de::Deserializer<")
}
