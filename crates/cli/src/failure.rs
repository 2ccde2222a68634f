//! Why a command stopped, and what to do about it.

use std::fmt;

use lambda_with::FunctionError;

/// An error for the person at the shell: what is wrong and how to put it right.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    fix: Option<String>,
    usage: bool,
}

impl Failure {
    /// The work could not be done: exit code 1.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            fix: None,
            usage: false,
        }
    }

    /// The command line or the file is wrong: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            fix: None,
            usage: true,
        }
    }

    /// What to do.
    #[must_use]
    pub(crate) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    pub(crate) fn exit_code(&self) -> u8 {
        if self.usage { 2 } else { 1 }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.fix {
            Some(fix) => write!(f, "\n  fix: {fix}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// What a function said when it failed: `with TYPE: MESSAGE`. Rust's names for boxed errors say
/// nothing and are left out.
pub(crate) fn told(payload: &[u8]) -> String {
    let Ok(error) = serde_json::from_slice::<FunctionError>(payload) else {
        return format!(": {}", String::from_utf8_lossy(payload));
    };
    match error.error_type.filter(|kind| !kind.contains("dyn ")) {
        Some(kind) => format!(" with {kind}: {}", error.error_message),
        None => format!(": {}", error.error_message),
    }
}
