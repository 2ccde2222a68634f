//! What a process prints: split into lines, logged, and kept for the tail.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::unix::pipe;

use crate::environment::telemetry::{Stream, Telemetry};
use crate::log::{Log, LogKind, Tail};

/// Lines longer than this are logged in pieces, as CloudWatch does.
const MAX_LINE: usize = 256 * 1024;

/// The reading end of a process's output.
///
/// Two read it: a task that waits for output, and whoever begins or ends an invocation, so that its
/// last lines are logged before its answer goes out and before its `END`. Both read under the lock,
/// which keeps the order.
#[derive(Debug)]
pub(crate) struct Output {
    function: String,
    log: Log,
    telemetry: Arc<Telemetry>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    pipe: Option<File>,
    line: Vec<u8>,
    tail: Tail,
}

impl Output {
    pub(crate) fn new(function: String, log: Log, telemetry: Arc<Telemetry>) -> Arc<Self> {
        Arc::new(Self {
            function,
            log,
            telemetry,
            state: Mutex::default(),
        })
    }

    /// Reads `reader` to its end. What is printed counts from the call on, not from the first poll: an
    /// invocation may be over before that.
    pub(crate) fn follow(
        self: Arc<Self>,
        reader: std::io::PipeReader,
    ) -> impl Future<Output = std::io::Result<()>> {
        let readable = self.attach(reader);
        async move {
            let readable = readable?;
            loop {
                readable.readable().await?;
                let mut chunk = [0; 8192];
                let mut state = self.lock();
                match readable.try_read(&mut chunk) {
                    Ok(0) => {
                        self.end(&mut state);
                        return Ok(());
                    }
                    Ok(length) => self.feed(&mut state, &chunk[..length]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    fn attach(&self, reader: std::io::PipeReader) -> std::io::Result<pipe::Receiver> {
        let readable = pipe::Receiver::from_owned_fd(reader.try_clone()?.into())?;
        self.lock().pipe = Some(File::from(OwnedFd::from(reader)));
        Ok(readable)
    }

    /// Reads what an extension prints, to its end.
    pub(crate) async fn follow_extension(self: Arc<Self>, reader: std::io::PipeReader) {
        let Ok(readable) = pipe::Receiver::from_owned_fd(reader.into()) else {
            return;
        };
        let mut line = Vec::new();
        while readable.readable().await.is_ok() {
            let mut chunk = [0; 8192];
            let end = match readable.try_read(&mut chunk) {
                Ok(length) => {
                    line.extend_from_slice(&chunk[..length]);
                    length == 0
                }
                Err(error) => error.kind() != ErrorKind::WouldBlock,
            };
            let mut state = self.lock();
            while let Some(length) = line.iter().position(|byte| *byte == b'\n') {
                let rest = line.split_off(length + 1);
                line.truncate(length);
                let whole = std::mem::replace(&mut line, rest);
                self.printed(&mut state, Stream::Extension, &whole, true);
            }
            if line.len() >= MAX_LINE || end && !line.is_empty() {
                let piece = std::mem::take(&mut line);
                self.printed(&mut state, Stream::Extension, &piece, false);
            }
            if end {
                return;
            }
        }
    }

    /// Begins the log of one invocation.
    pub(crate) fn begin(&self, line: Option<&str>) {
        let mut state = self.lock();
        self.read_now(&mut state);
        state.tail.clear();
        if let Some(line) = line {
            self.platform(&mut state, line);
        }
    }

    /// Logs the whole lines the process has printed so far.
    pub(crate) fn catch_up(&self) {
        self.read_now(&mut self.lock());
    }

    /// Ends the log of one invocation with these lines, and returns its tail.
    pub(crate) fn finish(&self, lines: &[String]) -> String {
        let mut state = self.lock();
        self.print(&mut state, lines);
        state.tail.take()
    }

    /// Writes lines of the platform after what the process has printed so far.
    pub(crate) fn say(&self, lines: &[String]) {
        let mut state = self.lock();
        self.print(&mut state, lines);
    }

    fn print(&self, state: &mut State, lines: &[String]) {
        self.read_now(state);
        if !state.line.is_empty() {
            self.end_line(state, false);
        }
        for line in lines {
            self.platform(state, line);
        }
    }

    fn platform(&self, state: &mut State, line: &str) {
        state.tail.push(line);
        self.log.write(&self.function, LogKind::Platform, line);
    }

    fn read_now(&self, state: &mut State) {
        let mut chunk = [0; 8192];
        // A process that never stops printing must not keep the invocation from ending.
        for _ in 0..64 {
            let Some(pipe) = &mut state.pipe else { return };
            match pipe.read(&mut chunk) {
                Ok(length) if length > 0 => self.feed(state, &chunk[..length]),
                _ => return,
            }
        }
    }

    fn feed(&self, state: &mut State, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            state.line.extend_from_slice(&bytes[..end]);
            bytes = &bytes[end + 1..];
            self.end_line(state, true);
        }
        state.line.extend_from_slice(bytes);
        if state.line.len() >= MAX_LINE {
            self.end_line(state, false);
        }
    }

    /// Ends a line; `whole` if it is so because the process has.
    fn end_line(&self, state: &mut State, whole: bool) {
        let line = std::mem::take(&mut state.line);
        self.printed(state, Stream::Function, &line, whole);
    }

    fn printed(&self, state: &mut State, stream: Stream, line: &[u8], whole: bool) {
        let text = String::from_utf8_lossy(line);
        state.tail.push(&text);
        self.log.write(&self.function, LogKind::Function, &text);
        self.telemetry.line(stream, &text, whole);
    }

    fn end(&self, state: &mut State) {
        if !state.line.is_empty() {
            self.end_line(state, false);
        }
        state.pipe = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::clock::Clock;
    use crate::log::LogLine;

    #[tokio::test]
    async fn lines_arrive_whole_and_in_order() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        let log = Log::new(Some(Arc::new(move |line: &LogLine<'_>| {
            sink.lock().unwrap().push(line.text.to_owned());
        })));
        let telemetry = Arc::new(Telemetry::new(Clock::System));
        let output = Output::new("f".to_owned(), log, telemetry);
        let (reader, mut writer) = std::io::pipe().unwrap();
        let following = tokio::spawn(output.clone().follow(reader));
        output.begin(Some("START"));
        writer.write_all(b"one\ntw").unwrap();
        writer.write_all(b"o\n\xff\nopen").unwrap();
        let tail = output.finish(&["END".to_owned()]);
        writer.write_all(b"late").unwrap();
        drop(writer);
        following.await.unwrap().unwrap();
        assert_eq!(tail, "START\none\ntwo\n\u{fffd}\nopen\nEND\n");
        assert_eq!(
            *seen.lock().unwrap(),
            ["START", "one", "two", "\u{fffd}", "open", "END", "late"]
        );
    }
}
