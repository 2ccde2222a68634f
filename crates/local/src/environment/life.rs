//! How an environment lives: its processes are started, watched, and ended.

use std::future::{pending, poll_fn};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Environment, InitError, Phase};
use crate::environment::process::{INIT, PROVISIONED_INIT, Process, Setup};
use crate::environment::runtime_api;
use crate::refusal::{error_object, json_bytes};

/// The share of the time for the end that the runtime has; the extensions have the rest.
const RUNTIME_SHARE: f64 = 0.3;

/// The share of it after which extensions are told of the end, even if they have not received all
/// telemetry.
const TELEMETRY_SHARE: f64 = 0.5;

/// Why an environment ended.
enum End {
    Exited(String),
    Extension(&'static str, String),
    NotStarted(String),
    Killed,
    Late,
}

/// The processes of an environment, and what serves them.
struct Life {
    runtime: Option<Process>,
    extensions: Vec<(String, Process)>,
    // Sets, because they end their tasks when they are dropped.
    output: JoinSet<()>,
    server: JoinSet<()>,
}

impl Environment {
    /// Runs the processes until they end, by themselves or because they must.
    pub(crate) async fn run(self: Arc<Self>) {
        let timeout = self.timeout();
        // An initialization that takes too long is done again, within the function's own time.
        let mut phase = "init";
        let is_provisioned = self.pool.provisioned.is_some();
        let time = match is_provisioned {
            true => timeout.max(PROVISIONED_INIT),
            false => INIT,
        };
        let (mut end, mut life) = self.live(time, phase).await;
        if matches!(end, End::Late) && self.lock().phase == Phase::Starting && !is_provisioned {
            self.output.say(&self.extensions.log());
            self.output.say(&[self.init_report(phase, "timeout")]);
            self.tell_init_over(Some("timeout"));
            self.shut_down(life, "timeout").await;
            phase = "invoke";
            (end, life) = self.live(timeout, phase).await;
        }
        let fatal = self.extensions.fatal();
        let (kind, why, reason) = match end {
            End::Exited(why) => (fatal.unwrap_or("Runtime.ExitError"), why, "failure"),
            End::Extension(kind, why) => (fatal.unwrap_or(kind), why, "failure"),
            End::NotStarted(why) => ("Runtime.InvalidEntrypoint", why, "failure"),
            End::Killed => {
                let why = "Runtime exited with error: signal: killed".to_owned();
                ("Runtime.ExitError", why, "spindown")
            }
            End::Late => {
                let why = format!("Task timed out after {:.2} seconds", timeout.as_secs_f64());
                ("Sandbox.Timedout", why, "timeout")
            }
        };
        // Extensions have time to end, which nobody who waits for an answer should wait for.
        if self.extensions.shutdown_time().is_zero() {
            self.shut_down(life, reason).await;
            self.ended(phase, kind, &why);
        } else {
            self.ended(phase, kind, &why);
            self.shut_down(life, reason).await;
        }
    }

    /// Answers for what the environment was at when it ended.
    fn ended(self: &Arc<Self>, phase: &'static str, kind: &str, why: &str) {
        let object = |id: &str| error_object(kind, &format!("RequestId: {id} Error: {why}"));
        let status = match kind {
            "Sandbox.Timedout" => "timeout".to_owned(),
            _ => format!("error\tError Type: {kind}"),
        };
        let ended = self.pool.ended(self);
        if ended.failed {
            let reported = self.lock().init_error.take();
            let status = match &reported {
                Some(InitError { kind, .. }) => format!("error\tError Type: {kind}"),
                None => status.clone(),
            };
            self.output.say(&self.extensions.log());
            self.output.say(&[self.init_report(phase, &status)]);
            self.tell_init_over(Some(&status));
            if let Some(job) = ended.job {
                let object = match reported {
                    Some(reported) => reported.object,
                    None => object(&job.request_id),
                };
                self.fail_start(job, object, &status);
            }
        }
        // Only now that no further job can be handed over.
        let running = self
            .lock()
            .running
            .as_ref()
            .map(|running| running.job.request_id.clone());
        if let Some(id) = running {
            if kind != "Sandbox.Timedout" {
                self.output.say(&[format!("RequestId: {id} Error: {why}")]);
            }
            self.tell_fault(&id, Some(&status));
            self.finish(&id, Err(object(&id)), Some(&status));
            self.over(None);
        }
        // The extensions were still at it: an end that was asked for is no fault of theirs.
        self.over(
            Some(&status)
                .filter(|_| !self.is_retired())
                .map(String::as_str),
        );
    }

    /// One life of the processes.
    async fn live(self: &Arc<Self>, init: Duration, phase: &'static str) -> (End, Life) {
        let mut life = Life {
            runtime: None,
            extensions: Vec::new(),
            output: JoinSet::new(),
            server: JoinSet::new(),
        };
        self.extensions.reset();
        self.late.store(false, Ordering::Release);
        self.lock().started = Instant::now();
        self.tell_init_start(phase);
        let end = match self.begin_life(&mut life).await {
            Ok(runtime_api) => self.watch(&mut life, init, &runtime_api).await,
            Err(end) => end,
        };
        (end, life)
    }

    /// Opens the APIs and starts the external extensions; returns the address.
    async fn begin_life(self: &Arc<Self>, life: &mut Life) -> Result<String, End> {
        let failed = |error: std::io::Error| End::NotStarted(error.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?.to_string();
        let environment = self.clone();
        life.server.spawn(runtime_api::serve(listener, environment));
        for path in external(&self.pool.extensions) {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let launched = |error: String| End::Extension("Extension.LaunchError", error);
            self.extensions
                .expect(&name)
                .map_err(|refused| launched(refused.1))?;
            let setup = Setup {
                program: path.as_os_str(),
                args: &[],
                dir: Some(Path::new("/")),
                is_extension: true,
                ..self.setup(&address)
            };
            let started = std::io::pipe().and_then(|(reader, writer)| {
                let output = self.output.clone();
                life.output.spawn(output.follow_extension(reader));
                Process::start(&setup, writer)
            });
            match started {
                Ok(process) => life.extensions.push((name, process)),
                Err(error) => {
                    let denied = error.kind() == std::io::ErrorKind::PermissionDenied;
                    let kind = if denied {
                        "PermissionDenied"
                    } else {
                        "UnknownError"
                    };
                    self.extensions.not_started(&name, kind);
                    let text = error.to_string().to_lowercase();
                    let text = text.split(" (os error").next().unwrap_or_default();
                    return Err(launched(format!("fork/exec {}: {text}", path.display())));
                }
            }
        }
        Ok(address)
    }

    /// Starts the runtime when the extensions are there, and waits until one of all has ended.
    async fn watch(self: &Arc<Self>, life: &mut Life, init: Duration, runtime_api: &str) -> End {
        let mut wake = Instant::now();
        loop {
            tokio::select! {
                why = exit(life.runtime.as_mut()) => return End::Exited(why),
                (index, why) = first_exit(&mut life.extensions) => {
                    life.extensions.remove(index);
                    return End::Extension("Extension.Crash", why);
                }
                () = self.extensions.registered(), if life.runtime.is_none() => {
                    let started = std::io::pipe().and_then(|(reader, writer)| {
                        let following = self.output.clone().follow(reader);
                        life.output.spawn(async move {
                            // Ends with the process, and nothing more can be read then.
                            let _ = following.await;
                        });
                        Process::start(&self.setup(runtime_api), writer)
                    });
                    match started {
                        Ok(process) => {
                            self.lock().process = process.id();
                            life.runtime = Some(process);
                        }
                        Err(error) => {
                            let program = self.pool.command.program.to_string_lossy();
                            return End::NotStarted(format!("`{program}` could not be started: {error}"));
                        }
                    }
                }
                () = self.killed.notified() => return End::Killed,
                () = tokio::time::sleep_until(wake) => match self.due(init) {
                    Some(later) => wake = later,
                    None => {
                        self.late.store(true, Ordering::Release);
                        return End::Late;
                    }
                },
            }
        }
    }

    fn setup<'a>(&'a self, runtime_api: &str) -> Setup<'a> {
        let command = &self.pool.command;
        Setup {
            function: &self.pool.function,
            version: &self.pool.version,
            initialization: self.pool.initialization(),
            program: &command.program,
            args: &command.args,
            dir: command.dir.as_deref(),
            mounted: self.pool.mounted.as_ref(),
            environment: &self.pool.environment,
            runtime_api: runtime_api.to_owned(),
            log_stream: &self.log_stream,
            is_extension: false,
        }
    }

    /// Ends all processes; where there are extensions, they are told and given time.
    async fn shut_down(&self, mut life: Life, reason: &str) {
        let time = self.extensions.shutdown_time();
        let begun = Instant::now();
        let told_until = begun + time.mul_f64(TELEMETRY_SHARE);
        // An internal extension is there only as long as the runtime is.
        self.telemetry.flush(told_until).await;
        if let Some(mut runtime) = life.runtime.take() {
            if !time.is_zero() {
                runtime.terminate();
                let _ = timeout(time.mul_f64(RUNTIME_SHARE), runtime.ended()).await;
            }
            runtime.kill().await;
            self.output.say(&[]);
        }
        self.telemetry.flush(told_until).await;
        let deadline = self.pool.clock.now() + time.saturating_sub(begun.elapsed());
        self.extensions.shut_down(&json_bytes(&json!({
            "eventType": "SHUTDOWN",
            "shutdownReason": reason,
            "deadlineMs": u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
        })));
        let mut ending = JoinSet::new();
        for (name, mut process) in life.extensions {
            let told = self.extensions.hears_shutdown(&name);
            ending.spawn(async move {
                if told {
                    let _ = timeout_at(begun + time, process.ended()).await;
                }
                process.kill().await;
            });
        }
        while ending.join_next().await.is_some() {}
        // A descendant that left the process group may hold the pipe open.
        let ended = async { while life.output.join_next().await.is_some() {} };
        let _ = timeout(Duration::from_millis(100), ended).await;
        self.telemetry.end();
    }
}

/// The extensions in a folder, by name.
fn external(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths.filter(|path| !path.is_dir()).collect();
    files.sort();
    files
}

/// Waits for the end of a process; for ever without one.
async fn exit(process: Option<&mut Process>) -> String {
    match process {
        Some(process) => {
            let status = process.ended().await;
            if status == "exit status 0" {
                "Runtime exited without providing a reason".to_owned()
            } else {
                format!("Runtime exited with error: {status}")
            }
        }
        None => pending().await,
    }
}

/// Waits until the first of these ends; for ever where there are none.
async fn first_exit(processes: &mut [(String, Process)]) -> (usize, String) {
    type Ended<'a> = Pin<Box<dyn Future<Output = String> + Send + 'a>>;
    let mut all: Vec<Ended<'_>> = processes
        .iter_mut()
        .map(|(_, process)| Box::pin(process.ended()) as Ended<'_>)
        .collect();
    poll_fn(|context| {
        for (index, ended) in all.iter_mut().enumerate() {
            if let Poll::Ready(why) = ended.as_mut().poll(context) {
                return Poll::Ready((index, why));
            }
        }
        Poll::Pending
    })
    .await
}
