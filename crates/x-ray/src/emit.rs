//! Sending documents to the X-Ray daemon.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};

use lambda_with::{Error, ErrorKind};

/// The environment variable that says where the daemon listens.
pub const DAEMON_VARIABLE: &str = "AWS_XRAY_DAEMON_ADDRESS";

/// Where it listens unless told otherwise.
const USUAL: &str = "127.0.0.1:2000";

const HEADER: &str = "{\"format\": \"json\", \"version\": 1}\n";

/// What a datagram of UDP holds at most over IPv4.
const MAX_DATAGRAM: usize = 65_507;

/// Sends documents to the X-Ray daemon over UDP, without ever waiting.
///
/// ```
/// use std::net::UdpSocket;
///
/// use lambda_with_x_ray::{Emitter, SERVICE, read_datagram};
///
/// let daemon = UdpSocket::bind("127.0.0.1:0")?;
/// let emitter = Emitter::new(daemon.local_addr()?)?;
/// let document = SERVICE.sample("aws-call").ok_or("no such sample")?.json;
/// assert!(emitter.send(document));
///
/// let mut datagram = [0; 4096];
/// let length = daemon.recv(&mut datagram)?;
/// assert_eq!(read_datagram(&datagram[..length])?, document);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Tracing must never hurt what it traces: a document that cannot be sent at once is dropped and
/// counted. The daemon acknowledges nothing, so a document that was sent may still be lost.
#[derive(Debug)]
pub struct Emitter {
    socket: UdpSocket,
    sent: AtomicU64,
    dropped: AtomicU64,
}

impl Emitter {
    /// The largest document that fits into one datagram: a little less than X-Ray takes.
    pub const MAX_DOCUMENT: usize = MAX_DATAGRAM - HEADER.len();

    /// Sends to a daemon at this address.
    ///
    /// # Errors
    ///
    /// `Unavailable` when there is no socket to be had.
    pub fn new(daemon: SocketAddr) -> Result<Self, Error> {
        let failed = |error| {
            Error::new(
                ErrorKind::Unavailable,
                format!("no socket for the X-Ray daemon at {daemon}"),
            )
            .caused_by(error)
        };
        let any: SocketAddr = match daemon {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).map_err(failed)?;
        socket.connect(daemon).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        Ok(Self {
            socket,
            sent: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        })
    }

    /// Sends to the daemon that `AWS_XRAY_DAEMON_ADDRESS` names, as Lambda sets it: `HOST:PORT`, or
    /// `tcp:HOST:PORT udp:HOST:PORT`. Without it to 127.0.0.1:2000. A host is looked up here, once.
    ///
    /// # Errors
    ///
    /// `Invalid` when the variable is no such address, `Unavailable` when the host is not found.
    pub fn from_env() -> Result<Self, Error> {
        let address = std::env::var(DAEMON_VARIABLE).unwrap_or_else(|_| USUAL.to_owned());
        let (host, port) = udp(&address).ok_or_else(|| {
            Error::new(
                ErrorKind::Invalid,
                format!("{DAEMON_VARIABLE}: `{address}` is no address"),
            )
            .with("form", "HOST:PORT, or tcp:HOST:PORT udp:HOST:PORT")
        })?;
        let unknown = || {
            Error::new(
                ErrorKind::Unavailable,
                format!("{DAEMON_VARIABLE}: `{host}` is not found"),
            )
        };
        let mut found = (host, port)
            .to_socket_addrs()
            .map_err(|error| unknown().caused_by(error))?;
        Self::new(found.next().ok_or_else(unknown)?)
    }

    /// Sends one document; `false` when it was dropped.
    pub fn send(&self, document: &str) -> bool {
        let sent = document.len() <= Self::MAX_DOCUMENT && {
            let datagram = datagram(document);
            // The error may be about the datagram before: nobody listened. It is told once.
            self.socket.send(&datagram).is_ok() || self.socket.send(&datagram).is_ok()
        };
        let counter = if sent { &self.sent } else { &self.dropped };
        counter.fetch_add(1, Ordering::Relaxed);
        sent
    }

    /// Counts a document that could not even be made.
    pub fn drop_one(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// How many documents were sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many documents were dropped: too large for a datagram, or the system took no more.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A document as the daemon takes it: a header, and the document on the next line.
#[must_use]
pub fn datagram(document: &str) -> Vec<u8> {
    let mut datagram = Vec::with_capacity(HEADER.len() + document.len());
    datagram.extend_from_slice(HEADER.as_bytes());
    datagram.extend_from_slice(document.as_bytes());
    datagram
}

/// The document of a datagram.
///
/// # Errors
///
/// `Decode` when it does not begin with the header `{"format": "json", "version": 1}` on a line of
/// its own, or is not UTF-8.
pub fn read_datagram(datagram: &[u8]) -> Result<&str, Error> {
    #[derive(serde::Deserialize)]
    struct Header {
        format: String,
        version: u32,
    }
    let refuse = |why: &str| {
        Error::new(
            ErrorKind::Decode,
            format!("not a datagram for the X-Ray daemon: {why}"),
        )
    };
    let text = std::str::from_utf8(datagram)
        .map_err(|error| refuse("it is not UTF-8").caused_by(error))?;
    let (header, document) = text
        .split_once('\n')
        .ok_or_else(|| refuse("it has one line"))?;
    let header: Header = serde_json::from_str(header)
        .map_err(|error| refuse("its header is not JSON").caused_by(error))?;
    match (header.format.as_str(), header.version) {
        ("json", 1) => Ok(document),
        (format, version) => Err(refuse(&format!("format `{format}`, version {version}"))),
    }
}

/// The place for UDP in the daemon's address.
fn udp(address: &str) -> Option<(&str, u16)> {
    let parts: Vec<&str> = address.split_ascii_whitespace().collect();
    let place = match parts.as_slice() {
        [one] => one,
        [_, _] => {
            let of = |kind| parts.iter().find_map(|part| part.strip_prefix(kind));
            of("tcp:")?;
            of("udp:")?
        }
        _ => return None,
    };
    let (host, port) = place.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Some((host, port.parse().ok()?))
        .filter(|_| !host.is_empty() && !host.contains("tcp:") && !host.contains("udp:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (address, expected) in [
            ("127.0.0.1:2000", Some(("127.0.0.1", 2000))),
            ("169.254.100.1:2000", Some(("169.254.100.1", 2000))),
            ("xray.internal:2001", Some(("xray.internal", 2001))),
            ("[::1]:2000", Some(("::1", 2000))),
            (
                "tcp:127.0.0.1:2000 udp:127.0.0.2:2001",
                Some(("127.0.0.2", 2001)),
            ),
            (
                "udp:127.0.0.2:2001 tcp:127.0.0.1:2000",
                Some(("127.0.0.2", 2001)),
            ),
            ("", None),
            ("127.0.0.1", None),
            (":2000", None),
            ("127.0.0.1:port", None),
            ("127.0.0.1:70000", None),
            ("udp:127.0.0.1:2000", None),
            ("tcp:127.0.0.1:2000 tcp:127.0.0.1:2000", None),
            ("a:1 b:2 c:3", None),
        ] {
            assert_eq!(udp(address), expected, "{address}");
        }
    }

    #[test]
    fn nobody_listens_and_nothing_waits() {
        let closed = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = closed.local_addr().unwrap();
        drop(closed);
        let emitter = Emitter::new(address).unwrap();
        for _ in 0..100 {
            emitter.send("{}");
        }
        assert_eq!(emitter.sent() + emitter.dropped(), 100);
        let before = emitter.dropped();
        assert!(!emitter.send(&"x".repeat(Emitter::MAX_DOCUMENT + 1)));
        assert_eq!(emitter.dropped(), before + 1);
    }

    #[test]
    fn the_largest_document_arrives_whole() {
        let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
        let emitter = Emitter::new(daemon.local_addr().unwrap()).unwrap();
        let document = "x".repeat(Emitter::MAX_DOCUMENT);
        assert!(emitter.send(&document), "{emitter:?}");
        let mut datagram = vec![0; 70_000];
        let length = daemon.recv(&mut datagram).unwrap();
        assert_eq!(read_datagram(&datagram[..length]).unwrap(), document);
    }

    #[test]
    fn what_is_no_datagram() {
        for (datagram, why) in [
            (&b"{\"format\":\"json\",\"version\":1}"[..], "one line"),
            (b"x\n{}", "header is not JSON"),
            (b"{\"format\":\"cbor\",\"version\":1}\n{}", "format `cbor`"),
            (b"{\"format\":\"json\",\"version\":2}\n{}", "version 2"),
            (b"\xff\n{}", "not UTF-8"),
        ] {
            let error = read_datagram(datagram).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert_eq!(
            read_datagram(b"{\"version\":1,\"format\":\"json\"}\n{}").unwrap(),
            "{}"
        );
    }
}
