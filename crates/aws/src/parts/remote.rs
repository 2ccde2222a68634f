//! The function as it stands.

use lambda_with::{Arn, Error, ErrorKind, Function};
use serde_json::Value;

use crate::plan::Goal;
use crate::raw::Exchange;
use crate::session::Session;

/// The function's configuration, with members the SDK does not know. Nothing when disconnecting
/// from a function that is gone: its policy went with it, its mappings did not.
pub(crate) async fn read(
    session: &Session,
    function: &Function,
    goal: Goal,
) -> Result<Option<Value>, Error> {
    let exchange = Exchange::new();
    let request = session
        .lambda()
        .get_function_configuration()
        .function_name(unqualified(function))
        .set_qualifier(function.qualifier().map(str::to_owned));
    let sent = request.customize().interceptor(exchange.clone()).send();
    let thing = function.arn.as_str();
    let answer = exchange.document("GetFunctionConfiguration", thing, sent.await);
    match (answer, goal) {
        (Ok(answer), _) => Ok(Some(answer)),
        (Err(error), _) if error.kind() != ErrorKind::NotFound => Err(error),
        (Err(_), Goal::Disconnect) => Ok(None),
        (Err(error), Goal::Connect) => Err(missing(session, function, error).await),
    }
}

/// The role the function runs as.
pub(crate) fn role(configuration: &Value) -> Option<Arn> {
    configuration["Role"].as_str()?.parse().ok()
}

/// The function's ARN without version or alias.
pub(crate) fn unqualified(function: &Function) -> String {
    let arn = function.arn.as_str();
    match function.qualifier() {
        Some(qualifier) => arn[..arn.len() - qualifier.len() - 1].to_owned(),
        None => arn.to_owned(),
    }
}

/// Says whether the function is missing, or the credentials are another account's.
async fn missing(session: &Session, function: &Function, error: Error) -> Error {
    let fix = match session.account().await {
        Ok(account) if account != function.account() => format!(
            "the credentials are those of account {account}: pass the profile of {}",
            function.account()
        ),
        _ => "create the function first, or correct its name and Region".into(),
    };
    let what = format!(
        "the function `{}` does not exist in {}",
        function.arn,
        function.region()
    );
    Error::new(ErrorKind::NotFound, what)
        .with(
            "code",
            error.context("code").unwrap_or("ResourceNotFoundException"),
        )
        .with("fix", fix)
        .caused_by(error)
}
