//! The provisioned concurrency of versions and aliases.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html>.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use lambda_with::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

use crate::function::Function;
use crate::function::version::Version;
use crate::function::versions::{Alias, State, number};

/// What a version or alias was given.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Provisioned {
    pub(crate) requested: usize,
    /// Milliseconds since the epoch.
    pub(crate) modified: i64,
    /// How much of it was there when it was changed last.
    #[serde(skip)]
    before: usize,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Allocation {
    Ready,
    InProgress,
    /// The initialization failed.
    Failed,
}

impl Provisioned {
    /// How much of it is there.
    pub(crate) fn allocated(&self, allocation: Allocation) -> usize {
        match allocation {
            Allocation::Ready => self.requested,
            Allocation::InProgress => self.before,
            Allocation::Failed => 0,
        }
    }
}

impl Function {
    /// Gives a version or an alias provisioned concurrency.
    pub(crate) fn provision(&self, qualifier: &str, requested: usize) -> Result<(), Error> {
        let mut all = self.all_provisioned();
        self.check_provisioned(&all, qualifier)?;
        let before = all.get(qualifier).map_or(0, |known| known.requested);
        self.place
            .with(|account, function| account.check_provisioned(function, before, requested))?;
        self.note_what_is_there(&mut all);
        let before = all.get(qualifier).map_or(0, |known| known.before);
        let known = Provisioned {
            requested,
            modified: self.clock.timestamp().unix_millis(),
            before: before.min(requested),
        };
        all.insert(qualifier.to_owned(), known);
        self.allocate(&all, Some(qualifier));
        Ok(())
    }

    /// Takes it away again.
    pub(crate) fn withdraw(&self, qualifier: &str) {
        let mut all = self.all_provisioned();
        if all.remove(qualifier).is_some() {
            self.allocate(&all, None);
        }
        drop(all);
        if let Some(version) = number(qualifier)
            && self.versions.lock().version(qualifier).is_none()
        {
            self.place
                .with(|account, function| account.provision(function, version, 0));
        }
    }

    /// Changes aliases, and has environments initialized where they lead by then.
    pub(crate) fn reroute<T>(&self, change: impl FnOnce(&BTreeMap<String, Provisioned>) -> T) -> T {
        let mut all = self.all_provisioned();
        self.note_what_is_there(&mut all);
        let changed = change(&all);
        self.allocate(&all, None);
        changed
    }

    /// What each version and alias was given, and how far that is.
    pub(crate) fn provisioned(&self) -> BTreeMap<String, (Provisioned, Allocation)> {
        let all = self.all_provisioned();
        let far = |(qualifier, known): (&String, &Provisioned)| {
            let allocation = self.allocation(qualifier);
            (qualifier.clone(), (known.clone(), allocation))
        };
        all.iter().map(far).collect()
    }

    /// Finds out whether a version or alias can be given any: of a published version either its own
    /// number or aliases have it.
    pub(crate) fn check_provisioned(
        &self,
        all: &BTreeMap<String, Provisioned>,
        qualifier: &str,
    ) -> Result<(), Error> {
        let state = self.versions.lock();
        match state.aliases.get(qualifier) {
            Some(alias) => {
                check_routing(all, alias.routing.versions())?;
            }
            None => {
                let is_pointed = |(name, alias): (&String, &Alias)| {
                    all.contains_key(name) && alias.routing.versions().any(|name| name == qualifier)
                };
                if state.aliases.iter().any(is_pointed) {
                    let message = "Version is pointed by a Provisioned Concurrency alias";
                    return Err(Error::new(ErrorKind::Conflict, message));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn all_provisioned(&self) -> MutexGuard<'_, BTreeMap<String, Provisioned>> {
        self.provisioned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn note_what_is_there(&self, all: &mut BTreeMap<String, Provisioned>) {
        for (qualifier, known) in all {
            known.before = known.allocated(self.allocation(qualifier));
        }
    }

    /// Gives each version what is asked for it; where `anew` leads to, even if it had as much.
    fn allocate(&self, all: &BTreeMap<String, Provisioned>, anew: Option<&str>) {
        let mut wanted: BTreeMap<u64, (usize, bool)> = BTreeMap::new();
        let published: Vec<(u64, Arc<Version>)> = {
            let state = self.versions.lock();
            for (qualifier, known) in all {
                let is_anew = anew == Some(qualifier.as_str());
                for (version, count) in shares(&state, qualifier, known.requested) {
                    let entry = wanted.entry(version).or_default();
                    entry.0 += count;
                    entry.1 |= is_anew;
                }
            }
            let published = state.published.iter();
            published
                .map(|(number, published)| (*number, published.version.clone()))
                .collect()
        };
        for (number, version) in published {
            let (count, anew) = wanted.get(&number).copied().unwrap_or_default();
            version.provision(number, count, anew, &self.place);
        }
    }

    /// How far the versions are that a qualifier leads to; the worst counts.
    fn allocation(&self, qualifier: &str) -> Allocation {
        let versions: Vec<Option<Arc<Version>>> = {
            let state = self.versions.lock();
            let led = shares(&state, qualifier, 0).into_iter();
            led.map(|(number, _)| state.version(&number.to_string()))
                .collect()
        };
        let all = versions
            .iter()
            .flatten()
            .map(|version| version.allocation());
        all.max().unwrap_or(Allocation::InProgress)
    }
}

/// Finds out whether an alias that is provisioned may lead to these versions.
pub(crate) fn check_routing<'a>(
    all: &BTreeMap<String, Provisioned>,
    versions: impl Iterator<Item = &'a str>,
) -> Result<(), Error> {
    for version in versions {
        if number(version).is_none() {
            let message = "Provisioned Concurrency Configs cannot be applied to unpublished function versions.";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if all.contains_key(version) {
            let message = "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version";
            return Err(Error::new(ErrorKind::Conflict, message));
        }
    }
    Ok(())
}

/// How much of what a qualifier has each version gets: an alias gives by its weights.
fn shares(state: &State, qualifier: &str, count: usize) -> Vec<(u64, usize)> {
    let Some(alias) = state.aliases.get(qualifier) else {
        return number(qualifier)
            .map(|version| (version, count))
            .into_iter()
            .collect();
    };
    let other = alias.routing.additional.as_ref();
    let other = other.map(|(version, weight)| {
        let part = (count as f64 * weight).round() as usize;
        (version.as_str(), part.min(count))
    });
    let rest = count - other.map_or(0, |(_, part)| part);
    let own = (alias.routing.version.as_str(), rest);
    let all = std::iter::once(own).chain(other);
    all.filter_map(|(version, count)| Some((number(version)?, count)))
        .collect()
}
