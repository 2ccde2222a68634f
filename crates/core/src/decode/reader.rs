//! A cursor over a JSON document.

use std::borrow::Cow;

use memchr::memmem;
use serde::de::IgnoredAny;
use serde_json::Number;

use super::failure::Failure;
use super::scan;
use crate::leaf::unescape::unescape;

/// A place in a document.
pub(super) struct Reader<'de> {
    pub(super) json: &'de str,
    pub(super) at: usize,
}

impl<'de> Reader<'de> {
    /// The next byte that is no space, without going past it; 0 at the end of the document.
    #[inline]
    pub(super) fn peek(&mut self) -> u8 {
        while let Some(&byte) = self.json.as_bytes().get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return byte;
            }
            self.at += 1;
        }
        0
    }

    /// Goes past the next byte, which [`Reader::peek`] has shown.
    #[inline]
    pub(super) fn eat(&mut self) {
        self.at += 1;
    }

    /// That something else should stand here.
    pub(super) fn expected(&self, what: &str) -> Failure {
        let end = self.at >= self.json.len();
        let found = if end {
            "the document ends where "
        } else {
            "expected "
        };
        let rest = if end { " is expected" } else { "" };
        Failure::new(format!("{found}{what}{rest}"), self.at)
    }

    /// Reads `true`, `false` or `null`.
    pub(super) fn word(&mut self, word: &str) -> Result<(), Failure> {
        if self.json.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.expected("a value"))
        }
    }

    /// Reads a string from its opening quote on.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Cow<'de, str>, Failure> {
        let start = self.at;
        let (inside, escaped) = self.string_token()?;
        if escaped {
            unescape(inside).map_err(|error| Failure::new(error.message(), start))
        } else {
            Ok(Cow::Borrowed(inside))
        }
    }

    /// The inside of a string, and whether there are escapes in it.
    #[inline]
    fn string_token(&mut self) -> Result<(&'de str, bool), Failure> {
        let start = self.at + 1;
        let found = scan::inside(self.json.as_bytes(), start);
        let scan::Inside { end, escaped } = found.map_err(|at| self.bad_string(at))?;
        self.at = end + 1;
        Ok((&self.json[start..end], escaped))
    }

    #[cold]
    fn bad_string(&self, at: usize) -> Failure {
        let message = match self.json.as_bytes().get(at) {
            None => "the document ends within a string",
            Some(0..b' ') => "control character in a string",
            Some(_) => "invalid escape",
        };
        Failure::new(message, at)
    }

    /// Reads a number.
    pub(super) fn number(&mut self) -> Result<Number, Failure> {
        let start = self.at;
        let token = self.number_token()?;
        // Most numbers are short integers. `-0` is a float, as serde_json has it.
        if token.len() < 19 && token != "-0" {
            if let Ok(integer) = token.parse::<u64>() {
                return Ok(integer.into());
            }
            if let Ok(integer) = token.parse::<i64>() {
                return Ok(integer.into());
            }
        }
        token
            .parse()
            .map_err(|_| Failure::new("number out of range", start))
    }

    fn number_token(&mut self) -> Result<&'de str, Failure> {
        let start = self.at;
        self.one_of(b"-");
        if !self.one_of(b"0") && self.digits() == 0 {
            return Err(self.expected("a digit"));
        }
        if self.one_of(b".") && self.digits() == 0 {
            return Err(self.expected("a digit"));
        }
        if self.one_of(b"eE") {
            self.one_of(b"+-");
            if self.digits() == 0 {
                return Err(self.expected("a digit"));
            }
        }
        Ok(&self.json[start..self.at])
    }

    fn one_of(&mut self, bytes: &[u8]) -> bool {
        let found = self
            .json
            .as_bytes()
            .get(self.at)
            .is_some_and(|byte| bytes.contains(byte));
        self.at += usize::from(found);
        found
    }

    fn digits(&mut self) -> usize {
        let rest = &self.json.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        count
    }

    /// Goes past the next value, whatever it is, and returns its text.
    #[inline]
    pub(super) fn token(&mut self) -> Result<&'de str, Failure> {
        let first = self.peek();
        let start = self.at;
        match first {
            b'"' => drop(self.string_token()?),
            b'{' | b'[' => self.nested()?,
            b'-' | b'0'..=b'9' => drop(self.number_token()?),
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => return Err(self.expected("a value")),
        }
        Ok(&self.json[start..self.at])
    }

    /// How many objects the list that begins here has, by the length of the first; `None` when it
    /// is no list of objects, or so short that a guess gains nothing.
    ///
    /// A list that grows is copied time and again, and leaves memory behind that is new, and so
    /// slow, the next time.
    pub(super) fn guess_objects(&self) -> Option<usize> {
        const SHORT: usize = 8 * 1024;
        let rest = &self.json.as_bytes()[self.at..];
        if rest.len() < SHORT || rest.first() != Some(&b'{') {
            return None;
        }
        // JSON inside a string has a backslash before its quotes.
        let first = memmem::find(rest, b"},{\"").unwrap_or(rest.len());
        let count = rest.len() / (first + 2);
        Some(count + count / 16 + 1)
    }

    /// Goes past an array or object. serde_json does that without recursion.
    fn nested(&mut self) -> Result<(), Failure> {
        let rest = &self.json[self.at..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        if let Some(Err(error)) = values.next() {
            let text = error.to_string();
            let message = text
                .rsplit_once(" at line ")
                .map_or(&*text, |(message, _)| message);
            let offset = super::path::offset(rest, error.line(), error.column());
            return Err(Failure::new(message, self.at + offset));
        }
        self.at += values.byte_offset();
        Ok(())
    }
}
