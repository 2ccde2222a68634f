//! Loops of functions and services, and where they are stopped.
//!
//! ```
//! use lambda_with::rules::recursion::{Chain, MAX_INVOCATIONS};
//!
//! let orders = "arn:aws:lambda:eu-west-1:123456789012:function:orders".parse()?;
//! let mut header = String::new();
//! for round in 1..=MAX_INVOCATIONS {
//!     let mut chain = Chain::read(&header);
//!     assert_eq!(chain.enter(&orders), round);
//!     header = chain.to_string();
//! }
//! assert!(Chain::read(&header).enter(&orders) > MAX_INVOCATIONS, "the loop ends here");
//! # Ok::<(), lambda_with::Error>(())
//! ```
//!
//! What is counted travels in the member `Lineage` of the trace header: Lambda writes it, SDKs hand
//! it on with every call a function makes, and Amazon S3, SNS and SQS with what they deliver. AWS
//! calls its form its own business. Entries of functions look like `a87bd80c:1` here, as they do on
//! AWS, with `|` between them; what others wrote is handed on as it is.
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Arn;

/// How often a function is invoked in one chain of requests; AWS says about 16.
pub const MAX_INVOCATIONS: u32 = 16;

/// The services whose deliveries belong to the chain of requests that caused them, beside functions
/// that invoke each other and SQS, which is polled.
pub const SERVICES: [&str; 2] = ["s3.amazonaws.com", "sns.amazonaws.com"];

/// How many entries a chain keeps; those of the functions that were invoked last.
const MAX_ENTRIES: usize = 32;

/// What becomes of a function that invokes itself through services.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum RecursiveLoop {
    /// The invocation after the last that is allowed is refused.
    #[default]
    Terminate,
    /// Nothing; the loop is wanted.
    Allow,
}

/// The functions of a chain of requests, and how often each was invoked in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Chain {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Entry {
    /// The hash of a function's ARN, and how often it was invoked after the first time.
    Function(u32, u32),
    Other(String),
}

impl Chain {
    /// Reads the member `Lineage` of a trace header.
    #[must_use]
    pub fn read(lineage: &str) -> Self {
        let entries = lineage.split('|').filter(|entry| !entry.is_empty());
        Self {
            entries: entries.map(Entry::read).collect(),
        }
    }

    /// Takes in another chain, as a batch does those of all its messages: the higher count stands.
    pub fn join(&mut self, other: Self) {
        for entry in other.entries {
            let known = self.entries.iter_mut().find(|known| known.is_of(&entry));
            match (known, entry) {
                (Some(Entry::Function(_, known)), Entry::Function(_, count)) => {
                    *known = count.max(*known);
                }
                (Some(_), _) => {}
                (None, entry) => self.entries.push(entry),
            }
        }
    }

    /// Counts an invocation of this function, by its ARN without version or alias; says which it is.
    pub fn enter(&mut self, function: &Arn) -> u32 {
        let new = Entry::Function(hash(function.as_str()), 0);
        let before = self.entries.iter().position(|entry| entry.is_of(&new));
        let entry = match before.map(|place| self.entries.remove(place)) {
            Some(Entry::Function(hash, count)) => Entry::Function(hash, count.saturating_add(1)),
            _ => new,
        };
        let count = match &entry {
            Entry::Function(_, count) => count.saturating_add(1),
            Entry::Other(_) => 1,
        };
        let excess = (self.entries.len() + 1).saturating_sub(MAX_ENTRIES);
        self.entries.drain(..excess);
        self.entries.push(entry);
        count
    }
}

impl Entry {
    fn read(text: &str) -> Self {
        let pair = text.split_once(':').filter(|(hash, _)| hash.len() == 8);
        let function = pair.and_then(|(hash, count)| {
            let hash = u32::from_str_radix(hash, 16).ok()?;
            Some(Self::Function(hash, count.parse().ok()?))
        });
        function.unwrap_or_else(|| Self::Other(text.to_owned()))
    }

    fn is_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Function(one, _), Self::Function(other, _)) => one == other,
            _ => self == other,
        }
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, entry) in self.entries.iter().enumerate() {
            if place > 0 {
                f.write_str("|")?;
            }
            match entry {
                Entry::Function(hash, count) => write!(f, "{hash:08x}:{count}")?,
                Entry::Other(text) => f.write_str(text)?,
            }
        }
        Ok(())
    }
}

impl RecursiveLoop {
    /// Whether the invocation that is the `invocation`th of its function in one chain may run.
    #[must_use]
    pub fn admits(self, invocation: u32) -> bool {
        self == Self::Allow || invocation <= MAX_INVOCATIONS
    }
}

fn hash(text: &str) -> u32 {
    // FNV-1a.
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn function(name: &str) -> Arn {
        let arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
        arn.parse().unwrap()
    }

    #[test]
    fn chains_are_read_and_written_as_they_are() {
        for text in [
            "",
            "12326a9d:0",
            "a87bd80c:1|68fd508a:5|c512fbe3:2",
            "25:a87bd80c:1",
            "1:fe460cdd:0|037bed70:3",
            "what:ever|a87bd80c:-1",
        ] {
            assert_eq!(Chain::read(text).to_string(), text);
        }
    }

    #[test]
    fn each_function_is_counted_on_its_own() {
        let [a, b] = ["a", "b"].map(function);
        let mut chain = Chain::read("25:a87bd80c:1");
        let counts = [&a, &b, &a, &a, &b].map(|function| chain.enter(function));
        assert_eq!(counts, [1, 1, 2, 3, 2]);
        let text = chain.to_string();
        assert!(
            text.starts_with("25:a87bd80c:1|") && text.matches('|').count() == 2,
            "{text}"
        );
        assert_eq!(Chain::read(&text), chain);
    }

    #[test]
    fn a_batch_is_as_far_as_the_farthest_of_its_messages() {
        let [a, b] = ["a", "b"].map(function);
        let (mut one, mut other) = (Chain::default(), Chain::read("x"));
        for _ in 0..3 {
            one.enter(&a);
        }
        other.enter(&a);
        other.enter(&b);
        let mut batch = one.clone();
        batch.join(other.clone());
        other.join(one);
        for mut batch in [batch, other] {
            assert_eq!((batch.enter(&a), batch.enter(&b)), (4, 2), "{batch}");
            assert!(batch.to_string().contains('x'));
        }
    }

    #[test]
    fn the_seventeenth_is_refused_unless_loops_are_allowed() {
        assert!(RecursiveLoop::default().admits(16));
        assert!(!RecursiveLoop::Terminate.admits(17));
        assert!(RecursiveLoop::Allow.admits(17));
        let json = serde_json::to_string(&RecursiveLoop::Allow).unwrap();
        assert_eq!(json, r#""Allow""#);
    }

    proptest! {
        #[test]
        fn any_lineage_is_read_and_stays_short(text: String, names in prop::collection::vec("[a-z]{1,3}", 0..80)) {
            let mut chain = Chain::read(&text);
            for name in names {
                prop_assert!(chain.enter(&function(&name)) >= 1);
                prop_assert!(chain.entries.len() <= MAX_ENTRIES);
            }
            prop_assert_eq!(Chain::read(&chain.to_string()).to_string(), chain.to_string());
        }
    }
}
