//! Documents written member by member: a span becomes text once, and its parent takes that text over.

use std::fmt::{Display, Write};

/// JSON that grows at its end.
pub(super) struct Json(String);

impl Json {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Begins an object or a list, as a member's value or as the next of a list.
    pub(super) fn begin(&mut self, bracket: char) {
        self.next();
        self.0.push(bracket);
    }

    pub(super) fn end(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    /// A member whose value is written next.
    pub(super) fn key(&mut self, key: &str) {
        self.text(key);
        self.0.push(':');
    }

    /// A value that is JSON as it is displayed.
    pub(super) fn raw(&mut self, value: impl Display) {
        self.next();
        // A string takes whatever is written.
        let _ = write!(self.0, "{value}");
    }

    pub(super) fn text(&mut self, text: &str) {
        self.next();
        self.0.push('"');
        let mut plain = 0;
        for (place, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0..=0x1f => "",
                _ => continue,
            };
            self.0.push_str(&text[plain..place]);
            match escape {
                "" => drop(write!(self.0, "\\u{byte:04x}")),
                escape => self.0.push_str(escape),
            }
            plain = place + 1;
        }
        self.0.push_str(&text[plain..]);
        self.0.push('"');
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn next(&mut self) {
        if !matches!(self.0.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.0.push(',');
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn members_lists_and_values() {
        let mut json = Json::with_capacity(0);
        json.begin('{');
        json.key("a:");
        json.begin('[');
        for number in 0..2 {
            json.begin('{');
            json.key("n{");
            json.raw(number);
            json.key("t");
            json.text("[");
            json.end('}');
        }
        json.text("");
        json.raw(true);
        json.end(']');
        json.key("b");
        json.begin('{');
        json.end('}');
        json.end('}');
        let written: Value = serde_json::from_str(&json.into_text()).unwrap();
        let expected =
            json!({ "a:": [{ "n{": 0, "t": "[" }, { "n{": 1, "t": "[" }, "", true], "b": {} });
        assert_eq!(written, expected);
    }

    proptest! {
        #[test]
        fn texts_are_escaped(text in any::<String>()) {
            let mut json = Json::with_capacity(0);
            json.text(&text);
            prop_assert_eq!(json.into_text(), serde_json::to_string(&text).unwrap());
        }
    }
}
