//! How far the shards of each stream have been processed, on disk or in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lambda_with::{Error, ErrorKind};
use redb::{Database, DatabaseError, ReadableDatabase, TableDefinition};

/// Bookmarks by mapping and shard.
const BOOKMARKS: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("bookmarks");

const CACHE: usize = 4 * 1024 * 1024;

/// The bookmarks of all mappings.
#[derive(Debug)]
pub(crate) enum Checkpoints {
    Disk(Mutex<Option<Arc<Database>>>),
    Memory(Mutex<BTreeMap<(String, String), Vec<u8>>>),
}

/// What is to be kept of a shard; nothing to forget it.
pub(crate) type Change = (String, Option<Vec<u8>>);

impl Checkpoints {
    /// Opens the bookmarks in `dir`, or makes a place for them in memory.
    pub(crate) fn open(dir: Option<&Path>) -> Result<Self, Error> {
        let Some(dir) = dir else {
            return Ok(Self::Memory(Mutex::default()));
        };
        let path = dir.join("checkpoints.redb");
        let failed = |error: redb::Error| {
            Error::new(
                ErrorKind::Unavailable,
                "the file of checkpoints could not be opened",
            )
            .with("file", path.display().to_string())
            .caused_by(error)
        };
        let database = match Database::builder().set_cache_size(CACHE).create(&path) {
            Ok(database) => database,
            Err(DatabaseError::DatabaseAlreadyOpen) => {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    "another engine uses the file of checkpoints",
                )
                .with("file", path.display().to_string()));
            }
            Err(error) => return Err(failed(error.into())),
        };
        make(&database).map_err(failed)?;
        Ok(Self::Disk(Mutex::new(Some(Arc::new(database)))))
    }

    /// What is kept of the shards of a mapping.
    pub(crate) async fn load(&self, mapping: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        match self {
            Self::Memory(kept) => {
                let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let of = kept.iter().filter(|((other, _), _)| other == mapping);
                Ok(of
                    .map(|((_, shard), bookmark)| (shard.clone(), bookmark.clone()))
                    .collect())
            }
            Self::Disk(database) => {
                let mapping = mapping.to_owned();
                on_disk(database, "read", move |database| load(database, &mapping)).await
            }
        }
    }

    /// Keeps bookmarks of a mapping, all or none; on return they are on disk.
    pub(crate) async fn save(&self, mapping: &str, changes: Vec<Change>) -> Result<(), Error> {
        match self {
            Self::Memory(kept) => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                for (shard, bookmark) in changes {
                    let key = (mapping.to_owned(), shard);
                    match bookmark {
                        Some(bookmark) => kept.insert(key, bookmark),
                        None => kept.remove(&key),
                    };
                }
                Ok(())
            }
            Self::Disk(database) => {
                let mapping = mapping.to_owned();
                on_disk(database, "written", move |database| {
                    save(database, &mapping, &changes)
                })
                .await
            }
        }
    }

    /// Closes the file; nothing can be kept from then on.
    pub(crate) fn close(&self) {
        if let Self::Disk(database) = self {
            database
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
        }
    }
}

async fn on_disk<T: Send + 'static>(
    database: &Mutex<Option<Arc<Database>>>,
    what: &str,
    work: impl FnOnce(&Database) -> Result<T, redb::Error> + Send + 'static,
) -> Result<T, Error> {
    let failed = || {
        Error::new(
            ErrorKind::Unavailable,
            format!("checkpoints could not be {what}"),
        )
    };
    let open = database
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let open = open.ok_or_else(failed)?;
    let done = tokio::task::spawn_blocking(move || work(&open)).await;
    done.map_err(|error| failed().caused_by(error))?
        .map_err(|error| failed().caused_by(error))
}

fn make(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(BOOKMARKS)?;
    transaction.commit()?;
    Ok(())
}

fn load(database: &Database, mapping: &str) -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
    let table = database.begin_read()?.open_table(BOOKMARKS)?;
    let mut kept = Vec::new();
    for row in table.range((mapping, "")..)? {
        let (key, bookmark) = row?;
        let (other, shard) = key.value();
        if other != mapping {
            break;
        }
        kept.push((shard.to_owned(), bookmark.value().to_vec()));
    }
    Ok(kept)
}

fn save(database: &Database, mapping: &str, changes: &[Change]) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut table = transaction.open_table(BOOKMARKS)?;
        for (shard, bookmark) in changes {
            let key = (mapping, shard.as_str());
            match bookmark {
                Some(bookmark) => table.insert(key, &bookmark[..])?,
                None => table.remove(key)?,
            };
        }
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(checkpoints: &Checkpoints) {
        let kept = |shard: &str, bookmark: &str| (shard.to_owned(), bookmark.as_bytes().to_vec());
        let set =
            |shard: &str, bookmark: &str| (shard.to_owned(), Some(bookmark.as_bytes().to_vec()));
        assert!(checkpoints.load("a").await.unwrap().is_empty());
        let changes = vec![set("1", "one"), set("2", "two")];
        checkpoints.save("a", changes).await.unwrap();
        checkpoints
            .save("b", vec![set("1", "other")])
            .await
            .unwrap();
        checkpoints
            .save("a", vec![set("2", "more"), ("1".to_owned(), None)])
            .await
            .unwrap();
        assert_eq!(checkpoints.load("a").await.unwrap(), [kept("2", "more")]);
        assert_eq!(checkpoints.load("b").await.unwrap(), [kept("1", "other")]);
        assert!(checkpoints.load("").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_was_kept_is_there_again() {
        check(&Checkpoints::open(None).unwrap()).await;
        let dir = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(Some(dir.path())).unwrap();
        check(&checkpoints).await;
        let again = Checkpoints::open(Some(dir.path())).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Conflict);
        checkpoints.close();
        let error = checkpoints.load("b").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let again = Checkpoints::open(Some(dir.path())).unwrap();
        assert_eq!(again.load("b").await.unwrap().len(), 1);
    }
}
