//! Sessions and functions on the moto server.

use aws_sdk_lambda::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime};
use lambda_with::Function;
use lambda_with::policy::Policy;
use lambda_with_aws::Session;

use crate::server::{moto_endpoint, unique};

/// A session that reaches the server; every one has connections of its own.
#[must_use]
pub fn session() -> Session {
    session_at(moto_endpoint(), "eu-west-1")
}

/// A session that reaches this endpoint.
///
/// # Panics
///
/// When the session is refused.
#[must_use]
pub fn session_at(endpoint: &str, region: &str) -> Session {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .region(aws_config::Region::new(region.to_owned()));
    Session::new(config.build()).unwrap()
}

/// A function of a new name, with a role of its own.
///
/// # Panics
///
/// When the server does not make it.
pub async fn function(session: &Session, word: &str) -> Function {
    let name = unique(word);
    let role = session
        .iam()
        .create_role()
        .role_name(&name)
        .assume_role_policy_document(Policy::execution_trust([]).to_json());
    let role = role.send().await.unwrap().role.unwrap().arn;
    let code = FunctionCode::builder().zip_file(Blob::new("PK")).build();
    let request = session
        .lambda()
        .create_function()
        .function_name(&name)
        .role(role)
        .code(code)
        .runtime(Runtime::Providedal2023)
        .handler("bootstrap");
    let arn = request.send().await.unwrap().function_arn.unwrap();
    Function::new(arn.parse().unwrap()).unwrap()
}
