//! Everything that is wrong with the inputs, collected before the generator stops.

use std::fmt::{self, Write as _};

/// A place in a JSON document: the file's path in the repository and the JSON pointer.
#[derive(Clone, Debug)]
pub struct At {
    pub file: String,
    pub pointer: String,
}

impl At {
    pub fn file(path: impl Into<String>) -> Self {
        Self {
            file: path.into(),
            pointer: String::new(),
        }
    }

    /// The member or item `step` below this place.
    pub fn down(&self, step: impl fmt::Display) -> Self {
        let step = step.to_string().replace('~', "~0").replace('/', "~1");
        Self {
            file: self.file.clone(),
            pointer: format!("{}/{step}", self.pointer),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.pointer.is_empty() {
            Ok(())
        } else {
            write!(f, "#{}", self.pointer)
        }
    }
}

/// The problems found so far, one line each.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    pub fn add(&mut self, at: &At, what: impl fmt::Display) {
        self.0.push(format!("{at}: {what}"));
    }

    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The same problems, in the places something was made from: pairs of a pointer and the pointer
    /// it comes from.
    pub fn moved(mut self, origins: &[(String, String)]) -> Self {
        for line in &mut self.0 {
            for (made, from) in origins {
                let made = format!("#{made}");
                let Some(start) = line.find(&made) else {
                    continue;
                };
                if line[start + made.len()..].starts_with(['/', ':']) {
                    line.replace_range(start..start + made.len(), &format!("#{from}"));
                    break;
                }
            }
        }
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_char('\n')?;
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}
