//! `PutFunctionRecursionConfig`, `GetFunctionRecursionConfig`.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>.

use std::sync::PoisonError;

use bytes::Bytes;
use http::{Method, Response};
use lambda_with::rules::recursion::RecursiveLoop;
use serde::Deserialize;
use serde_json::json;

use super::{known, ok, parse, unknown};
use crate::http::call::Call;
use crate::local::Handle;
use crate::refusal::Refusal;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Put {
    #[serde(default)]
    recursive_loop: String,
}

pub(super) fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    name: &str,
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    let function = known(handle, call, name)?.function;
    match *method {
        Method::GET => {}
        Method::PUT => {
            let Put { recursive_loop } = parse(body)?;
            let wanted = match recursive_loop.as_str() {
                "Terminate" => RecursiveLoop::Terminate,
                "Allow" => RecursiveLoop::Allow,
                other => {
                    let allowed = "enum value set: [Terminate, Allow]";
                    return Err(Refusal::validation("recursiveLoop", other, allowed));
                }
            };
            let mut kept = function
                .recursive_loop
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *kept = wanted;
        }
        _ => return Err(unknown()),
    }
    Ok(ok(&json!({ "RecursiveLoop": function.recursive_loop() })))
}
