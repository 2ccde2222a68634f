//! Verdicts.

use lambda_with::{Error, ErrorKind, Timestamp};

/// The most characters of an annotation.
const ANNOTATION: usize = 256;

/// What a rule says of one resource.
///
/// ```
/// use lambda_with::Timestamp;
/// use lambda_with_config::{Compliance, Evaluation};
///
/// let time: Timestamp = "2026-03-02T10:15:30.120Z".parse()?;
/// let verdict = Evaluation::new("AWS::EC2::Volume", "vol-0a1b", Compliance::NonCompliant, time)
///     .annotated("the volume is not encrypted");
/// assert!(verdict.check().is_ok());
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// `ConfigEvent::evaluation` and `ConfigurationItem::evaluation` fill in type, id and time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evaluation {
    /// `ComplianceResourceType`: the resource's type, `AWS::::Account` for the account itself.
    pub resource_type: String,
    /// `ComplianceResourceId`: the resource's id, at most 768 characters.
    pub resource_id: String,
    /// `ComplianceType`.
    pub compliance: Compliance,
    /// `Annotation`: why, 1 to 256 characters.
    pub annotation: Option<String>,
    /// `OrderingTimestamp`: of several verdicts on one resource the latest counts.
    pub ordering_timestamp: Timestamp,
}

/// What can be said of a resource.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Compliance {
    /// It is as the rule demands.
    Compliant,
    /// It is not.
    NonCompliant,
    /// The rule has nothing to say of it. Takes back what was said before.
    NotApplicable,
}

impl Compliance {
    /// The word that AWS Config takes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compliant => "COMPLIANT",
            Self::NonCompliant => "NON_COMPLIANT",
            Self::NotApplicable => "NOT_APPLICABLE",
        }
    }
}

impl Evaluation {
    /// A verdict without an annotation.
    pub fn new(
        resource_type: impl Into<String>,
        resource_id: impl Into<String>,
        compliance: Compliance,
        ordering_timestamp: Timestamp,
    ) -> Self {
        Self {
            resource_type: resource_type.into(),
            resource_id: resource_id.into(),
            compliance,
            annotation: None,
            ordering_timestamp,
        }
    }

    /// Says why, cut to 256 characters. An empty text is none.
    #[must_use]
    pub fn annotated(mut self, why: impl Into<String>) -> Self {
        let mut why = why.into();
        if let Some((end, _)) = why.char_indices().nth(ANNOTATION) {
            let end = why[..end]
                .char_indices()
                .next_back()
                .map_or(0, |(at, _)| at);
            why.truncate(end);
            why.push('…');
        }
        self.annotation = Some(why).filter(|why| !why.is_empty());
        self
    }

    /// Whether AWS Config takes it.
    ///
    /// # Errors
    ///
    /// `Limit` when a text is empty or too long; the error names it.
    pub fn check(&self) -> Result<(), Error> {
        let annotation = self.annotation.as_deref().unwrap_or("-");
        for (name, text, most) in [
            ("ComplianceResourceType", self.resource_type.as_str(), 256),
            ("ComplianceResourceId", self.resource_id.as_str(), 768),
            ("Annotation", annotation, ANNOTATION),
        ] {
            let length = text.chars().count();
            if !(1..=most).contains(&length) {
                let message = format!("{name} has {length} characters, not 1 to {most}");
                let resource = self.resource_id.chars().take(768).collect::<String>();
                return Err(Error::new(ErrorKind::Limit, message).with("resource", resource));
            }
        }
        Ok(())
    }
}
