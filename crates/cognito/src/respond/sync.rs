//! Answers to Cognito Sync.

use lambda_with::{Error, Nullable, Text};

use super::rules::invalid;
use crate::{SyncOperation, SyncRecord, SyncTriggerEvent};

impl SyncTriggerEvent {
    /// Gives a record another value, or adds it.
    ///
    /// ```
    /// use lambda_with_cognito::{SERVICE, SyncTriggerEvent};
    ///
    /// let sample = SERVICE.sample("sync-trigger").ok_or("no such sample")?;
    /// let event: SyncTriggerEvent = lambda_with::decode(sample.json)?;
    /// let answer = event.replace("volume", "4").remove("harbor");
    /// assert_eq!(answer.dataset_records.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A record that is taken out of the event altogether is ignored, and changes as the client
    /// asked.
    #[must_use]
    pub fn replace(self, key: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.set(
            key.into(),
            SyncOperation::Replace,
            Nullable::Value(value.into()),
        )
    }

    /// Removes a record.
    #[must_use]
    pub fn remove(self, key: impl Into<Text>) -> Self {
        self.set(key.into(), SyncOperation::Remove, Nullable::Null)
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When a record is removed and has a value, or the reverse; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        for (key, record) in &self.dataset_records {
            let fits = match record.op {
                SyncOperation::Replace => record.new_value.as_ref().is_some(),
                SyncOperation::Remove => record.new_value.as_ref().is_none(),
                SyncOperation::Other(_) => false,
            };
            if !fits {
                return Err(invalid(
                    "a record is replaced by a value or removed",
                    format!(
                        "the record `{key}` has the operation `{}`, which does not fit its value",
                        record.op
                    ),
                ));
            }
        }
        Ok(())
    }

    fn set(mut self, key: Text, op: SyncOperation, value: Nullable<Text>) -> Self {
        match self.dataset_records.get_mut(&key) {
            Some(record) => {
                record.op = op;
                record.new_value = value;
            }
            None => {
                let record = SyncRecord {
                    old_value: Nullable::Null,
                    new_value: value,
                    op,
                    ..SyncRecord::default()
                };
                self.dataset_records.push(key, record);
            }
        }
        self
    }
}
