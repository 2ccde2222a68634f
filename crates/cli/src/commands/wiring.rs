//! `lambda-with diff`, `connect`, `disconnect` and `status`: the connections on real AWS.

use std::future::Future;
use std::io::{IsTerminal, stdin};
use std::process::ExitCode;

use lambda_with::rules::settings::check_function;
use lambda_with::{Resource, Severity};
use lambda_with_aws::{Goal, Plan, Progress, Session, SessionOptions, Wiring};
use serde_json::{Value, json};

use crate::args::{Connect, Diff, Disconnect, Global, How, Write};
use crate::config::{Config, Defined};
use crate::export;
use crate::failure::Failure;
use crate::needs::Needs;
use crate::output::Output;

pub(super) fn diff(
    args: &Diff,
    global: &Global,
    config: &Config,
    output: Output,
) -> anyhow::Result<ExitCode> {
    block_on(async {
        let wirings = wirings(args.function.as_deref(), args.how, global, config).await?;
        print(&plans(&wirings, Goal::Connect).await?, output)?;
        Ok(ExitCode::SUCCESS)
    })
}

pub(super) fn connect(
    args: &Connect,
    global: &Global,
    config: &Config,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let function = args.function.as_deref();
    for defined in chosen(function, config)? {
        refuse_errors(defined)?;
    }
    block_on(async {
        let wirings = wirings(function, args.how, global, config).await?;
        write(&wirings, Goal::Connect, global.write, output).await
    })
}

pub(super) fn disconnect(
    args: &Disconnect,
    global: &Global,
    config: &Config,
    output: Output,
) -> anyhow::Result<ExitCode> {
    block_on(async {
        let wirings = wirings(args.function.as_deref(), How::default(), global, config).await?;
        write(&wirings, Goal::Disconnect, global.write, output).await
    })
}

pub(super) fn status(
    function: Option<&str>,
    global: &Global,
    config: &Config,
    output: Output,
) -> anyhow::Result<ExitCode> {
    block_on(async {
        let mut all = Vec::new();
        for wiring in wirings(function, How::default(), global, config).await? {
            all.push(wiring.status().await?);
        }
        if output.is_json() {
            output.json(&all)?;
        } else {
            output.text(&all.iter().map(ToString::to_string).collect::<String>())?;
        }
        let clean = all.iter().all(lambda_with_aws::Status::is_clean);
        Ok(if clean {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

/// Says what is to be done, asks, and does it.
async fn write(
    wirings: &[Wiring],
    goal: Goal,
    write: Write,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let planned = plans(wirings, goal).await?;
    let nothing = planned.iter().all(Plan::is_empty);
    if write.dry_run || nothing {
        print(&planned, output)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !write.yes && !asked(&planned, output)? {
        return Ok(ExitCode::FAILURE);
    }
    let mut done = Vec::new();
    for wiring in wirings {
        let say = |progress: Progress<'_>| {
            if let Progress::Done(change) = progress
                && change.is_change()
            {
                output.note(&change.to_string());
            }
        };
        done.push(match goal {
            Goal::Connect => wiring.connect(say).await?,
            Goal::Disconnect => wiring.disconnect(say).await?,
        });
    }
    if output.is_json() {
        output.json(&done)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows the plans and asks at a terminal; without one nothing is written unasked.
fn asked(planned: &[Plan], output: Output) -> anyhow::Result<bool> {
    print(planned, output)?;
    if !stdin().is_terminal() || output.is_json() {
        return Err(Failure::new("nothing was written")
            .fix("pass --yes to do what is printed above")
            .into());
    }
    output.note("Do this? [y/N]");
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn print(plans: &[Plan], output: Output) -> anyhow::Result<()> {
    if output.is_json() {
        return output.json(plans);
    }
    output.text(&plans.iter().map(ToString::to_string).collect::<String>())
}

async fn plans(wirings: &[Wiring], goal: Goal) -> anyhow::Result<Vec<Plan>> {
    let mut plans = Vec::new();
    for wiring in wirings {
        plans.push(match goal {
            Goal::Connect => wiring.diff().await?,
            Goal::Disconnect => wiring.diff_disconnect().await?,
        });
    }
    Ok(plans)
}

/// What AWS would refuse is said before anything is written.
fn refuse_errors(defined: &Defined) -> Result<(), Failure> {
    let connections = defined
        .connections
        .iter()
        .map(|connected| &connected.connection);
    let found = connections.flat_map(|connection| connection.check(&defined.function));
    let mut found = found.chain(check_function(&defined.function));
    match found.find(|finding| finding.severity == Severity::Error) {
        Some(finding) => Err(
            Failure::new(format!("function `{}`: {finding}", defined.name))
                .fix("put it right; `lambda-with check` lists all there is"),
        ),
        None => Ok(()),
    }
}

async fn wirings(
    function: Option<&str>,
    how: How,
    global: &Global,
    config: &Config,
) -> anyhow::Result<Vec<Wiring>> {
    let mut wirings = Vec::new();
    for defined in chosen(function, config)? {
        let session = Session::load(SessionOptions {
            region: global
                .region
                .clone()
                .or_else(|| Some(defined.function.region().to_owned())),
            profile: global.profile.clone(),
            endpoint_url: global.endpoint_url.clone(),
            default_region: None,
        })
        .await?;
        same_account(&session, defined).await?;
        let mut wiring = Wiring::new(&session, defined.function.clone())?;
        wiring.options.prune = how.prune;
        wiring.options.replace = how.replace;
        for connected in &defined.connections {
            (connected.kind.wire)(&*connected.connection, &mut wiring)?;
        }
        for statement in Needs::destinations(defined) {
            wiring.allow(statement);
        }
        for setting in settings(defined) {
            wiring.setting(&setting)?;
        }
        wirings.push(wiring);
    }
    Ok(wirings)
}

/// What the file says of the function beside its connections, in CloudFormation's terms.
fn settings(defined: &Defined) -> impl Iterator<Item = Resource> {
    let mut members = export::members(defined);
    // What is left out of the file is left as it is.
    for (field, member) in [("memory", "MemorySize"), ("timeout", "Timeout")] {
        if !defined.place.names(field) {
            members.remove(member);
        }
    }
    if defined.place.names("recursive_loop") {
        members.insert("RecursiveLoop".into(), json!(defined.recursive_loop));
    }
    let members = Some(members).filter(|members| !members.is_empty());
    let settings = [
        ("AWS::Lambda::Function", members.map(Value::Object)),
        (
            "AWS::Lambda::EventInvokeConfig",
            export::invocations(defined),
        ),
        ("AWS::Lambda::Url", export::url(defined)),
    ];
    let resource = |(kind, properties): (_, Option<Value>)| {
        Some(Resource::new(&defined.name, kind, properties?))
    };
    settings.into_iter().filter_map(resource)
}

/// Refuses to set up in one account what the definition says of another.
async fn same_account(session: &Session, defined: &Defined) -> anyhow::Result<()> {
    let (theirs, ours) = (session.account().await?, defined.function.account());
    if theirs == ours {
        return Ok(());
    }
    let message = format!(
        "function `{}` belongs to account {ours}, the credentials to {theirs}",
        defined.name
    );
    Err(Failure::new(message)
        .fix(format!(
            "set account = \"{theirs}\" in the file, or choose another --profile"
        ))
        .into())
}

/// The function of this name, or all.
fn chosen<'a>(function: Option<&str>, config: &'a Config) -> Result<Vec<&'a Defined>, Failure> {
    match function {
        Some(name) => Ok(vec![config.function(Some(name))?]),
        None => Ok(config.functions.iter().collect()),
    }
}

fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
