//! `PublishVersion` and `ListVersionsByFunction`.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html>.

use bytes::Bytes;
use http::{Method, Response};
use serde::Deserialize;
use serde_json::json;

use super::functions::{PAGE, current, versions};
use super::{check_revision, created, keep, ok, page, parse, unknown, whole};
use crate::http::call::Call;
use crate::local::Handle;
use crate::refusal::Refusal;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Publish {
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

pub(super) fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    name: &str,
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    let function = whole(handle, call, name, None)?;
    match *method {
        Method::GET => {
            let (versions, next) = page(call, versions(&function.function), PAGE);
            let mut answer = json!({ "Versions": versions });
            if let Some(next) = next {
                answer["NextMarker"] = json!(next);
            }
            Ok(ok(&answer))
        }
        Method::POST => {
            let asked: Publish = parse(body)?;
            let versions = &function.function.versions;
            let revision = versions.lock().revision.clone();
            check_revision(asked.revision_id.as_deref(), &revision)?;
            if let Some(wanted) = asked.code_sha256.filter(|hash| !hash.is_empty()) {
                let own = versions
                    .code_sha256()
                    .map_err(|error| Refusal::from(&error))?;
                if wanted != own {
                    return Err(Refusal::parameter(format!(
                        "CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({own}). Please try again with the CodeSHA256 in $LATEST."
                    )));
                }
            }
            if let Some(description) = asked
                .description
                .as_deref()
                .filter(|text| text.chars().count() > 256)
            {
                let constraint = "length less than or equal to 256";
                return Err(Refusal::validation("description", description, constraint));
            }
            let description = asked.description.filter(|text| !text.is_empty());
            let number = versions
                .publish(description)
                .map_err(|error| Refusal::from(&error))?;
            keep(&function)?;
            let shown = current(&function.function, Some(&number.to_string()));
            Ok(created(&shown))
        }
        _ => Err(unknown()),
    }
}
