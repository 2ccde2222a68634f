//! Texts with `*`.

/// A text in which `*` stands for any characters, none included.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wildcard {
    /// What stands between the stars.
    parts: Vec<String>,
}

impl Wildcard {
    /// Reads `dir/*.png`; `\*` and `\\` stand for a star and a backslash themselves.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let mut parts = vec![String::new()];
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let plain = match letter {
                '*' if letters.peek() == Some(&'*') => {
                    return Err(format!("`{text}` has two `*` in a row"));
                }
                '*' => {
                    parts.push(String::new());
                    continue;
                }
                '\\' => match letters.next() {
                    Some(escaped @ ('*' | '\\')) => escaped,
                    _ => return Err(format!("in `{text}` a `\\` is before neither `*` nor `\\`")),
                },
                letter => letter,
            };
            if let Some(part) = parts.last_mut() {
                part.push(plain);
            }
        }
        Ok(Self { parts })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.parts.split_first() else {
            return false;
        };
        let Some((last, middle)) = rest.split_last() else {
            return text == first;
        };
        let Some(mut left) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for part in middle {
            match left.find(part.as_str()) {
                Some(at) => left = &left[at + part.len()..],
                None => return false,
            }
        }
        left.ends_with(last.as_str())
    }
}
