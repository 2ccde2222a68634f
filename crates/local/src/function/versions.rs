//! The versions and aliases of one function.

mod code;
mod keep;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lambda_with::rules::routing::Routing;
use lambda_with::{Error, ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};

use self::code::Code;
pub(crate) use self::keep::Kept;
use crate::function::LATEST;
use crate::function::version::{Base, Settings, Version};
use crate::options::Run;
use crate::trace;

/// What is known of a version beside its settings.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Facts {
    pub(crate) description: String,
    pub(crate) code_sha256: String,
    /// The bytes of its files.
    #[serde(default)]
    pub(crate) code_size: u64,
    pub(crate) revision: String,
    /// Milliseconds since the epoch.
    pub(crate) modified: i64,
}

/// One alias.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Alias {
    pub(crate) description: String,
    pub(crate) routing: Routing,
    pub(crate) revision: String,
}

/// A version that has a number.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) version: Arc<Version>,
    pub(crate) facts: Facts,
}

/// The versions and aliases of one function.
#[derive(Debug)]
pub(crate) struct Versions {
    base: Base,
    /// Where copies of the code are kept; without a folder, versions run the code as it is.
    folder: Option<PathBuf>,
    state: Mutex<State>,
    /// Held while a version is made or a file written, one at a time.
    changing: Mutex<()>,
    /// The code that was hashed last.
    hashed: Mutex<Option<(Code, String)>>,
}

/// What of them changes.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) latest: Arc<Version>,
    pub(crate) revision: String,
    pub(crate) modified: Timestamp,
    /// The highest number there ever was.
    last: u64,
    pub(crate) published: BTreeMap<u64, Published>,
    pub(crate) aliases: BTreeMap<String, Alias>,
    /// Versions that take no more invocations, and may still be at some.
    leaving: Vec<Arc<Version>>,
}

impl Alias {
    pub(crate) fn new(description: String, routing: Routing) -> Self {
        Self {
            description,
            routing,
            revision: trace::request_id(),
        }
    }
}

impl Versions {
    /// The versions in `folder`, and `$LATEST` as it is now.
    pub(crate) fn open(
        settings: &Settings,
        declared: Option<&str>,
        base: Base,
        folder: Option<PathBuf>,
        kept: Option<&Kept>,
    ) -> Result<Self, Error> {
        let now = base.clock.timestamp();
        let mut state = State {
            latest: Version::new(LATEST.to_owned(), settings.clone(), None, &base)?,
            revision: trace::request_id(),
            modified: now,
            last: kept.map_or(0, |kept| kept.last),
            published: BTreeMap::new(),
            aliases: kept.map(|kept| kept.aliases.clone()).unwrap_or_default(),
            leaving: Vec::new(),
        };
        for version in kept.iter().flat_map(|kept| &kept.versions) {
            let (settings, copy) = version.settings(settings);
            let name = version.number.to_string();
            let published = Published {
                version: Version::new(name, settings, copy, &base)?,
                facts: version.facts.clone(),
            };
            state.published.insert(version.number, published);
        }
        if let Some(declared) = declared.filter(|declared| *declared != LATEST) {
            match number(declared) {
                // What the definition calls a version runs as it is here until one is published.
                Some(number) => state.last = state.last.max(number),
                None => {
                    let routing = Routing::new(LATEST, [])?;
                    let alias = state.aliases.entry(declared.to_owned());
                    alias.or_insert_with(|| Alias::new(String::new(), routing));
                }
            }
        }
        Ok(Self {
            base,
            folder,
            state: Mutex::new(state),
            changing: Mutex::default(),
            hashed: Mutex::default(),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes what `$LATEST` is, unless it is the version published last; returns its number.
    pub(crate) fn publish(&self, description: Option<String>) -> Result<u64, Error> {
        let _one = self.change();
        let (latest, last, before) = {
            let state = self.lock();
            let before = state.published.get(&state.last).cloned();
            (state.latest.clone(), state.last, before)
        };
        let code = code(&latest)?;
        let code_sha256 = self.sha256_of(code.as_ref())?;
        let is_old = before
            .as_ref()
            .is_some_and(|before| before.facts.code_sha256 != code_sha256);
        if let Some(before) = before
            && !is_old
            && before.version.settings.is_same(&latest.settings)
        {
            return Ok(last);
        }
        let number = last + 1;
        let settings = latest.settings.clone();
        let copy = match (&settings.run, &code, self.code_folder(number)) {
            (Run::Command(command), Some(code), Some(folder)) => {
                // Of a version that could not be finished.
                remove(&folder);
                let copy = code.copy(&folder, command)?;
                if Code::of(command)? != *code {
                    remove(&folder);
                    let message = format!(
                        "The operation cannot be performed at this time. An update is in progress for resource: {}",
                        settings.definition.arn
                    );
                    return Err(Error::new(ErrorKind::Conflict, message));
                }
                Some(copy)
            }
            _ => None,
        };
        let facts = Facts {
            description: description.unwrap_or_else(|| settings.description.clone()),
            code_sha256,
            code_size: code.as_ref().map_or(0, Code::size),
            revision: trace::request_id(),
            modified: self.base.clock.timestamp().unix_millis(),
        };
        let version = Version::new(number.to_string(), settings, copy, &self.base)?;
        if is_old {
            // Its processes may have been started before the code changed.
            latest.restart();
        }
        let mut state = self.lock();
        state.last = number;
        state.revision = trace::request_id();
        state.published.insert(number, Published { version, facts });
        Ok(number)
    }

    /// Changes the settings of `$LATEST`.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Settings)) -> Result<(), Error> {
        let _one = self.change();
        let mut settings = self.lock().latest.settings.clone();
        change(&mut settings);
        let version = Version::new(LATEST.to_owned(), settings, None, &self.base)?;
        let mut state = self.lock();
        let old = std::mem::replace(&mut state.latest, version);
        state.revision = trace::request_id();
        state.modified = self.base.clock.timestamp();
        state.leave(old);
        Ok(())
    }

    /// Takes up new code.
    pub(crate) fn restart(&self) {
        let mut state = self.lock();
        state.revision = trace::request_id();
        state.modified = self.base.clock.timestamp();
        state.latest.restart();
    }

    /// Removes a version, unless an alias leads to it.
    pub(crate) fn remove(&self, number: u64) -> Result<(), Error> {
        let _one = self.change();
        let name = number.to_string();
        let mut state = self.lock();
        let leads = |alias: &Alias| alias.routing.versions().any(|version| version == name);
        let aliases = state.aliases.iter().filter(|(_, alias)| leads(alias));
        let aliases: Vec<&str> = aliases.map(|(alias, _)| alias.as_str()).collect();
        if !aliases.is_empty() {
            let message = format!(
                "Unable to delete version because the following aliases reference it: [{}]",
                aliases.join(", ")
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        if let Some(removed) = state.published.remove(&number) {
            state.leave(removed.version);
        }
        drop(state);
        if let Some(folder) = self.code_folder(number) {
            // Processes that run go on: what they have open stays until they end.
            remove(&folder);
        }
        Ok(())
    }

    /// The hash of the code of `$LATEST`.
    pub(crate) fn code_sha256(&self) -> Result<String, Error> {
        let latest = self.lock().latest.clone();
        self.sha256_of(code(&latest)?.as_ref())
    }

    /// The bytes of that code.
    pub(crate) fn code_size(&self) -> Result<u64, Error> {
        let latest = self.lock().latest.clone();
        Ok(code(&latest)?.as_ref().map_or(0, Code::size))
    }

    fn sha256_of(&self, code: Option<&Code>) -> Result<String, Error> {
        let Some(code) = code else {
            // A handler is part of the engine's own program.
            return Ok("handler".to_owned());
        };
        let mut hashed = self.hashed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, hash)) = hashed.as_ref()
            && known == code
        {
            return Ok(hash.clone());
        }
        let hash = code.sha256()?;
        *hashed = Some((code.clone(), hash.clone()));
        Ok(hash)
    }

    /// Writes down what is to outlive the engine; what `kept` adds is read under the same lock.
    pub(crate) fn keep(&self, rest: impl FnOnce(&mut Kept)) -> Result<(), Error> {
        let _one = self.change();
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let mut kept = {
            let state = self.lock();
            Kept::of(state.last, &state.published, &state.aliases)?
        };
        rest(&mut kept);
        kept.write(folder)
    }

    /// The version a qualifier leads to, for a number drawn from 0 to 1.
    pub(crate) fn choose(
        &self,
        qualifier: Option<&str>,
        draw: impl FnOnce() -> f64,
    ) -> Option<Arc<Version>> {
        let state = self.lock();
        match qualifier.and_then(|alias| state.aliases.get(alias)) {
            Some(alias) if alias.routing.additional.is_some() => {
                state.version(alias.routing.choose(draw()))
            }
            Some(alias) => state.version(&alias.routing.version),
            None => state.version(qualifier.unwrap_or(LATEST)),
        }
    }

    /// All versions that have processes, or may have.
    pub(crate) fn all(&self) -> Vec<Arc<Version>> {
        let state = self.lock();
        let published = state.published.values().map(|published| &published.version);
        let all = std::iter::once(&state.latest).chain(published);
        all.chain(&state.leaving).cloned().collect()
    }

    fn code_folder(&self, number: u64) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(folder.join(number.to_string()))
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A version by its name.
    pub(crate) fn version(&self, name: &str) -> Option<Arc<Version>> {
        match name {
            LATEST => Some(self.latest.clone()),
            name => Some(self.published.get(&number(name)?)?.version.clone()),
        }
    }

    fn leave(&mut self, version: Arc<Version>) {
        version.drain();
        self.leaving.retain(|version| version.environments() > 0);
        self.leaving.push(version);
    }
}

/// A version's number; `None` for anything else.
pub(crate) fn number(name: &str) -> Option<u64> {
    match name.bytes().all(|byte| byte.is_ascii_digit()) {
        true => name.parse().ok(),
        false => None,
    }
}

/// The code of a version; nothing where it is a handler.
fn code(version: &Version) -> Result<Option<Code>, Error> {
    match &version.settings.run {
        Run::Command(command) => Code::of(command).map(Some),
        Run::Handler(_) => Ok(None),
    }
}

fn remove(folder: &Path) {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, folder = %folder.display(), "a version's code stays on disk");
        }
        _ => {}
    }
}
