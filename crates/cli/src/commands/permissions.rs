//! `lambda-with permissions`.

use std::process::ExitCode;

use lambda_with::policy::Policy;
use lambda_with::{Arn, Principal, Statement};

use super::granted;
use crate::args::{PermissionFormat, Permissions};
use crate::config::{Config, Defined};
use crate::needs::{Needs, Policies, managed, managed_arn, role_name};
use crate::output::Output;
use crate::shell;

pub(super) fn run(args: &Permissions, config: &Config, output: Output) -> anyhow::Result<ExitCode> {
    let functions = match &args.function {
        Some(name) => vec![config.function(Some(name))?],
        None => config.functions.iter().collect(),
    };
    let needs = functions
        .iter()
        .map(|defined| (*defined, Needs::of(defined)));
    if !args.granted.is_empty() {
        return granted::run(&args.granted, &needs.collect::<Vec<_>>(), output);
    }
    let text = match args.format {
        PermissionFormat::Json => {
            let all: Vec<Policies> = needs
                .map(|(defined, needs)| needs.policies(defined))
                .collect();
            format!("{}\n", serde_json::to_string_pretty(&all)?)
        }
        PermissionFormat::Cli => {
            let calls: Vec<Vec<String>> = needs
                .flat_map(|(defined, needs)| calls(defined, &needs))
                .collect();
            if output.is_json() {
                format!("{}\n", serde_json::to_string_pretty(&calls)?)
            } else {
                calls.iter().map(|call| line(call)).collect()
            }
        }
    };
    if text.contains("${") {
        output.note(
            "note: `${…}` stands for the id of a resource that `lambda-with export` creates; \
             name an existing one in the connection (api_id) to have it in full",
        );
    }
    output.text(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// One call as a line of a shell script: a comment where it names what does not exist yet, because a
/// shell that is fed with it would grant something to nobody.
fn line(call: &[String]) -> String {
    let later = call.iter().any(|word| word.contains("${"));
    format!("{}{}\n", if later { "# " } else { "" }, shell::line(call))
}

/// The calls of the AWS CLI that grant it all.
fn calls(defined: &Defined, needs: &Needs) -> Vec<Vec<String>> {
    let mut calls: Vec<Vec<String>> = needs
        .statements
        .iter()
        .map(|statement| add_permission(defined, statement))
        .collect();
    if let Some(policy) = needs.role_policy() {
        let role = match &defined.function.role {
            Some(arn) => role_name(arn).to_owned(),
            None => {
                let role = format!("{}-role", defined.function.name());
                calls.push(create_role(&role, &needs.trust()));
                for name in managed(defined) {
                    let arn = managed_arn(defined.function.partition(), name);
                    calls.push(aws(
                        "iam attach-role-policy",
                        &[("role-name", &role), ("policy-arn", &arn)],
                    ));
                }
                role
            }
        };
        calls.push(put_role_policy(&role, "connections", &policy));
    }
    for (connection, caller) in &needs.callers {
        let policy = Policy::of_role(&caller.allows);
        let (role, name) = match &caller.role {
            Some(arn) => (role_name(arn).to_owned(), connection.as_str()),
            None => {
                let role = format!("{}-{connection}", defined.function.name());
                calls.push(create_role(&role, &Policy::trust(caller)));
                (role, "invoke")
            }
        };
        calls.push(put_role_policy(&role, name, &policy));
    }
    calls
}

fn add_permission(defined: &Defined, statement: &Statement) -> Vec<String> {
    let function = &defined.function;
    let principal = match &statement.principal {
        Principal::Service(name) | Principal::Aws(name) => name.as_str(),
        _ => "*",
    };
    let mut options = vec![("function-name", function.name())];
    options.extend(
        function
            .qualifier()
            .map(|qualifier| ("qualifier", qualifier)),
    );
    options.extend([
        ("region", function.region()),
        ("statement-id", &statement.sid),
        ("action", statement.action),
        ("principal", principal),
    ]);
    let optional = [
        ("source-arn", statement.source_arn.as_ref().map(Arn::as_str)),
        ("source-account", statement.source_account.as_deref()),
        ("principal-org-id", statement.principal_org_id.as_deref()),
        (
            "event-source-token",
            statement.event_source_token.as_deref(),
        ),
    ];
    options.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let auth = statement
        .function_url_auth_type
        .and_then(|auth| serde_json::to_value(auth).ok());
    if let Some(auth) = auth.as_ref().and_then(|auth| auth.as_str()) {
        options.push(("function-url-auth-type", auth));
    }
    let mut call = aws("lambda add-permission", &options);
    if statement.invoked_via_function_url == Some(true) {
        call.push("--invoked-via-function-url".to_owned());
    }
    call
}

fn create_role(role: &str, trust: &Policy) -> Vec<String> {
    let document = trust.to_json();
    aws(
        "iam create-role",
        &[
            ("role-name", role),
            ("assume-role-policy-document", &document),
        ],
    )
}

fn put_role_policy(role: &str, name: &str, policy: &Policy) -> Vec<String> {
    let document = policy.to_json();
    aws(
        "iam put-role-policy",
        &[
            ("role-name", role),
            ("policy-name", name),
            ("policy-document", &document),
        ],
    )
}

fn aws(command: &str, options: &[(&str, &str)]) -> Vec<String> {
    let mut words: Vec<String> = std::iter::once("aws")
        .chain(command.split(' '))
        .map(str::to_owned)
        .collect();
    for (name, value) in options {
        words.push(format!("--{name}"));
        words.push((*value).to_owned());
    }
    words
}
