//! Adding and removing statements by the rules of a function's policy.

use super::{Policy, PolicyStatement};
use crate::{Error, ErrorKind};

impl Policy {
    /// The largest policy a function, version or alias can have, in bytes.
    ///
    /// See <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
    pub const MAX_BYTES: usize = 20_480;

    /// The document's size in bytes as compact JSON, to be held against [`MAX_BYTES`](Self::MAX_BYTES).
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.to_json().len()
    }

    /// Appends a statement, as `AddPermission` does.
    ///
    /// # Errors
    ///
    /// `Invalid` when the id is not 1 to 100 letters, digits, `-` and `_`; `Conflict` when it is
    /// taken; `Limit` when the policy would grow too large. The policy is then as before, and the
    /// messages are AWS's.
    pub fn add(&mut self, statement: PolicyStatement) -> Result<(), Error> {
        let sid = statement.sid.as_deref().unwrap_or_default();
        if sid.is_empty() || sid.len() > 100 || !sid.bytes().all(is_sid_byte) {
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "1 validation error detected: Value '{sid}' at 'statementId' failed to satisfy \
                     constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)"
                ),
            ));
        }
        if self.find(sid).is_some() {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "The statement id ({sid}) provided already exists. Please provide a new \
                     statement id, or remove the existing statement."
                ),
            ));
        }
        self.statements.push(statement);
        let bytes = self.bytes();
        if bytes > Self::MAX_BYTES {
            self.statements.pop();
            return Err(Error::new(
                ErrorKind::Limit,
                format!(
                    "The final policy size ({bytes}) is bigger than the limit ({}).",
                    Self::MAX_BYTES
                ),
            ));
        }
        Ok(())
    }

    /// Takes a statement out, as `RemovePermission` does.
    ///
    /// # Errors
    ///
    /// `NotFound`, with AWS's message, when no statement has this id.
    pub fn remove(&mut self, sid: &str) -> Result<PolicyStatement, Error> {
        match self
            .statements
            .iter()
            .position(|statement| statement.sid.as_deref() == Some(sid))
        {
            Some(index) => Ok(self.statements.remove(index)),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!("Statement {sid} is not found in resource policy."),
            )),
        }
    }
}

pub(super) fn is_sid_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sid: &str) -> PolicyStatement {
        PolicyStatement {
            sid: Some(sid.into()),
            ..PolicyStatement::default()
        }
    }

    #[test]
    fn add_and_remove_answer_as_lambda_does() {
        let mut policy = Policy::default();
        policy.add(statement("s3")).unwrap();
        policy.add(statement("s3_again-2")).unwrap();

        let before = policy.clone();
        for (sid, kind, message) in [
            (
                "s3",
                ErrorKind::Conflict,
                "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement.",
            ),
            (
                "s.3",
                ErrorKind::Invalid,
                "1 validation error detected: Value 's.3' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)",
            ),
        ] {
            let error = policy.add(statement(sid)).unwrap_err();
            assert_eq!((error.kind(), error.message()), (kind, message));
        }
        for sid in ["", &"x".repeat(101)] {
            assert_eq!(
                policy.add(statement(sid)).unwrap_err().kind(),
                ErrorKind::Invalid
            );
        }
        let error = policy.remove("non-existent").unwrap_err();
        assert_eq!(
            error.message(),
            "Statement non-existent is not found in resource policy."
        );
        assert_eq!(policy, before);

        assert_eq!(policy.remove("s3").unwrap(), statement("s3"));
        assert_eq!(policy.statements.len(), 1);
    }

    #[test]
    fn a_policy_stops_growing_at_its_limit() {
        let mut policy = Policy::default();
        let error = (0..)
            .find_map(|n| policy.add(statement(&format!("s{n}"))).err())
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert!(policy.bytes() <= Policy::MAX_BYTES && policy.bytes() > Policy::MAX_BYTES - 100);
    }
}
