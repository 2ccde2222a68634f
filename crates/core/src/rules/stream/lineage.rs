//! The order of shards: children after their parents.

use std::collections::{BTreeMap, HashSet};

use super::bookmark::Bookmark;
use crate::{Position, Shard};

/// Which shards of a stream may be read.
///
/// ```
/// use lambda_with::rules::stream::Lineage;
/// use lambda_with::{Position, Shard};
///
/// let shard = |id: &str, parents: &[&str]| Shard {
///     id: id.into(),
///     parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
/// };
/// let shards = [shard("a", &[]), shard("b", &["a"]), shard("c", &["a"])];
/// let mut lineage = Lineage::default();
/// let ready = lineage.list(&shards, &Position::Latest, &Position::TrimHorizon);
/// assert_eq!(ready.len(), 1);
/// lineage.finish("a");
/// let ready = lineage.list(&shards, &Position::Latest, &Position::TrimHorizon);
/// assert_eq!(ready.len(), 2);
/// ```
///
/// A parent that is not listed, and not being read, is older than the stream keeps records, and
/// counts as finished. The starting position is for the shards there are when the mapping begins;
/// children that appear later are read whole.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    shards: BTreeMap<String, Standing>,
    /// Whether any shard was ever listed.
    begun: bool,
}

#[derive(Clone, Debug)]
enum Standing {
    Waiting(Bookmark),
    Reading,
    Finished,
}

impl Lineage {
    /// What was known before a restart.
    #[must_use]
    pub fn resume(bookmarks: impl IntoIterator<Item = (String, Bookmark)>) -> Self {
        let standing = |bookmark: Bookmark| match bookmark.finished {
            true => Standing::Finished,
            false => Standing::Waiting(bookmark),
        };
        let shards: BTreeMap<_, _> = bookmarks
            .into_iter()
            .map(|(id, bookmark)| (id, standing(bookmark)))
            .collect();
        Self {
            begun: !shards.is_empty(),
            shards,
        }
    }

    /// Takes note of the shards there are now; returns those to begin with.
    ///
    /// While nothing is known yet shards begin at `start`, later ones at `later`.
    pub fn list(
        &mut self,
        listed: &[Shard],
        start: &Position,
        later: &Position,
    ) -> Vec<(String, Bookmark)> {
        let position = match self.begun {
            true => later,
            false => start,
        };
        self.begun |= !listed.is_empty();
        for shard in listed {
            self.shards
                .entry(shard.id.clone())
                .or_insert_with(|| Standing::Waiting(Bookmark::at(position.clone())));
        }
        let ids = ids(listed);
        let mut ready = Vec::new();
        for shard in listed {
            let unfinished = |parent: &String| match self.shards.get(parent) {
                Some(Standing::Waiting(_)) => ids.contains(parent.as_str()),
                Some(Standing::Reading) => true,
                Some(Standing::Finished) | None => false,
            };
            if shard.parents.iter().any(unfinished) {
                continue;
            }
            let Some(standing) = self.shards.get_mut(&shard.id) else {
                continue;
            };
            if let Standing::Waiting(bookmark) = standing {
                ready.push((shard.id.clone(), bookmark.clone()));
                *standing = Standing::Reading;
            }
        }
        ready
    }

    /// What is known of shards that wait for their parents.
    pub fn waiting(&self) -> impl Iterator<Item = (&str, &Bookmark)> {
        self.shards
            .iter()
            .filter_map(|(id, standing)| match standing {
                Standing::Waiting(bookmark) => Some((id.as_str(), bookmark)),
                Standing::Reading | Standing::Finished => None,
            })
    }

    /// Takes note that all records of a shard are done with.
    pub fn finish(&mut self, shard: &str) {
        if let Some(standing) = self.shards.get_mut(shard) {
            *standing = Standing::Finished;
        }
    }

    /// Forgets finished shards that are listed no more, and names them.
    pub fn forget(&mut self, listed: &[Shard]) -> Vec<String> {
        let listed = ids(listed);
        let gone = |id: &String, standing: &mut Standing| {
            matches!(standing, Standing::Finished) && !listed.contains(id.as_str())
        };
        let gone = self.shards.extract_if(.., gone);
        gone.map(|(id, _)| id).collect()
    }
}

fn ids(shards: &[Shard]) -> HashSet<&str> {
    shards.iter().map(|shard| shard.id.as_str()).collect()
}
