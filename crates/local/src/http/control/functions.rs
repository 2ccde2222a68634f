//! `GetFunction`, `ListFunctions`, `UpdateFunctionConfiguration`, and `DeleteFunction` of a version.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Response};
use lambda_with::{Arn, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{check_revision, empty, keep, known, ok, page, parse, unknown, variables, whole};
use crate::function::version::Settings;
use crate::function::versions::{Published, number};
use crate::function::{Function, LATEST};
use crate::http::call::Call;
use crate::local::Handle;
use crate::options::Run;
use crate::refusal::Refusal;

/// The most functions or versions of one page.
pub(super) const PAGE: usize = 50;

/// What of a function's configuration can be changed here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    dead_letter_config: Option<DeadLetterConfig>,
    description: Option<String>,
    environment: Option<Environment>,
    memory_size: Option<i64>,
    revision_id: Option<String>,
    role: Option<Arn>,
    timeout: Option<i64>,
    vpc_config: Option<VpcConfig>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeadLetterConfig {
    target_arn: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct VpcConfig {
    #[serde(default)]
    subnet_ids: Vec<String>,
    #[serde(default)]
    security_group_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

pub(super) fn answer(
    handle: &Handle,
    call: &Call,
    method: &Method,
    name: Option<&str>,
    rest: &[&str],
    body: &[u8],
) -> Result<Response<Bytes>, Refusal> {
    match (method, name, rest) {
        (&Method::GET, None, []) => list(handle, call),
        (&Method::GET, Some(name), []) => {
            let function = known(handle, call, name)?;
            let configuration = current(&function.function, function.qualifier.as_deref());
            let mut answer = json!({ "Configuration": configuration, "Tags": {} });
            if let Some(reserved) = function.function.reserved() {
                answer["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
            }
            Ok(ok(&answer))
        }
        (&Method::GET, Some(name), ["configuration"]) => {
            let function = known(handle, call, name)?;
            Ok(ok(&current(
                &function.function,
                function.qualifier.as_deref(),
            )))
        }
        (&Method::PUT, Some(name), ["configuration"]) => update(handle, call, name, parse(body)?),
        (&Method::DELETE, Some(name), []) => delete(handle, call, name),
        _ => Err(unknown()),
    }
}

fn list(handle: &Handle, call: &Call) -> Result<Response<Bytes>, Refusal> {
    let mut all = Vec::new();
    for function in handle.functions() {
        match call.parameter("FunctionVersion") {
            None => all.push(brief(current(&function.function, None))),
            Some("ALL") => all.extend(versions(&function.function)),
            Some(other) => {
                let allowed = "enum value set: [ALL]";
                return Err(Refusal::validation("functionVersion", other, allowed));
            }
        }
    }
    let (functions, next) = page(call, all, PAGE);
    let mut answer = json!({ "Functions": functions });
    if let Some(next) = next {
        answer["NextMarker"] = json!(next);
    }
    Ok(ok(&answer))
}

fn update(
    handle: &Handle,
    call: &Call,
    name: &str,
    asked: Update,
) -> Result<Response<Bytes>, Refusal> {
    let function = whole(handle, call, name, None)?.function;
    check_revision(
        asked.revision_id.as_deref(),
        &function.versions.lock().revision.clone(),
    )?;
    if let Some(other) = asked.others.keys().next() {
        return Err(Refusal::parameter(format!(
            "the local engine cannot change `{other}`: change it where the function is defined"
        )));
    }
    let between = |member: &str, value: Option<i64>, least: u32, most: u32| {
        let refuse = |value: i64, bound: String| {
            let constraint = format!("value {bound}");
            Err(Refusal::validation(member, &value.to_string(), &constraint))
        };
        match value.map(|value| (value, u32::try_from(value))) {
            None => Ok(None),
            Some((_, Ok(value))) if (least..=most).contains(&value) => Ok(Some(value)),
            Some((value, _)) if value < i64::from(least) => {
                refuse(value, format!("greater than or equal to {least}"))
            }
            Some((value, _)) => refuse(value, format!("less than or equal to {most}")),
        }
    };
    let timeout = between("timeout", asked.timeout, 1, 900)?;
    let memory = between("memorySize", asked.memory_size, 128, 10_240)?;
    if let Some(Environment { variables }) = &asked.environment {
        variables::check(variables)?;
    }
    let dead_letter = asked.dead_letter_config.map(target).transpose()?;
    if let Some(VpcConfig {
        subnet_ids,
        security_group_ids,
    }) = &asked.vpc_config
        && subnet_ids.is_empty() != security_group_ids.is_empty()
    {
        return Err(Refusal::parameter(
            "SubnetIds and SecurityIds must coexist or be both empty list.",
        ));
    }
    let change = |settings: &mut Settings| {
        let definition = &mut settings.definition;
        definition.timeout = timeout.unwrap_or(definition.timeout);
        definition.memory = memory.unwrap_or(definition.memory);
        definition.role = asked.role.or(definition.role.take());
        if let Some(vpc) = asked.vpc_config {
            definition.subnets = vpc.subnet_ids;
            definition.security_groups = vpc.security_group_ids;
        }
        if let Some(description) = asked.description {
            settings.description = description;
        }
        if let Some(environment) = asked.environment {
            settings.environment = environment.variables.into_iter().collect();
        }
    };
    let changed = function.versions.update(change);
    changed.map_err(|error| Refusal::from(&error))?;
    if let Some(dead_letter) = dead_letter {
        function.set_dead_letter(dead_letter);
    }
    Ok(ok(&current(&function, None)))
}

/// The queue or topic that is named; nothing for none.
fn target(asked: DeadLetterConfig) -> Result<Option<Arn>, Refusal> {
    let Some(asked) = asked.target_arn.filter(|arn| !arn.is_empty()) else {
        return Ok(None);
    };
    let Ok(arn) = asked.parse::<Arn>() else {
        let constraint = r"regular expression pattern: (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()";
        return Err(Refusal::validation(
            "deadLetterConfig.targetArn",
            &asked,
            constraint,
        ));
    };
    match arn.service() {
        "sqs" | "sns" => Ok(Some(arn)),
        other => Err(Refusal::parameter(format!(
            "dead letters go to a queue or a topic, not to {other}: {asked}"
        ))),
    }
}

/// Removes a version. Functions are those of the engine's options.
fn delete(handle: &Handle, call: &Call, name: &str) -> Result<Response<Bytes>, Refusal> {
    let function = whole(handle, call, name, None);
    let qualifier = match &function {
        Ok(function) => function.qualifier.clone(),
        Err(_) => call.parameter("Qualifier").map(str::to_owned),
    };
    if qualifier.as_deref() == Some(LATEST) {
        return Err(Refusal::parameter(
            "$LATEST version cannot be deleted without deleting the function.",
        ));
    }
    let function = function?;
    let Some(qualifier) = qualifier else {
        return Err(unknown());
    };
    let Some(version) = number(&qualifier) else {
        return Err(Refusal::parameter(
            "Deletion of aliases is not currently supported.",
        ));
    };
    let removed = function.function.versions.remove(version);
    removed.map_err(|error| Refusal::from(&error))?;
    function.function.forget(&qualifier);
    keep(&function)?;
    Ok(empty())
}

/// All versions of a function, as lists show them.
pub(super) fn versions(function: &Function) -> Vec<Value> {
    let mut all = vec![brief(current(function, Some(LATEST)))];
    let published: Vec<Published> = function
        .versions
        .lock()
        .published
        .values()
        .cloned()
        .collect();
    for version in &published {
        let name = &version.version.name;
        all.push(brief(of_version(function, name, version)));
    }
    all
}

/// The bytes of the code of all versions of a function, as far as they can be read.
pub(super) fn code_sizes(function: &Function) -> u64 {
    let own = function.versions.code_size().unwrap_or_default();
    let state = function.versions.lock();
    let published = state.published.values();
    own + published
        .map(|version| version.facts.code_size)
        .sum::<u64>()
}

/// What a qualifier leads to, as `GetFunctionConfiguration` shows it; of an alias, the version that
/// gets what others do not.
pub(super) fn current(function: &Function, qualifier: Option<&str>) -> Value {
    let (version, latest, revision, modified) = {
        let state = function.versions.lock();
        let alias = qualifier.and_then(|qualifier| state.aliases.get(qualifier));
        let name = alias
            .map(|alias| alias.routing.version.as_str())
            .or(qualifier);
        let published = name.and_then(number);
        let published = published.and_then(|number| state.published.get(&number));
        (
            published.cloned(),
            state.latest.clone(),
            state.revision.clone(),
            state.modified,
        )
    };
    match (version, qualifier) {
        (Some(version), Some(qualifier)) => of_version(function, qualifier, &version),
        _ => {
            let mut shown = settings(function, qualifier, &latest.settings);
            shown["Description"] = json!(latest.settings.description);
            shown["Version"] = json!(LATEST);
            // There is none while the code is being built, and of a folder no package can hold.
            if let Ok(hash) = function.versions.code_sha256() {
                shown["CodeSha256"] = json!(hash);
                shown["CodeSize"] = json!(function.versions.code_size().unwrap_or_default());
            }
            shown["RevisionId"] = json!(revision);
            shown["LastModified"] = json!(date(modified));
            shown
        }
    }
}

fn of_version(function: &Function, qualifier: &str, version: &Published) -> Value {
    let mut shown = settings(function, Some(qualifier), &version.version.settings);
    let facts = &version.facts;
    shown["Description"] = json!(facts.description);
    shown["Version"] = json!(version.version.name);
    shown["CodeSha256"] = json!(facts.code_sha256);
    shown["CodeSize"] = json!(facts.code_size);
    shown["RevisionId"] = json!(facts.revision);
    shown["LastModified"] = json!(date(Timestamp::from_unix_millis(facts.modified)));
    shown
}

/// Settings as a configuration shows them, as far as the engine knows them.
fn settings(function: &Function, qualifier: Option<&str>, settings: &Settings) -> Value {
    let definition = &settings.definition;
    let variables: BTreeMap<_, _> = settings.environment.iter().cloned().collect();
    let format = variables.get("AWS_LAMBDA_LOG_FORMAT");
    let mut shown = json!({
        "FunctionName": definition.name(),
        "FunctionArn": function.arn(qualifier),
        "Timeout": definition.timeout,
        "MemorySize": definition.memory,
        "PackageType": "Zip",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "Architectures": [architecture()],
        "LoggingConfig": {
            "LogFormat": format.map_or("Text", String::as_str),
            "LogGroup": format!("/aws/lambda/{}", definition.name()),
        },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
    });
    if let Some(role) = &definition.role {
        shown["Role"] = json!(role);
    }
    if let Some(dead_letter) = function.dead_letter() {
        shown["DeadLetterConfig"] = json!({ "TargetArn": dead_letter });
    }
    if !definition.subnets.is_empty() {
        shown["VpcConfig"] = json!({
            "SubnetIds": definition.subnets,
            "SecurityGroupIds": definition.security_groups,
        });
    }
    if !variables.is_empty() && matches!(settings.run, Run::Command(_)) {
        shown["Environment"] = json!({ "Variables": variables });
    }
    shown
}

/// That of the machine, under Lambda's name.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    }
}

/// A configuration as lists show it: without states.
fn brief(mut configuration: Value) -> Value {
    if let Some(members) = configuration.as_object_mut() {
        members.remove("State");
        members.remove("LastUpdateStatus");
    }
    configuration
}

/// A time as configurations have it.
fn date(time: Timestamp) -> String {
    time.to_rfc3339_millis().replace('Z', "+0000")
}
