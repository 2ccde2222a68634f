//! Traces of this engine's invocations: kept in memory and in a file, and received from functions.

mod file;
mod segments;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lambda_with::{Error, ErrorKind};
use lambda_with_x_ray::{DAEMON_VARIABLE, Document, read_datagram};
use tokio::net::UdpSocket;
use tokio::sync::watch;

use self::file::Writer;
pub(crate) use self::segments::{Invoked, Times, chain, headers, links};
use crate::poller::told;

/// How many bytes of documents are kept in memory.
const MAX_KEPT: usize = 32 * 1024 * 1024;

/// The traces of an engine.
#[derive(Debug)]
pub(crate) struct Traces {
    kept: Mutex<Kept>,
    file: Option<Writer>,
    address: SocketAddr,
}

#[derive(Debug, Default)]
struct Kept {
    documents: VecDeque<String>,
    bytes: usize,
}

impl Traces {
    /// Opens the file in `dir`, and the port functions send to.
    pub(crate) async fn open(dir: Option<&Path>) -> Result<(Arc<Self>, UdpSocket), Error> {
        let failed = |error| {
            Error::new(ErrorKind::Unavailable, "no port for traces can be had").caused_by(error)
        };
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let file = dir
            .map(|dir| Writer::open(dir, file::MAX_FILE))
            .transpose()?;
        let traces = Self {
            kept: Mutex::default(),
            file,
            address,
        };
        Ok((Arc::new(traces), socket))
    }

    /// Where functions send their documents.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The variables that tell a function where.
    pub(crate) fn variables(&self) -> [(String, String); 3] {
        let (host, port) = (
            self.address.ip().to_string(),
            self.address.port().to_string(),
        );
        [
            (DAEMON_VARIABLE.to_owned(), self.address.to_string()),
            ("_AWS_XRAY_DAEMON_ADDRESS".to_owned(), host),
            ("_AWS_XRAY_DAEMON_PORT".to_owned(), port),
        ]
    }

    /// Keeps a document; the oldest make room for it.
    pub(crate) fn keep(&self, document: String) {
        if let Some(file) = &self.file {
            file.write(document.clone());
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += document.len();
        kept.documents.push_back(document);
        while kept.bytes > MAX_KEPT {
            let Some(oldest) = kept.documents.pop_front() else {
                break;
            };
            kept.bytes -= oldest.len();
        }
    }

    /// All that is kept, the oldest first.
    pub(crate) fn documents(&self) -> Vec<Document> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.documents
            .iter()
            .filter_map(|json| Document::read(json).ok())
            .collect()
    }

    /// Takes what functions send, until told to stop.
    pub(crate) async fn receive(self: Arc<Self>, socket: UdpSocket, stop: watch::Receiver<bool>) {
        let mut stop = std::pin::pin!(told(stop));
        let mut datagram = vec![0; 65_536];
        loop {
            let received = tokio::select! {
                received = socket.recv(&mut datagram) => received,
                () = &mut stop => return,
            };
            match received {
                Ok(length) => self.received(&datagram[..length]),
                Err(error) => tracing::warn!(%error, "a segment document could not be received"),
            }
        }
    }

    /// Writes out what waits.
    pub(crate) fn close(&self) {
        if let Some(file) = &self.file {
            file.close();
        }
    }

    fn received(&self, datagram: &[u8]) {
        let read = read_datagram(datagram).and_then(|json| Ok((json, Document::read(json)?)));
        match read {
            Ok((json, document)) => {
                for problem in document.problems() {
                    tracing::warn!(problem, "X-Ray may drop a segment document");
                }
                self.keep(json.to_owned());
            }
            Err(error) => {
                tracing::warn!(%error, "what was sent to the X-Ray daemon is no segment document");
            }
        }
    }
}

/// The documents an engine with this data directory has written, the oldest first: the last 16 to
/// 32 MB. None where there is no file.
///
/// ```no_run
/// use lambda_with_local::read_traces;
/// use lambda_with_x_ray::Trace;
///
/// let documents = read_traces(".lambda-with".as_ref())?;
/// if let Some(last) = Trace::last(&documents) {
///     println!("{last}");
/// }
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// An engine may be running there.
///
/// # Errors
///
/// `Unavailable` when the file cannot be read.
pub fn read_traces(dir: &Path) -> Result<Vec<Document>, Error> {
    file::read(dir)
}
