//! One function of an engine: its settings, its policies, and what runs it.

pub(crate) mod concurrency;
pub(crate) mod pool;
pub(crate) mod provisioned;
pub(crate) mod version;
pub(crate) mod versions;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use lambda_with::policy::{Policy, may_invoke};
use lambda_with::rules::recursion::{Chain, RecursiveLoop};
use lambda_with::rules::routing;
use lambda_with::{Arn, Caller, Error, ErrorKind, Outcome};
use lambda_with_x_ray::Link;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::function::concurrency::Place;
use crate::function::pool::Job;
use crate::function::provisioned::Provisioned;
use crate::function::version::{Base, Settings, Version};
use crate::function::versions::{Kept, Versions, number};
use crate::http::control::EventInvoke;
use crate::options::{Asynchronous, FunctionOptions};
use crate::refusal::REASON;
use crate::streaming::Writer;
use crate::trace;
use crate::traces::Times;

/// The version that is not published.
pub(crate) const LATEST: &str = routing::LATEST;

/// A qualifier's own settings; `None` is the function itself.
type PerQualifier<T> = RwLock<BTreeMap<Option<String>, T>>;

/// One function of an engine.
#[derive(Debug)]
pub(crate) struct Function {
    /// The settings it was started with; the ARN has no qualifier.
    pub(crate) definition: lambda_with::Function,
    pub(crate) versions: Versions,
    pub(crate) policies: PerQualifier<Policy>,
    pub(crate) asynchronous: PerQualifier<Asynchronous>,
    /// What the calls of the API set, as they show it.
    pub(crate) event_invoke: Mutex<BTreeMap<Option<String>, EventInvoke>>,
    /// How many asynchronous events are worked on at once.
    pub(crate) parallel: usize,
    /// What becomes of loops.
    pub(crate) recursive_loop: Mutex<RecursiveLoop>,
    /// The qualifier its ARN names, whose settings come with the definition.
    declared: Option<String>,
    /// Where events go that failed, whatever qualifier they were for.
    dead_letter: Mutex<Option<Arn>>,
    /// What it may use of the engine's concurrency.
    pub(crate) place: Place,
    provisioned: Mutex<BTreeMap<String, Provisioned>>,
    chance: Arc<Chance>,
    clock: Clock,
}

/// One attempt at an invocation.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) request_id: String,
    pub(crate) payload: Bytes,
    pub(crate) qualifier: Option<String>,
    pub(crate) client_context: Option<String>,
    pub(crate) trace_header: Option<String>,
    /// Traces of the messages of a batch.
    pub(crate) links: Vec<Link>,
    /// The chains of requests these messages belong to.
    pub(crate) chain: Chain,
    /// Where the answer goes, where it is wanted in pieces.
    pub(crate) stream: Option<Writer>,
    /// Where the times of a traced invocation are noted.
    pub(crate) times: Option<Arc<Times>>,
    pub(crate) tail: bool,
    /// Whether nobody waits for the answer.
    pub(crate) is_event: bool,
}

impl Function {
    /// A function with the versions that are kept in a folder of `dir`.
    pub(crate) fn new(
        options: FunctionOptions,
        mut base: Base,
        dir: Option<&Path>,
        chance: Arc<Chance>,
    ) -> Result<Self, Error> {
        let FunctionOptions {
            function,
            run,
            environment,
            mount,
            extensions,
            max_environments,
            policy,
            asynchronous,
            recursive_loop,
        } = options;
        if function.timeout == 0 {
            let message = format!("the timeout of `{}` is 0 seconds", function.name());
            return Err(Error::new(ErrorKind::Invalid, message).with("allowed", "1 to 900"));
        }
        let declared = function.qualifier().map(str::to_owned);
        let mut definition = function.clone();
        if let Some(qualifier) = &declared {
            let whole = function.arn.as_str();
            definition.arn = whole[..whole.len() - qualifier.len() - 1].parse()?;
        }
        let reserved = definition.reserved_concurrency;
        let reserved = reserved.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        base.max = reserved.map_or(max_environments, |most| max_environments.min(most));
        base.max = base.max.max(1);
        let place = base.concurrency.add(reserved);
        let name = definition.name();
        let is_folder = !name.starts_with('.') && !name.contains('/');
        let folder = dir.filter(|_| is_folder);
        let folder = folder.map(|dir| dir.join("versions").join(name));
        let kept = folder.as_deref().map(Kept::read).transpose()?.flatten();
        let settings = Settings {
            definition: definition.clone(),
            description: String::new(),
            environment,
            run,
            mount,
            extensions: std::path::absolute(&extensions).unwrap_or(extensions),
        };
        let (parallel, clock) = (base.max, base.clock);
        let versions = Versions::open(&settings, declared.as_deref(), base, folder, kept.as_ref())?;
        let kept = kept.unwrap_or_default();
        let own = declared.clone().filter(|declared| declared != LATEST);
        let some = |(qualifier, policy)| (Some(qualifier), policy);
        let mut policies: BTreeMap<_, _> = kept.policies.into_iter().map(some).collect();
        if !policy.is_empty() {
            policies.insert(own.clone(), Policy::of_function(&function.arn, &policy));
        }
        let dead_letter = asynchronous.dead_letter.clone();
        let mut settings = BTreeMap::new();
        for (qualifier, config) in &kept.event_invoke {
            settings.insert(Some(qualifier.clone()), config.settings()?);
        }
        settings.insert(own, asynchronous);
        let event_invoke = kept
            .event_invoke
            .into_iter()
            .map(|(qualifier, config)| (Some(qualifier), config));
        Ok(Self {
            versions,
            policies: RwLock::new(policies),
            asynchronous: RwLock::new(settings),
            event_invoke: Mutex::new(event_invoke.collect()),
            parallel,
            recursive_loop: Mutex::new(recursive_loop),
            declared,
            dead_letter: Mutex::new(dead_letter),
            place,
            provisioned: Mutex::new(kept.provisioned),
            definition,
            chance,
            clock,
        })
    }

    pub(crate) fn name(&self) -> &str {
        self.definition.name()
    }

    /// The ARN with a qualifier, as the function's context and its records show it.
    pub(crate) fn arn(&self, qualifier: Option<&str>) -> String {
        match qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.definition.arn),
            None => self.definition.arn.to_string(),
        }
    }

    /// Finds out whether there is such a version or alias.
    pub(crate) fn check_qualifier(&self, qualifier: Option<&str>) -> Result<(), Error> {
        let Some(qualifier) = qualifier.filter(|qualifier| *qualifier != LATEST) else {
            return Ok(());
        };
        let known = {
            let state = self.versions.lock();
            state.aliases.contains_key(qualifier) || state.version(qualifier).is_some()
        };
        if known || self.is_declared_version(qualifier) {
            return Ok(());
        }
        Err(self.missing(qualifier))
    }

    /// The version that runs for a qualifier.
    fn choose(&self, qualifier: Option<&str>) -> Result<Arc<Version>, Error> {
        let chosen = self.versions.choose(qualifier, || self.chance.draw());
        match (chosen, qualifier) {
            (Some(version), _) => Ok(version),
            (None, Some(qualifier)) if !self.is_declared_version(qualifier) => {
                Err(self.missing(qualifier))
            }
            (None, _) => Ok(self.versions.lock().latest.clone()),
        }
    }

    fn missing(&self, qualifier: &str) -> Error {
        let message = format!("Function not found: {}", self.arn(Some(qualifier)));
        Error::new(ErrorKind::NotFound, message)
    }

    /// Whether the definition is of this version, which then is `$LATEST` until one is published.
    fn is_declared_version(&self, qualifier: &str) -> bool {
        self.declared.as_deref() == Some(qualifier) && number(qualifier).is_some()
    }

    /// Finds out whether `caller` may invoke the function under this qualifier.
    pub(crate) fn check_caller(
        &self,
        qualifier: Option<&str>,
        caller: &Caller,
    ) -> Result<(), Error> {
        if matches!(caller, Caller::Owner) {
            return Ok(());
        }
        let key = qualifier
            .filter(|qualifier| *qualifier != LATEST)
            .map(str::to_owned);
        let resource = self.arn(key.as_deref()).parse()?;
        let via_url = *caller == Caller::FunctionUrl;
        let policies = self.policies.read().unwrap_or_else(PoisonError::into_inner);
        let none = Policy::default();
        let policy = policies.get(&key).unwrap_or(&none);
        if via_url {
            may_invoke(policy, &resource, caller, "lambda:InvokeFunctionUrl").into_result()?;
        }
        may_invoke(policy, &resource, caller, "lambda:InvokeFunction").into_result()
    }

    /// The settings for asynchronous events of this qualifier: its own, or those of Lambda.
    pub(crate) fn asynchronous(&self, qualifier: Option<&str>) -> Asynchronous {
        let key = qualifier
            .filter(|qualifier| *qualifier != LATEST)
            .map(str::to_owned);
        let settings = self
            .asynchronous
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Asynchronous {
            dead_letter: self.dead_letter(),
            ..settings.get(&key).cloned().unwrap_or_default()
        }
    }

    /// Runs the function once.
    ///
    /// # Errors
    ///
    /// When it did not run: throttled, without such a version, or the engine shuts down.
    pub(crate) async fn run(&self, attempt: Attempt) -> Result<Outcome, Error> {
        let qualifier = attempt.qualifier.as_deref();
        let version = self.choose(qualifier)?;
        let begun = self
            .place
            .begin(version.number, !attempt.is_event, self.clock.now());
        let permit = begun.map_err(|why| {
            let message = format!("`{}` is throttled", self.name());
            Error::new(ErrorKind::Throttled, message).with(REASON, why.reason())
        })?;
        let tail = attempt.tail;
        let arn = self.arn(qualifier);
        let trace_header = attempt
            .trace_header
            .unwrap_or_else(|| trace::header(self.clock.now()));
        if let Some(stream) = &attempt.stream {
            stream.runs(&version.name);
        }
        let finished = version.run(|done| Job {
            request_id: attempt.request_id,
            payload: attempt.payload,
            arn,
            client_context: attempt.client_context,
            trace_header,
            times: attempt.times,
            stream: attempt.stream,
            tail,
            permit,
            done,
        });
        let finished = finished.await.ok_or_else(|| {
            Error::new(ErrorKind::Unavailable, "the engine is shutting down")
                .with("function", self.name())
        })?;
        let executed_version = version.name.clone();
        let log_tail = finished.tail.filter(|_| tail);
        Ok(match finished.result {
            Ok(payload) => Outcome::Success {
                payload,
                executed_version,
                log_tail,
            },
            Err(payload) => Outcome::FunctionError {
                function_error: "Unhandled".to_owned(),
                payload,
                executed_version,
                log_tail,
            },
        })
    }

    /// How many processes there are, of all versions.
    pub(crate) fn environments(&self) -> usize {
        let all = self.versions.all();
        all.iter().map(|version| version.environments()).sum()
    }

    /// How many invocations run or wait for a process.
    pub(crate) fn invocations(&self) -> usize {
        self.place
            .with(|account, function| account.running(function))
    }

    /// Ends all processes.
    pub(crate) async fn close(&self) {
        for version in self.versions.all() {
            version.close().await;
        }
    }

    /// Ends all processes without waiting until they are gone.
    pub(crate) fn abort(&self) {
        for version in self.versions.all() {
            version.abort();
        }
    }

    /// Writes down versions and aliases with the settings that are theirs. Those of the function, and
    /// of what its ARN names, come with the definition.
    pub(crate) fn keep(&self) -> Result<(), Error> {
        self.versions.keep(|kept| {
            let own = |qualifier: &Option<String>| {
                qualifier.clone().filter(|_| *qualifier != self.declared)
            };
            let policies = self.policies.read().unwrap_or_else(PoisonError::into_inner);
            for (qualifier, policy) in policies.iter() {
                if let Some(qualifier) = own(qualifier) {
                    kept.policies.insert(qualifier, policy.clone());
                }
            }
            let settings = self
                .event_invoke
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            for (qualifier, config) in settings.iter() {
                if let Some(qualifier) = own(qualifier) {
                    kept.event_invoke.insert(qualifier, config.clone());
                }
            }
            kept.provisioned = self.all_provisioned().clone();
        })
    }

    /// Forgets the settings of a version or alias that is no more.
    pub(crate) fn forget(&self, qualifier: &str) {
        self.withdraw(qualifier);
        let key = Some(qualifier.to_owned());
        self.policies
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key);
        self.asynchronous
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key);
        self.event_invoke
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key);
    }

    /// The function's ARN with its version, as records and configurations name it.
    pub(crate) fn qualified(&self, qualifier: Option<&str>) -> Result<Arn, Error> {
        self.arn(Some(qualifier.unwrap_or(LATEST))).parse()
    }

    /// Where events go that failed, of all versions.
    pub(crate) fn dead_letter(&self) -> Option<Arn> {
        let dead_letter = self.dead_letter.lock();
        dead_letter.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_dead_letter(&self, to: Option<Arn>) {
        let dead_letter = self.dead_letter.lock();
        *dead_letter.unwrap_or_else(PoisonError::into_inner) = to;
    }

    /// The reserved concurrency.
    pub(crate) fn reserved(&self) -> Option<u32> {
        let reserved = self
            .place
            .with(|account, function| account.reserved(function));
        reserved.map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// What becomes of loops.
    pub(crate) fn recursive_loop(&self) -> RecursiveLoop {
        *self
            .recursive_loop
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
