//! What a function makes of one record.

use lambda_with::{Base64, Error, ErrorKind, Text};
use serde::Serialize;

use super::nullable;
use super::rules::{PARTITION_KEY, TABLE, invalid};
use crate::{
    FirehoseMetadata, FirehoseOperation, FirehoseRecord, FirehoseResponseRecord, FirehoseResult,
    FirehoseTable,
};

/// What became of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Transformed {
    /// It is delivered like this.
    Ok(Output),
    /// It is left out on purpose.
    Dropped,
    /// It could not be transformed: the source record goes to the bucket, below
    /// `processing-failed/`.
    Failed,
}

/// The bytes to deliver for one record, and where to.
///
/// ```
/// use lambda_with_firehose::{FirehoseOperation, Output};
///
/// let row = Output::json(&serde_json::json!({ "pier": 2 }))?
///     .table("harbor", "arrivals", FirehoseOperation::Insert)?;
/// # let _ = row;
/// # Ok::<(), lambda_with::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    data: Base64,
    metadata: FirehoseMetadata,
}

impl Output {
    /// These bytes, and nothing after them.
    pub fn new(bytes: impl AsRef<[u8]>) -> Self {
        Self::encoded(Base64::encode(bytes))
    }

    /// A line: these bytes with a line feed at the end, unless they have one. Firehose itself puts
    /// nothing between records.
    pub fn line(bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        match bytes.last() {
            Some(b'\n') => Self::new(bytes),
            _ => Self::new([bytes, b"\n"].concat()),
        }
    }

    /// A line of JSON.
    ///
    /// # Errors
    ///
    /// When `value` cannot be written as JSON.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        let json = serde_json::to_vec(value).map_err(|error| {
            Error::new(ErrorKind::Invalid, "the record cannot be written as JSON").caused_by(error)
        })?;
        Ok(Self::line(json))
    }

    /// The bytes the record came with; they are not decoded for it.
    #[must_use]
    pub fn unchanged(record: &FirehoseRecord) -> Self {
        Self::encoded(record.content().cloned().unwrap_or_default())
    }

    /// Adds a value for `!{partitionKeyFromLambda:NAME}` in the prefix of the stream's objects. A
    /// key given twice has the last value.
    ///
    /// # Errors
    ///
    /// When the name or the value is empty.
    pub fn partition_key(
        mut self,
        name: impl Into<Text>,
        value: impl Into<Text>,
    ) -> Result<Self, Error> {
        let (name, value) = (name.into(), value.into());
        if name.is_empty() || value.is_empty() {
            let message = format!("the partition key `{name}` has the value `{value}`");
            return Err(invalid(PARTITION_KEY, message));
        }
        let mut keys = self
            .metadata
            .partition_keys
            .into_option()
            .unwrap_or_default();
        keys.insert(name, value);
        self.metadata.partition_keys = keys.into();
        Ok(self)
    }

    /// Says which Apache Iceberg table the record goes to, and what to do there.
    ///
    /// # Errors
    ///
    /// When a name is empty, or the operation is none of Firehose's.
    pub fn table(
        mut self,
        database: impl Into<Text>,
        table: impl Into<Text>,
        operation: FirehoseOperation,
    ) -> Result<Self, Error> {
        let table = FirehoseTable {
            destination_database_name: Some(database.into()),
            destination_table_name: Some(table.into()),
            operation: Some(operation),
        };
        check_table(&table)?;
        self.metadata.otf_metadata = table.into();
        Ok(self)
    }

    /// The output of an answer, where it has one.
    pub(super) fn of(answer: &FirehoseResponseRecord) -> Option<Self> {
        let data = answer.data.as_ref().or(answer.kafka_record_value.as_ref());
        Some(Self {
            data: data?.clone(),
            metadata: answer.metadata.as_ref().cloned().unwrap_or_default(),
        })
    }

    fn encoded(data: Base64) -> Self {
        Self {
            data,
            metadata: FirehoseMetadata::default(),
        }
    }
}

impl From<Output> for Transformed {
    fn from(output: Output) -> Self {
        Self::Ok(output)
    }
}

impl Transformed {
    pub(super) fn into_record(self, record_id: Text, kafka: bool) -> FirehoseResponseRecord {
        let mut answer = FirehoseResponseRecord {
            record_id,
            ..FirehoseResponseRecord::default()
        };
        match self {
            Self::Ok(Output { data, metadata }) => {
                answer.result = FirehoseResult::Ok;
                answer.metadata =
                    nullable((metadata != FirehoseMetadata::default()).then_some(metadata));
                match kafka {
                    true => answer.kafka_record_value = data.into(),
                    false => answer.data = data.into(),
                }
            }
            Self::Dropped => answer.result = FirehoseResult::Dropped,
            Self::Failed => answer.result = FirehoseResult::ProcessingFailed,
        }
        answer
    }
}

/// Whether a table is named completely.
pub(super) fn check_table(table: &FirehoseTable) -> Result<(), Error> {
    for (what, name) in [
        ("database", &table.destination_database_name),
        ("table", &table.destination_table_name),
    ] {
        if name.as_ref().is_none_or(|name| name.is_empty()) {
            return Err(invalid(TABLE, format!("the {what} has no name")));
        }
    }
    match &table.operation {
        Some(FirehoseOperation::Other(other)) => {
            let message = format!("`{other}` is not insert, update or delete");
            Err(invalid(TABLE, message))
        }
        _ => Ok(()),
    }
}
