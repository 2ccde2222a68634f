//! `lambda-with dev`: the engine, until Ctrl-C.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use lambda_with::ErrorKind;
use lambda_with_api_gateway::WebSocketApi;
use lambda_with_local::{FrontDoor, Handle, Local, Options, Peer};

use super::Programs;
use super::banner::{self, Api, Other, Source, Up};
use super::doors::Door;
use super::engine::{data, function_options, server_log};
use super::ports::FrontPorts;
use super::records::{self, Records};
use super::sources::{self, Access};
use super::url::UrlDoor;
use super::watch::Sources;
use super::web_socket;
use crate::config::Config;
use crate::failure::Failure;
use crate::output::Output;

/// How often sources are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Ports to listen on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) invoke: u16,
    /// Of the first HTTP API, where somebody asked for one.
    pub(crate) http: Option<u16>,
}

/// Runs everything until Ctrl-C or SIGTERM.
pub(crate) async fn serve(
    config: &Config,
    programs: Programs,
    ports: &Ports,
    access: &Access,
    output: Output,
) -> anyhow::Result<()> {
    let mut up = Up::default();
    let mut options = Options::new(data(config.source.directory())?);
    options.invoke_port = Some(ports.invoke);
    options.traces = true;
    options.account_concurrency = config.dev.account_concurrency;
    options.destinations = records::destinations(access);
    if let Some(url) = &access.queue {
        options.queue = Some(sources::shared_queue(url, config, access).await?);
        up.queue = Some(url.clone());
    }
    for defined in &config.functions {
        match function_options(config, defined, &programs)? {
            Some(function) => {
                up.functions.push(defined.name.clone());
                options.functions.push(function);
            }
            None => up.elsewhere.push(defined.name.clone()),
        }
    }
    if options.functions.is_empty() {
        return Err(Failure::new("no function here can run on this machine")
            .fix("give one a `bin` or a `command`")
            .into());
    }
    options.log = Some(server_log(options.functions.len() > 1));
    let local = Local::start(options).await.map_err(|error| match error.kind() {
        ErrorKind::Conflict => Failure::new(error.to_string())
            .fix("`lambda-with dev` runs in this folder already: end that one, or use it through `lambda-with invoke`")
            .into(),
        _ => anyhow::Error::from(error),
    })?;
    let handle = local.handle();
    let connected = connect(config, &handle, ports, access, &mut up, output).await;
    if let Err(error) = connected {
        local.shutdown().await;
        return Err(error);
    }
    if let Some(address) = handle.invoke_address() {
        up.invoke = format!("http://{address}");
    }
    // Whoever reads that it is up may end it.
    let mut ends = Ends::new()?;
    banner::print(&up, output)?;
    tokio::select! {
        () = ends.next() => {}
        never = rebuild(config, programs, &handle, output) => match never {},
    }
    output.note(&match at_work(&handle) {
        0 => "ending".to_owned(),
        1 => "waiting for 1 invocation; Ctrl-C again ends it".to_owned(),
        several => format!("waiting for {several} invocations; Ctrl-C again ends them"),
    });
    tokio::select! {
        () = local.shutdown() => {}
        () = ends.next() => output.note("ended"),
    }
    Ok(())
}

/// Begins to poll, and opens the doors.
async fn connect(
    config: &Config,
    handle: &Handle,
    ports: &Ports,
    access: &Access,
    up: &mut Up,
    output: Output,
) -> anyhow::Result<()> {
    let mut doors: Vec<Door> = Vec::new();
    #[cfg(feature = "poll")]
    sources::open_with(handle, access);
    for defined in &config.functions {
        let Ok(function) = handle.function(&defined.name) else {
            continue;
        };
        up.records.extend(Records::of(defined, access, handle));
        for connected in &defined.connections {
            let connection = &*connected.connection;
            if connection.as_any().is::<WebSocketApi>() {
                // Opened below, for all functions together.
            } else if let Some(door) = Door::of(connection, &defined.function) {
                let index = doors.iter().position(|other| other.is_same(&door));
                let index = index.unwrap_or_else(|| {
                    doors.push(door);
                    doors.len() - 1
                });
                doors[index].add(connection, &defined.function, function.clone())?;
            } else if let Some(read) =
                sources::read(connection, &defined.function, access, &function, handle).await?
            {
                let service = connection.service().id;
                up.records.extend(
                    read.on_failure
                        .map(|to| Records::of_source(&defined.name, service, &to, access, handle)),
                );
                up.sources.push(Source {
                    function: defined.name.clone(),
                    service,
                    source: read.source,
                    polled_at: read.at,
                    wanted: read.wanted,
                });
            } else {
                up.other.push(Other {
                    function: defined.name.clone(),
                    service: connection.service().id,
                    connection: connection.name(),
                    sends: connection.example(&defined.function).is_some(),
                });
            }
        }
    }
    open(
        config,
        handle,
        doors,
        FrontPorts::new(ports.http),
        up,
        output,
    )
    .await
}

/// Opens the doors of HTTP APIs and load balancers, of function URLs and of WebSocket APIs.
async fn open(
    config: &Config,
    handle: &Handle,
    doors: Vec<Door>,
    mut ports: FrontPorts,
    up: &mut Up,
    output: Output,
) -> anyhow::Result<()> {
    for door in doors {
        let (kind, routes, base) = (door.title(), door.routes(), door.base());
        let address = ports.open(handle, front(door, output)).await?;
        up.apis.push(Api {
            kind,
            url: format!("http://{address}{base}"),
            routes,
        });
    }
    for defined in &config.functions {
        let (Some(url), Ok(function)) = (&defined.url, handle.function(&defined.name)) else {
            continue;
        };
        let door = UrlDoor::new(url.clone(), &defined.function, function, output);
        let address = ports.open(handle, door).await?;
        up.apis.push(Api {
            kind: "Function URL",
            url: format!("http://{address}"),
            routes: vec!["ANY /".to_owned()],
        });
    }
    for door in web_socket::doors(config, handle, output)? {
        let (stage, routes) = (door.stage().to_owned(), door.routes());
        let address = ports.open(handle, door.into_front()).await?;
        up.apis.push(Api {
            kind: "WebSocket API",
            url: format!("ws://{address}/{stage}"),
            routes,
        });
    }
    Ok(())
}

/// The door as the engine takes it, which notes why an answer could not be given.
fn front(door: Door, output: Output) -> impl FrontDoor {
    let door = Arc::new(door);
    move |request: Request<Bytes>, peer: Peer| {
        let door = Arc::clone(&door);
        async move {
            let answered = door
                .answer(&request, peer.remote.ip(), peer.local.port())
                .await;
            if let Err(why) = answered.outcome() {
                output.note(&format!("{} {}: {why}", request.method(), request.uri()));
            }
            answered.response
        }
    }
}

/// How many invocations have not ended.
fn at_work(handle: &Handle) -> usize {
    let functions = handle.functions();
    functions
        .into_iter()
        .map(|function| function.invocations())
        .sum()
}

/// The wishes that it end, from the first on, none of which is missed.
#[cfg(unix)]
struct Ends(tokio::signal::unix::Signal, tokio::signal::unix::Signal);

#[cfg(unix)]
impl Ends {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self(
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        ))
    }

    /// Until somebody wants it to end.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// The wishes that it end.
#[cfg(not(unix))]
struct Ends;

#[cfg(not(unix))]
impl Ends {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Until somebody wants it to end.
    async fn next(&mut self) {
        // Where signals cannot be had there is nothing to wait for but the end of the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Builds what changed and restarts the functions.
async fn rebuild(
    config: &Config,
    programs: Programs,
    handle: &Handle,
    output: Output,
) -> std::convert::Infallible {
    let mut sources = Sources::of(&programs, None);
    if sources.is_empty() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(LOOK).await;
        if !sources.have_changed() {
            continue;
        }
        output.note("a source file changed, building");
        let built = tokio::task::block_in_place(|| Programs::build(config, &config.functions));
        match built {
            Ok(programs) => {
                sources = Sources::of(&programs, Some(&sources));
                for function in handle.functions() {
                    function.restart();
                }
                output.note("restarted");
            }
            Err(error) => output.error(&format!("{error}\n  the code from before runs on")),
        }
    }
}
