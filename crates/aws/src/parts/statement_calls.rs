//! The calls about a function's resource-based policy.

use lambda_with::policy::Policy;
use lambda_with::{Error, ErrorKind, Function, FunctionUrlAuthType, Principal, Statement};

use super::remote::unqualified;
use super::statements::Statements;
use crate::error::{failed, if_there};
use crate::session::Session;

/// The policy of a function, version or alias, with its revision. Nothing where there is none.
pub(crate) async fn policy(
    session: &Session,
    function: &Function,
) -> Result<Option<(Policy, Option<String>)>, Error> {
    let request = session
        .lambda()
        .get_policy()
        .function_name(unqualified(function))
        .set_qualifier(function.qualifier().map(str::to_owned));
    let answer = request.send().await;
    let answer = answer.map_err(|error| failed("GetPolicy", function.arn.as_str(), error));
    let Some(answer) = if_there(answer)? else {
        return Ok(None);
    };
    let policy = answer.policy().unwrap_or("{}").parse()?;
    Ok(Some((policy, answer.revision_id)))
}

impl Statements {
    pub(super) async fn add(
        &self,
        statement: &Statement,
        revision: Option<String>,
    ) -> Result<(), Error> {
        let principal = match &statement.principal {
            Principal::Service(name) | Principal::Aws(name) => name.as_str(),
            _ => "*",
        };
        let auth_type = statement
            .function_url_auth_type
            .map(|auth_type| match auth_type {
                FunctionUrlAuthType::AwsIam => "AWS_IAM".into(),
                FunctionUrlAuthType::None => "NONE".into(),
            });
        let request = self
            .session
            .lambda()
            .add_permission()
            .function_name(unqualified(&self.function))
            .set_qualifier(self.function.qualifier().map(str::to_owned))
            .statement_id(&statement.sid)
            .action(statement.action)
            .principal(principal)
            .set_source_arn(statement.source_arn.as_ref().map(ToString::to_string))
            .set_source_account(statement.source_account.clone())
            .set_principal_org_id(statement.principal_org_id.clone())
            .set_event_source_token(statement.event_source_token.clone())
            .set_function_url_auth_type(auth_type)
            .set_invoked_via_function_url(statement.invoked_via_function_url)
            .set_revision_id(revision);
        let answer = request.send().await;
        answer.map_err(|error| failed("AddPermission", self.what(&statement.sid), error))?;
        Ok(())
    }

    pub(super) async fn remove(&self, sid: &str, revision: Option<String>) -> Result<(), Error> {
        let request = self
            .session
            .lambda()
            .remove_permission()
            .function_name(unqualified(&self.function))
            .set_qualifier(self.function.qualifier().map(str::to_owned))
            .statement_id(sid)
            .set_revision_id(revision);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let error = failed("RemovePermission", self.what(sid), error);
                if error.kind() == ErrorKind::NotFound {
                    Ok(())
                } else {
                    Err(error)
                }
            }
        }
    }
}
