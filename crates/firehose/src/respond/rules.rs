//! What Firehose wants of an answer.

use std::io;

use lambda_with::{Error, ErrorKind};
use serde::Serialize;

use super::output::check_table;
use crate::{FirehoseResponse, FirehoseResponseRecord, FirehoseResult};

/// As many bytes an answer has at most.
pub(super) const MAX_ANSWER: usize = 6 * 1024 * 1024;

pub(super) const ONCE: &str = "every record of the batch is answered exactly once";
pub(super) const PARTITION_KEY: &str = "names and values of partition keys are not empty";
pub(super) const TABLE: &str =
    "a table has a database, a name, and insert, update or delete as operation";
const RESULT: &str = "the result is Ok, Dropped or ProcessingFailed";
const DATA: &str = "a record that is Ok has its bytes in data";
const KAFKA: &str = "a record from Amazon MSK that is Ok has its bytes in kafkaRecordValue";
const BASE64: &str = "bytes are base64";
const SIZE: &str = "an answer has at most 6 MB as JSON, base64 included";

pub(super) fn invalid(rule: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Invalid, message).with("rule", rule)
}

/// Whether an answer is too large.
pub(super) fn within_answer(response: &FirehoseResponse) -> Result<(), Error> {
    let bytes = size(response);
    if bytes <= MAX_ANSWER {
        return Ok(());
    }
    let message = format!("the answer has {bytes} bytes, more than {MAX_ANSWER}");
    Err(Error::new(ErrorKind::Limit, message).with("rule", SIZE))
}

/// How many bytes `value` has as JSON.
pub(super) fn size(value: &impl Serialize) -> usize {
    struct Count(usize);

    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let mut count = Count(0);
    // Texts and maps of texts can always be written, and counting does not fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

/// Whether one record's answer is in itself what Firehose takes.
pub(super) fn record(answer: &FirehoseResponseRecord, kafka: bool) -> Result<(), Error> {
    if let FirehoseResult::Other(other) = &answer.result {
        return Err(invalid(RESULT, format!("`{other}` is no result")));
    }
    let (right, wrong) = match kafka {
        true => (&answer.kafka_record_value, &answer.data),
        false => (&answer.data, &answer.kafka_record_value),
    };
    let rule = if kafka { KAFKA } else { DATA };
    if wrong.is_some() {
        return Err(invalid(rule, "the bytes are in the wrong member".into()));
    }
    match right.as_ref() {
        None if answer.result == FirehoseResult::Ok => {
            return Err(invalid(rule, "the bytes are missing".into()));
        }
        Some(bytes) => {
            if let Err(error) = bytes.decode() {
                return Err(invalid(BASE64, error.message().to_owned()).caused_by(error));
            }
        }
        None => {}
    }
    let Some(metadata) = answer.metadata.as_ref() else {
        return Ok(());
    };
    for (name, value) in metadata.partition_keys.as_ref().into_iter().flatten() {
        if name.is_empty() || value.is_empty() {
            let message = format!("the partition key `{name}` has the value `{value}`");
            return Err(invalid(PARTITION_KEY, message));
        }
    }
    metadata.otf_metadata.as_ref().map_or(Ok(()), check_table)
}
