//! JSON cut into its values without being read.

use std::io::Read;

use lambda_with::{Error, ErrorKind};

use crate::unpack::{UNPACKED_LIMIT, damaged, too_large};

const CHUNK: usize = 16 << 10;

/// Finds where values begin and end. What is in them is for others to judge.
pub(super) struct Scanner<R> {
    source: R,
    buffer: Box<[u8]>,
    at: usize,
    end: usize,
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; CHUNK].into(),
            at: 0,
            end: 0,
        }
    }

    /// Takes this byte, which must come next but for spaces.
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), Error> {
        match self.next_byte()? {
            Some(found) if found == byte => self.at += 1,
            Some(found) => return Err(unexpected(found, &format!("{:?}", char::from(byte)))),
            None => return Err(ended()),
        }
        Ok(())
    }

    /// Takes this byte if it comes next but for spaces.
    pub(super) fn accept(&mut self, byte: u8) -> Result<bool, Error> {
        match self.next_byte()? {
            Some(found) if found == byte => self.at += 1,
            Some(_) => return Ok(false),
            None => return Err(ended()),
        }
        Ok(true)
    }

    /// The next value as it is written.
    pub(super) fn value(&mut self) -> Result<Vec<u8>, Error> {
        if let Some(byte @ (b',' | b':' | b']' | b'}')) = self.next_byte()? {
            return Err(unexpected(byte, "a value"));
        }
        let mut json = Vec::new();
        let mut state = State::default();
        loop {
            if self.at == self.end && !self.fill()? {
                return Err(ended());
            }
            let chunk = &self.buffer[self.at..self.end];
            let (taken, done) = state.take(chunk);
            if json.len() + taken > UNPACKED_LIMIT {
                return Err(too_large(UNPACKED_LIMIT));
            }
            json.extend_from_slice(&chunk[..taken]);
            self.at += taken;
            if done {
                return Ok(json);
            }
        }
    }

    /// Sees that nothing follows, and with it that the checksum holds.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        match self.next_byte()? {
            Some(byte) => Err(unexpected(byte, "the end")),
            None => Ok(()),
        }
    }

    /// The next byte that is no space, left where it is.
    fn next_byte(&mut self) -> Result<Option<u8>, Error> {
        loop {
            let chunk = &self.buffer[self.at..self.end];
            let space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            self.at += chunk.iter().take_while(space).count();
            if let Some(byte) = self.buffer[self.at..self.end].first() {
                return Ok(Some(*byte));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn fill(&mut self) -> Result<bool, Error> {
        self.at = 0;
        self.end = self.source.read(&mut self.buffer).map_err(damaged)?;
        Ok(self.end > 0)
    }
}

/// How far within a value.
#[derive(Default)]
struct State {
    depth: usize,
    string: bool,
    escaped: bool,
}

impl State {
    /// How many bytes of the chunk belong to the value, and whether it ends there.
    fn take(&mut self, chunk: &[u8]) -> (usize, bool) {
        for (index, byte) in chunk.iter().enumerate() {
            if self.string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.string = false;
                        if self.depth == 0 {
                            return (index + 1, true);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' => return (index + self.depth, true),
                b',' | b':' if self.depth == 0 => return (index, true),
                _ => {}
            }
        }
        (chunk.len(), false)
    }
}

fn unexpected(found: u8, expected: &str) -> Error {
    let found = char::from(found);
    let message = format!("the log data is not JSON: {found:?} stands where {expected} should");
    Error::new(ErrorKind::Decode, message)
}

fn ended() -> Error {
    Error::new(ErrorKind::Decode, "the log data ends too early")
}
