//! What users ask of a record, and its members do not answer by themselves.

use crate::{CodeCommitEventName, CodeCommitRecord, CodeCommitReference};

impl CodeCommitRecord {
    /// The repository's name.
    ///
    /// ```
    /// use lambda_with_codecommit::CodeCommitRecord;
    ///
    /// let arn = "arn:aws:codecommit:eu-west-1:123456789012:ferry-timetable".into();
    /// let record = CodeCommitRecord { event_source_arn: arn, ..CodeCommitRecord::default() };
    /// assert_eq!(record.repository(), "ferry-timetable");
    /// ```
    #[must_use]
    pub fn repository(&self) -> &str {
        self.event_source_arn
            .splitn(6, ':')
            .nth(5)
            .unwrap_or_default()
    }

    /// Whether somebody only tries the trigger out: nothing was pushed.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.event_name == CodeCommitEventName::TriggerEventTest
    }
}

impl CodeCommitReference {
    /// The branch's short name, slashes included; nothing for a tag.
    ///
    /// ```
    /// use lambda_with_codecommit::CodeCommitReference;
    ///
    /// let tides = CodeCommitReference { name: "refs/heads/feature/tides".into(), ..Default::default() };
    /// assert_eq!((tides.branch(), tides.tag()), (Some("feature/tides"), None));
    /// ```
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.name.strip_prefix("refs/heads/")
    }

    /// The tag's short name; nothing for a branch.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.name.strip_prefix("refs/tags/")
    }

    /// Whether the branch or tag is new.
    #[must_use]
    pub fn is_created(&self) -> bool {
        self.created == Some(true)
    }

    /// Whether the branch or tag is gone. Its commit is then the last it had.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted == Some(true)
    }
}
