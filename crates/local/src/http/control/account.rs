//! `GetAccountSettings`.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html>.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::json;

use super::functions::code_sizes;
use super::{ok, unknown};
use crate::local::Handle;
use crate::refusal::Refusal;

/// The bytes of code an account may have, a function unpacked, and one in an upload.
const TOTAL_CODE_SIZE: u64 = 80_530_636_800;
const CODE_SIZE_UNZIPPED: u64 = 262_144_000;
const CODE_SIZE_ZIPPED: u64 = 52_428_800;

pub(super) fn answer(handle: &Handle, method: &Method) -> Result<Response<Bytes>, Refusal> {
    if *method != Method::GET {
        return Err(unknown());
    }
    let (limit, unreserved) = {
        let account = handle.engine.concurrency.lock();
        (account.limit(), account.unreserved())
    };
    let functions: Vec<_> = handle.functions().collect();
    let size: u64 = functions.iter().map(|of| code_sizes(&of.function)).sum();
    Ok(ok(&json!({
        "AccountLimit": {
            "TotalCodeSize": TOTAL_CODE_SIZE,
            "CodeSizeUnzipped": CODE_SIZE_UNZIPPED,
            "CodeSizeZipped": CODE_SIZE_ZIPPED,
            "ConcurrentExecutions": limit,
            "UnreservedConcurrentExecutions": unreserved,
        },
        "AccountUsage": { "TotalCodeSize": size, "FunctionCount": functions.len() },
    })))
}
