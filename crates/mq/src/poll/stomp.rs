//! STOMP 1.2, as far as a consumer of one queue needs it.
//!
//! See <https://stomp.github.io/stomp-specification-1.2.html>.

use lambda_with::{Error, ErrorKind};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// No header of a broker is longer.
const LONGEST_LINE: usize = 1024 * 1024;
/// No message of a broker is longer.
const LONGEST_BODY: usize = 256 * 1024 * 1024;

/// A frame: a command, headers and a body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Frame {
    pub(super) command: String,
    /// The headers in order; of a name that comes twice the first counts.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Frame {
    pub(super) fn new(command: &str, headers: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            command: command.to_owned(),
            headers: headers.iter().map(own).collect(),
            body: Vec::new(),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(known, _)| known == name);
        named.next().map(|(_, value)| value.as_str())
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        // The first frames of a connection are older than escaping.
        let escaped = |text: &str| match self.command.as_str() {
            "CONNECT" | "CONNECTED" => text.to_owned(),
            _ => escape(text),
        };
        let mut bytes = format!("{}\n", self.command).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("{}:{}\n", escaped(name), escaped(value)).into_bytes());
        }
        bytes.push(b'\n');
        bytes.extend(&self.body);
        bytes.push(0);
        bytes
    }
}

pub(super) struct Reader(BufReader<OwnedReadHalf>);
pub(super) struct Writer(OwnedWriteHalf);

/// Connects to `HOST:PORT`.
pub(super) async fn connect(address: &str) -> Result<(Reader, Writer), Error> {
    let stream = TcpStream::connect(address).await.map_err(broken)?;
    stream.set_nodelay(true).map_err(broken)?;
    let (read, write) = stream.into_split();
    Ok((Reader(BufReader::new(read)), Writer(write)))
}

impl Writer {
    pub(super) async fn send(&mut self, frame: &Frame) -> Result<(), Error> {
        self.0.write_all(&frame.encode()).await.map_err(broken)
    }
}

impl Reader {
    /// The next frame. Must be awaited to its end: what was read of a frame is not kept.
    pub(super) async fn frame(&mut self) -> Result<Frame, Error> {
        let command = loop {
            let line = self.line().await?;
            // Line feeds between frames are heartbeats.
            if !line.is_empty() {
                break line;
            }
        };
        let mut frame = Frame {
            command,
            ..Frame::default()
        };
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| malformed("a header without a colon"))?;
            let plain = frame.command == "CONNECTED";
            let read = |text: &str| {
                if plain {
                    text.to_owned()
                } else {
                    unescape(text)
                }
            };
            frame.headers.push((read(name), read(value)));
        }
        let length = frame.header("content-length").map(str::parse::<usize>);
        match length {
            Some(Ok(length)) if length <= LONGEST_BODY => {
                let mut body = vec![0; length + 1];
                self.0.read_exact(&mut body).await.map_err(broken)?;
                if body.pop() != Some(0) {
                    return Err(malformed("a body longer than its content-length"));
                }
                frame.body = body;
            }
            Some(_) => return Err(malformed("a content-length that is no length")),
            None => {
                let mut limited = (&mut self.0).take(LONGEST_BODY as u64);
                limited
                    .read_until(0, &mut frame.body)
                    .await
                    .map_err(broken)?;
                if frame.body.pop() != Some(0) {
                    return Err(malformed("a body without an end"));
                }
            }
        }
        Ok(frame)
    }

    /// Waits until a frame begins, or the connection ends. May be dropped at any time.
    pub(super) async fn ready(&mut self) -> Result<(), Error> {
        loop {
            let read = self.0.fill_buf().await.map_err(broken)?;
            let heartbeats = read.iter().take_while(|byte| matches!(byte, b'\n' | b'\r'));
            match heartbeats.count() {
                0 => return Ok(()),
                count => self.0.consume(count),
            }
        }
    }

    async fn line(&mut self) -> Result<String, Error> {
        let mut line = Vec::new();
        let mut limited = (&mut self.0).take(LONGEST_LINE as u64);
        limited.read_until(b'\n', &mut line).await.map_err(broken)?;
        if line.pop() != Some(b'\n') {
            return Err(Error::new(
                ErrorKind::Unavailable,
                "the broker closed the connection",
            ));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line).map_err(|_| malformed("a header that is not UTF-8"))
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            ':' => escaped.push_str("\\c"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('r') => plain.push('\r'),
                Some('c') => plain.push(':'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            c => plain.push(c),
        }
    }
    plain
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::Decode, format!("the broker sent {what}"))
}

fn broken(error: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the connection to the broker is broken",
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn read(bytes: &'static [u8]) -> Result<Frame, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let sent = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(bytes).await.unwrap();
        });
        let (mut reader, _writer) = connect(&address).await.unwrap();
        let frame = reader.frame().await;
        sent.await.unwrap();
        frame
    }

    #[tokio::test]
    async fn frames() {
        let frame = read(b"\n\r\nMESSAGE\r\na\\cb:c\\\\d\\n\ncontent-length:3\n\n\0x\0\0")
            .await
            .unwrap();
        assert_eq!(frame.command, "MESSAGE");
        assert_eq!(frame.header("a:b"), Some("c\\d\n"));
        assert_eq!(frame.body, b"\0x\0");
        let frame = read(b"MESSAGE\na:1\na:2\n\nhello\0").await.unwrap();
        assert_eq!(
            (frame.header("a"), &frame.body[..]),
            (Some("1"), &b"hello"[..])
        );
        let again = Frame::new("ACK", &[("id", "a:b\nc\\")]);
        assert_eq!(again.encode(), b"ACK\nid:a\\cb\\nc\\\\\n\n\0");
        assert_eq!(unescape(&escape("a:b\r\nc\\n")), "a:b\r\nc\\n");
    }

    #[tokio::test]
    async fn what_is_no_frame() {
        for (bytes, kind) in [
            (&b"MESSAGE\nno colon\n\n\0"[..], ErrorKind::Decode),
            (b"MESSAGE\ncontent-length:two\n\n\0", ErrorKind::Decode),
            (b"MESSAGE\ncontent-length:1\n\nxyz\0", ErrorKind::Decode),
            (b"MESSAGE\n\nno end", ErrorKind::Decode),
            (
                b"MESSAGE\ncontent-length:9\n\nxyz\0",
                ErrorKind::Unavailable,
            ),
            (b"MESSA", ErrorKind::Unavailable),
            (b"", ErrorKind::Unavailable),
        ] {
            let error = read(bytes).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
        }
    }
}
