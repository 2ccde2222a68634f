//! What `check` finds.

use std::fmt;

use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It works, and will hurt.
    Warning,
    /// AWS refuses it, or it cannot work.
    Error,
}

/// One lint's finding: what is wrong, where, why it matters, and how to put it right.
///
/// ```
/// use lambda_with::Finding;
///
/// let finding = Finding::error("LW0203", "batch_size", "a FIFO queue takes batches of at most 10")
///     .why("CreateEventSourceMapping refuses a larger batch")
///     .fix("set batch_size to 10 or less")
///     .page("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html");
/// assert!(finding.to_string().starts_with("error[LW0203] batch_size: a FIFO queue"));
/// ```
///
/// Numbers are never used again for another meaning. The book lists them all.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The lint's number, such as `LW0203`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The field of the connection or function it is about.
    pub field: &'static str,
    /// What is wrong.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// The page of AWS's documentation it rests on.
    pub page: &'static str,
}

impl Finding {
    /// A finding that AWS would refuse, or that cannot work.
    pub fn error(code: &'static str, field: &'static str, what: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, field, what.into())
    }

    /// A finding that works, and will hurt.
    pub fn warning(code: &'static str, field: &'static str, what: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, field, what.into())
    }

    fn new(severity: Severity, code: &'static str, field: &'static str, what: String) -> Self {
        Self {
            code,
            severity,
            field,
            what,
            why: String::new(),
            fix: String::new(),
            page: "",
        }
    }

    /// Says why it matters.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Names the page it rests on.
    #[must_use]
    pub fn page(mut self, page: &'static str) -> Self {
        self.page = page;
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}] {}: {}", self.code, self.field, self.what)?;
        for (label, text) in [
            ("why", self.why.as_str()),
            ("fix", &self.fix),
            ("see", self.page),
        ] {
            if !text.is_empty() {
                write!(f, "\n  {label}: {text}")?;
            }
        }
        Ok(())
    }
}
