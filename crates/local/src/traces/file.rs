//! The file of traces: a segment document on each line.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind as Io, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use lambda_with::{Error, ErrorKind};
use lambda_with_x_ray::Document;

/// The file, and the one before it.
const NAMES: [&str; 2] = ["traces.jsonl", "traces.1.jsonl"];

/// How large a file grows before the next is begun.
pub(crate) const MAX_FILE: u64 = 16 * 1024 * 1024;

/// How many documents may wait to be written; more are only kept in memory.
const MAX_WAITING: usize = 4096;

/// Writes documents in a thread of its own, so that no invocation waits for the disk.
#[derive(Debug)]
pub(crate) struct Writer {
    documents: Mutex<Option<SyncSender<String>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Opens the file in `dir`; another is begun whenever it has grown to `max` bytes.
    pub(crate) fn open(dir: &Path, max: u64) -> Result<Self, Error> {
        let path = dir.join(NAMES[0]);
        let file = append(&path).map_err(|error| failed("written", &path, error))?;
        let (documents, waiting) = sync_channel(MAX_WAITING);
        let dir = dir.to_owned();
        let thread = std::thread::Builder::new()
            .name("traces".to_owned())
            .spawn(move || {
                if let Err(error) = write(&dir, max, file, &waiting) {
                    tracing::error!(%error, "traces are not written any more");
                }
            })
            .map_err(|error| failed("written", &path, error))?;
        Ok(Self {
            documents: Mutex::new(Some(documents)),
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(crate) fn write(&self, document: String) {
        let documents = self
            .documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(documents) = &*documents
            && let Err(TrySendError::Full(_)) = documents.try_send(document)
        {
            tracing::warn!("the disk is slower than traces come: one is not written");
        }
    }

    pub(crate) fn close(&self) {
        let sender = self
            .documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(sender);
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // A thread that panicked has said so itself.
        let _ = thread.map(JoinHandle::join);
    }
}

/// The documents of both files, the oldest first.
pub(crate) fn read(dir: &Path) -> Result<Vec<Document>, Error> {
    let mut documents = Vec::new();
    for name in NAMES.iter().rev() {
        let path = dir.join(name);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == Io::NotFound => continue,
            Err(error) => return Err(failed("read", &path, error)),
        };
        // The last line may be half written.
        let lines = text
            .split(|byte| *byte == b'\n')
            .filter_map(|line| std::str::from_utf8(line).ok());
        documents.extend(lines.filter_map(|line| Document::read(line).ok()));
    }
    Ok(documents)
}

fn write(dir: &Path, max: u64, file: File, documents: &Receiver<String>) -> std::io::Result<()> {
    let [path, before] = NAMES.map(|name| dir.join(name));
    let mut size = file.metadata()?.len();
    let mut file = BufWriter::new(file);
    while let Ok(first) = documents.recv() {
        let mut next = Some(first);
        while let Some(document) = next {
            // One line for each, whatever blanks the sender wrote.
            let line = document.replace(['\n', '\r'], " ");
            file.write_all(line.as_bytes())?;
            file.write_all(b"\n")?;
            size += line.len() as u64 + 1;
            next = documents.try_recv().ok();
        }
        file.flush()?;
        if size > max {
            std::fs::rename(&path, &before)?;
            file = BufWriter::new(append(&path)?);
            size = 0;
        }
    }
    Ok(())
}

fn append(path: &PathBuf) -> std::io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("the file of traces could not be {what}"),
    )
    .with("file", path.display().to_string())
    .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(number: usize, blanks: usize) -> String {
        format!(
            "{{\"name\":\"n{number}\",{}\"id\":\"70de5b6f19ff9a0a\",\"trace_id\":\"t\",\"start_time\":1}}",
            "\n".repeat(blanks)
        )
    }

    #[test]
    fn what_is_written_is_read_and_files_stay_small() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), []);
        for _ in 0..2 {
            let writer = Writer::open(dir.path(), MAX_FILE).unwrap();
            writer.write(document(1, 3));
            writer.close();
            writer.write(document(2, 0));
        }
        let documents = read(dir.path()).unwrap();
        assert_eq!(documents.len(), 2);

        let mut text = std::fs::read(dir.path().join(NAMES[0])).unwrap();
        text.extend_from_slice(b"\xff\n{\"half");
        std::fs::write(dir.path().join(NAMES[0]), text).unwrap();
        assert_eq!(read(dir.path()).unwrap(), documents);

        for number in 0..100 {
            let writer = Writer::open(dir.path(), 1000).unwrap();
            writer.write(document(number, 0));
            writer.close();
        }
        for name in NAMES {
            let size = std::fs::metadata(dir.path().join(name)).unwrap().len();
            assert!(size < 1100, "{name}: {size}");
        }
        let kept = read(dir.path()).unwrap();
        let Some(Document::Segment(last)) = kept.last() else {
            panic!()
        };
        assert!(kept.len() > 10 && last.name == "n99", "{kept:?}");
    }
}
