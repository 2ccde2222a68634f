//! From the text of the file to its functions and connections; every error knows its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use lambda_with::rules::recursion::RecursiveLoop;
use lambda_with::{Arn, Function};
use lambda_with_api_gateway::serve::FunctionUrl;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::connection::with;
use super::values::{at, entries, table, value_of};
use super::{
    Code, Config, DEFAULT_ACCOUNT, DEFAULT_REGION, Defined, Dev, Overrides, Place, Source,
};
use crate::failure::Failure;
use crate::suggest;

/// The members of `[functions.NAME]` beside `with`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FunctionTable {
    bin: Option<String>,
    command: Option<Words>,
    arn: Option<Arn>,
    role: Option<Arn>,
    timeout: Option<u32>,
    memory: Option<u32>,
    reserved_concurrency: Option<u32>,
    #[serde(default)]
    recursive_loop: RecursiveLoop,
    #[serde(default)]
    env: BTreeMap<String, String>,
    on_failure: Option<Arn>,
    on_success: Option<Arn>,
    maximum_retry_attempts: Option<u8>,
    maximum_event_age: Option<u32>,
    extensions: Option<PathBuf>,
    url: Option<FunctionUrl>,
    #[serde(default)]
    subnets: Vec<String>,
    #[serde(default)]
    security_groups: Vec<String>,
    account: Option<String>,
    region: Option<String>,
}

/// A program with arguments: a list, or one text split at blanks.
#[derive(Deserialize)]
#[serde(expecting = "expected a text or a list of texts", untagged)]
enum Words {
    Line(String),
    List(Vec<String>),
}

/// What stands at the top of the file and holds for all functions.
#[derive(Default)]
struct Home {
    account: Option<Spanned<String>>,
    region: Option<String>,
}

pub(super) fn config(source: Source, overrides: &Overrides) -> anyhow::Result<Config> {
    let root = DeTable::parse(source.text()).map_err(|error| at(&source, &error, 0..0))?;
    let mut dev = Dev::default();
    let mut home = Home::default();
    let mut tables = Vec::new();
    for (key, value) in root.into_inner() {
        match key.get_ref().as_ref() {
            "account" => {
                let span = value.span();
                home.account = Some(Spanned::new(span, value_of(&source, value)?));
            }
            "region" => home.region = Some(value_of(&source, value)?),
            "dev" => dev = value_of(&source, value)?,
            "functions" => tables = entries(&source, value)?,
            name => {
                let names = ["account", "dev", "functions", "region"];
                let hint = suggest::hint(name, names);
                let message = format!("unknown field `{name}`{hint}");
                return Err(source
                    .failure(key.span(), message)
                    .fix(format!("at the top stand: {}", names.join(", ")))
                    .into());
            }
        }
    }
    let functions = tables
        .into_iter()
        .map(|(name, value)| function(&source, &name, value, &home, overrides))
        .collect::<Result<_, Failure>>()?;
    Ok(Config {
        source,
        dev,
        functions,
    })
}

fn function(
    source: &Source,
    key: &Spanned<String>,
    value: Spanned<DeValue<'_>>,
    home: &Home,
    overrides: &Overrides,
) -> Result<Defined, Failure> {
    let name = key.get_ref().clone();
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
        return Err(source
            .failure(key.span(), format!("`{name}` is not a function's name"))
            .fix("1 to 64 letters, digits, `-` and `_`"));
    }
    let span = value.span();
    let mut connections = Vec::new();
    let mut rest = DeTable::new();
    let mut place = Place {
        line: source.line(key.span().start),
        fields: Vec::new(),
    };
    for (member, value) in table(source, value)? {
        place.fields.push((
            member.get_ref().to_string(),
            source.line(member.span().start),
        ));
        if member.get_ref() == "with" {
            connections = with(source, value)?;
        } else {
            rest.insert(member, value);
        }
    }
    let spans: Vec<(String, Range<usize>)> = rest
        .iter()
        .map(|(name, value)| (name.get_ref().to_string(), value.span()))
        .collect();
    let span_of = |field: &str| {
        spans
            .iter()
            .find(|(name, _)| name == field)
            .map_or(key.span(), |(_, span)| span.clone())
    };
    let given: FunctionTable = value_of(source, Spanned::new(span, DeValue::Table(rest)))?;

    let code = match (given.bin, given.command) {
        (Some(_), Some(_)) => {
            return Err(source
                .failure(
                    span_of("command"),
                    format!("function `{name}` has both `bin` and `command`"),
                )
                .fix("`bin` is built by cargo and run, `command` is run as it is: keep one"));
        }
        (Some(bin), None) => Code::Bin(bin),
        (None, Some(words)) => {
            let words = match words {
                Words::Line(line) if line.contains(['"', '\'']) => {
                    return Err(source
                        .failure(
                            span_of("command"),
                            "a command in one string is split at blanks, and its quotes would stay",
                        )
                        .fix(r#"write a list: command = ["sh", "-c", "sleep 1"]"#));
                }
                Words::Line(line) => line.split_whitespace().map(str::to_owned).collect(),
                Words::List(words) => words,
            };
            if words.is_empty() {
                return Err(source.failure(span_of("command"), "the command is empty"));
            }
            Code::Command(words)
        }
        (None, None) if given.arn.is_some() => Code::Elsewhere,
        (None, None) => {
            return Err(source
                .failure(key.span(), format!("function `{name}` has no `bin`, `command` or `arn`"))
                .fix("bin = \"NAME\" builds and runs a Rust binary, command = [\"…\"] runs a program, arn = \"…\" names a function on AWS"));
        }
    };
    let account = match (&given.account, &home.account) {
        (Some(own), _) => Some((own.as_str(), span_of("account"))),
        (None, Some(all)) => Some((all.get_ref().as_str(), all.span())),
        (None, None) => None,
    };
    let named = match (&given.arn, &account) {
        (None, Some((_, span))) => span.clone(),
        _ => span_of("arn"),
    };
    let region = overrides
        .region
        .as_ref()
        .or(given.region.as_ref())
        .or(home.region.as_ref())
        .or(overrides.usual_region.as_ref())
        .map_or(DEFAULT_REGION, String::as_str);
    let arn = match given.arn {
        Some(arn) => Ok(arn),
        None => Arn::new(
            partition(region),
            "lambda",
            region,
            account.map_or(DEFAULT_ACCOUNT, |(account, _)| account),
            &format!("function:{name}"),
        ),
    };
    let mut function = arn
        .and_then(Function::new)
        .map_err(|error| source.failure(named, error.to_string()))?;
    if given.url.is_some()
        && let Some(version) = function
            .qualifier()
            .filter(|q| q.bytes().all(|b| b.is_ascii_digit()))
    {
        let message = format!("version {version} of function `{name}` cannot have a URL");
        return Err(source
            .failure(span_of("url"), message)
            .fix("name an alias in `arn`, or leave the version out"));
    }
    function.role = given.role;
    function.timeout = given.timeout.unwrap_or(function.timeout);
    function.memory = given.memory.unwrap_or(function.memory);
    function.reserved_concurrency = given.reserved_concurrency;
    function.subnets = given.subnets;
    function.security_groups = given.security_groups;
    Ok(Defined {
        name,
        place,
        code,
        function,
        env: given.env,
        on_failure: given.on_failure,
        on_success: given.on_success,
        maximum_retry_attempts: given.maximum_retry_attempts,
        maximum_event_age: given.maximum_event_age,
        recursive_loop: given.recursive_loop,
        extensions: given.extensions,
        url: given.url,
        connections,
    })
}

fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
