//! Keeping how far shards have been processed.

use std::time::Duration;

use lambda_with::rules::stream::{Bookmark, Consumer, Lineage};
use lambda_with::{Error, Position, Stream};
use tokio::task::JoinError;
use tokio::time::Instant;

use super::Drive;
use crate::history::What;
use crate::poller::checkpoints::Change;
use crate::poller::ended;

/// What came of keeping bookmarks, and of telling the source.
pub(super) struct Saved {
    changes: Vec<(String, Option<Bookmark>)>,
    kept: Result<(), Error>,
    told: Result<(), Error>,
}

impl<S: Stream + 'static> Drive<S> {
    /// Takes up what was kept before a restart.
    pub(super) async fn resume(&mut self) -> Result<(), Error> {
        let kept = self.function.engine.checkpoints.load(&self.mapping).await?;
        for (shard, bookmark) in kept {
            let bookmark = Bookmark::from_json(&bookmark)
                .map_err(|error| error.with("shard", shard.clone()))?;
            self.kept.insert(shard, bookmark);
        }
        self.lineage = Lineage::resume(self.kept.clone());
        Ok(())
    }

    /// Keeps what has changed, one change after the other.
    pub(super) fn save(&mut self) {
        if !self.saves.is_empty() || self.save_at.is_some_and(|at| at > Instant::now()) {
            return;
        }
        self.save_at = None;
        let read = self.consumers.values().flat_map(Consumer::bookmarks);
        let waiting = self.lineage.waiting();
        let waiting = waiting.map(|(shard, bookmark)| (shard, bookmark.clone()));
        let changed = read
            .chain(waiting)
            .filter(|(shard, bookmark)| self.kept.get(*shard) != Some(bookmark))
            .map(|(shard, bookmark)| (shard.to_owned(), Some(bookmark)));
        let mut changes: Vec<(String, Option<Bookmark>)> = changed.collect();
        changes.extend(std::mem::take(&mut self.pending));
        if changes.is_empty() {
            return;
        }
        let mut moved = Vec::new();
        let mut kept: Vec<Change> = Vec::new();
        for (shard, bookmark) in &changes {
            kept.push((shard.clone(), bookmark.as_ref().map(Bookmark::to_json)));
            let Some(bookmark) = bookmark else {
                self.kept.remove(shard);
                continue;
            };
            let before = self.kept.insert(shard.clone(), bookmark.clone());
            if before.is_none_or(|before| before.position != bookmark.position) {
                moved.push((shard.clone(), bookmark.position.clone()));
            }
        }
        let (function, source) = (self.function.clone(), self.source.clone());
        let mapping = self.mapping.clone();
        self.saves.spawn(async move {
            let kept = function.engine.checkpoints.save(&mapping, kept).await;
            let mut told = Ok(());
            for (shard, position) in moved.into_iter().filter(|_| kept.is_ok()) {
                let engine = &function.engine;
                engine.note(&function.function, &mapping, || What::Checkpointed {
                    shard: shard.clone(),
                    position: position.clone(),
                });
                if let Position::After(id) = &position {
                    told = told.and(source.checkpoint(&shard, id).await);
                }
            }
            Saved {
                changes,
                kept,
                told,
            }
        });
    }

    pub(super) fn saved(&mut self, saved: Result<Saved, JoinError>) {
        let saved = match saved.map_err(|error| ended(&error)) {
            Ok(saved) => saved,
            // The source's code panicked; what is kept is as it was or as it should be.
            Err(error) => return self.not_kept(&error),
        };
        if let Err(error) = saved.told {
            self.not_kept(&error);
        }
        if let Err(error) = saved.kept {
            self.not_kept(&error);
            self.save_at = Some(Instant::now() + Duration::from_secs(1));
            for (shard, bookmark) in saved.changes {
                self.kept.remove(&shard);
                if bookmark.as_ref().is_none_or(|bookmark| bookmark.finished) {
                    self.pending.insert(shard, bookmark);
                }
            }
        }
    }

    fn not_kept(&self, error: &Error) {
        tracing::warn!(%error, mapping = self.mapping, "a checkpoint was not kept");
        self.count(|polled| polled.error = Some(error.to_string()));
    }
}
