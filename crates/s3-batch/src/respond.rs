//! Building the answer to an invocation: every task once, under the event's own ids.

use std::collections::HashMap;
use std::io;

use lambda_with::{Error, ErrorKind, Text};

use crate::{S3BatchEvent, S3BatchResponse, S3BatchResult, S3BatchResultCode, S3BatchTask};

/// As many bytes an answer has at most.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

const SCHEMA: &str = "the answer repeats the event's invocationSchemaVersion";
const INVOCATION: &str = "the answer repeats the event's invocationId";
const ONCE: &str = "every task has one result, unless treatMissingKeysAs is set";
const CODE: &str = "a result is Succeeded, TemporaryFailure or PermanentFailure";
const SIZE: &str = "an answer has at most 6 MB as JSON";

/// What became of one task, with a word for the job's completion report.
///
/// ```
/// use lambda_with_s3_batch::TaskOutcome;
///
/// let outcome = TaskOutcome::Succeeded("640x480".into());
/// # let _ = outcome;
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TaskOutcome {
    /// It is done.
    Succeeded(Text),
    /// It may work later: the job tries it again before it ends. The word is not read.
    TemporaryFailure(Text),
    /// It will never work: the task counts as failed.
    PermanentFailure(Text),
}

/// The results of the tasks of one event, given one by one in any order.
///
/// ```
/// use lambda_with_s3_batch::{Answers, S3BatchEvent, SERVICE, TaskOutcome};
///
/// let json = SERVICE.sample("schema-2-user-arguments").ok_or("no such sample")?.json;
/// let event: S3BatchEvent = lambda_with::decode(json)?;
/// let mut answers = Answers::new(&event);
/// for task in &event.tasks {
///     answers.add(&task.task_id, TaskOutcome::Succeeded("640x480".into()))?;
/// }
/// let response = answers.finish()?;
/// assert_eq!(response.invocation_id, event.invocation_id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`S3BatchEvent::answer`] is shorter where a closure makes each result.
#[derive(Clone, Debug)]
pub struct Answers<'a> {
    event: &'a S3BatchEvent,
    places: HashMap<&'a str, usize>,
    made: Vec<Option<TaskOutcome>>,
    missing: Option<S3BatchResultCode>,
}

impl<'a> Answers<'a> {
    /// No result yet for any task of `event`.
    #[must_use]
    pub fn new(event: &'a S3BatchEvent) -> Self {
        let ids = event.tasks.iter().map(|task| task.task_id.as_str());
        Self {
            event,
            places: ids.zip(0..).collect(),
            made: vec![None; event.tasks.len()],
            missing: None,
        }
    }

    /// What became of the task with this id.
    ///
    /// # Errors
    ///
    /// When no task has the id, or it has a result already.
    pub fn add(&mut self, task_id: &str, outcome: TaskOutcome) -> Result<(), Error> {
        let Some(&place) = self.places.get(task_id) else {
            return Err(invalid(
                ONCE,
                format!("`{task_id}` is no task of the event"),
            ));
        };
        if self.made[place].is_some() {
            return Err(invalid(ONCE, format!("task `{task_id}` has two results")));
        }
        self.made[place] = Some(outcome);
        Ok(())
    }

    /// Says what became of the tasks that get no result. A function that runs out of time leaves
    /// the rest to be tried again like this.
    ///
    /// # Errors
    ///
    /// When the code is none of Amazon S3's.
    pub fn treat_missing_as(&mut self, code: S3BatchResultCode) -> Result<(), Error> {
        known(&code)?;
        self.missing = Some(code);
        Ok(())
    }

    /// The answer.
    ///
    /// # Errors
    ///
    /// When a task has no result and nothing is said about those, or the answer is more than 6 MB.
    pub fn finish(self) -> Result<S3BatchResponse, Error> {
        let tasks = self.event.tasks.iter();
        let open = tasks.clone().zip(&self.made).find(|(_, o)| o.is_none());
        if let (Some((task, _)), None) = (open, &self.missing) {
            return Err(invalid(
                ONCE,
                format!("task `{}` has no result", task.task_id),
            ));
        }
        let results = tasks.zip(self.made);
        let response = S3BatchResponse {
            invocation_schema_version: self.event.invocation_schema_version.clone(),
            treat_missing_keys_as: self.missing,
            invocation_id: self.event.invocation_id.clone(),
            results: results
                .filter_map(|(task, outcome)| Some(outcome?.into_result(task)))
                .collect(),
        };
        within_answer(&response)?;
        Ok(response)
    }
}

impl TaskOutcome {
    fn into_result(self, task: &S3BatchTask) -> S3BatchResult {
        let (result_code, word) = match self {
            Self::Succeeded(word) => (S3BatchResultCode::Succeeded, word),
            Self::TemporaryFailure(word) => (S3BatchResultCode::TemporaryFailure, word),
            Self::PermanentFailure(word) => (S3BatchResultCode::PermanentFailure, word),
        };
        S3BatchResult {
            task_id: task.task_id.clone(),
            result_code,
            result_string: word.into(),
        }
    }
}

impl S3BatchEvent {
    /// Works on every task with `work`, and answers with what it says.
    ///
    /// ```
    /// use lambda_with_s3_batch::{S3BatchEvent, SERVICE, TaskOutcome};
    ///
    /// let json = SERVICE.sample("schema-1").ok_or("no such sample")?.json;
    /// let event: S3BatchEvent = lambda_with::decode(json)?;
    /// let response = event.answer(|task| match task.decoded_key() {
    ///     Ok(key) if key.ends_with(".jpg") => TaskOutcome::Succeeded("640x480".into()),
    ///     Ok(_) => TaskOutcome::Succeeded("not an image".into()),
    ///     Err(error) => TaskOutcome::PermanentFailure(error.to_string().into()),
    /// })?;
    /// assert_eq!(response.results.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the answer is more than 6 MB as JSON.
    pub fn answer(
        &self,
        work: impl FnMut(&S3BatchTask) -> TaskOutcome,
    ) -> Result<S3BatchResponse, Error> {
        let mut answers = Answers::new(self);
        answers.made = self.tasks.iter().map(work).map(Some).collect();
        answers.finish()
    }
}

impl S3BatchResponse {
    /// Whether Amazon S3 takes this answer to `event` for what it says. What [`Answers`] builds
    /// passes; an answer put together by hand may not.
    ///
    /// # Errors
    ///
    /// When a rule is broken: the error names it as `rule`.
    pub fn check(&self, event: &S3BatchEvent) -> Result<(), Error> {
        for (rule, ours, theirs) in [
            (
                SCHEMA,
                &self.invocation_schema_version,
                &event.invocation_schema_version,
            ),
            (INVOCATION, &self.invocation_id, &event.invocation_id),
        ] {
            if ours != theirs {
                return Err(invalid(rule, format!("it is `{ours}`, not `{theirs}`")));
            }
        }
        let mut answers = Answers::new(event);
        if let Some(code) = &self.treat_missing_keys_as {
            answers
                .treat_missing_as(code.clone())
                .map_err(|error| error.with("path", "treatMissingKeysAs"))?;
        }
        for (index, result) in self.results.iter().enumerate() {
            let at = |error: Error| error.with("path", format!("results[{index}]"));
            known(&result.result_code).map_err(at)?;
            let any = TaskOutcome::Succeeded(Text::default());
            answers.add(&result.task_id, any).map_err(at)?;
        }
        answers.finish()?;
        within_answer(self)
    }
}

fn invalid(rule: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Invalid, message).with("rule", rule)
}

fn known(code: &S3BatchResultCode) -> Result<(), Error> {
    match code {
        S3BatchResultCode::Other(other) => {
            Err(invalid(CODE, format!("`{other}` is no result code")))
        }
        _ => Ok(()),
    }
}

fn within_answer(response: &S3BatchResponse) -> Result<(), Error> {
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
    // Texts can always be written, and counting does not fail.
    let _ = serde_json::to_writer(&mut count, response);
    if count.0 <= MAX_ANSWER {
        return Ok(());
    }
    let message = format!("the answer has {} bytes, more than {MAX_ANSWER}", count.0);
    Err(Error::new(ErrorKind::Limit, message).with("rule", SIZE))
}
