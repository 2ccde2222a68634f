//! What users ask of a mail, and its members do not answer by themselves.

use std::borrow::Cow;

use lambda_with::{Base64, Error};

use crate::{
    SesBounce, SesBounceType, SesDmarcPolicy, SesHeader, SesMail, SesReceipt, SesReceived,
    SesVerdictStatus,
};

impl SesMail {
    /// The first header of this name, in any case.
    ///
    /// ```
    /// use lambda_with_ses::{SesHeader, SesMail};
    ///
    /// let header = SesHeader { name: "Reply-To".into(), value: "mate@example.com".into() };
    /// let mail = SesMail { headers: vec![header], ..SesMail::default() };
    /// assert_eq!(mail.header("reply-to"), Some("mate@example.com"));
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|header| is_named(header, name));
        header.map(|header| &*header.value)
    }

    /// All headers of this name, in any case and in order, such as those each server adds.
    pub fn headers_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let headers = self.headers.iter();
        headers
            .filter(move |header| is_named(header, name))
            .map(|header| &*header.value)
    }

    /// The key the mail is stored at by an action with this prefix.
    #[must_use]
    pub fn object_key(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.message_id)
    }
}

impl SesReceipt {
    /// The verdicts, with their names.
    pub fn verdicts(&self) -> impl Iterator<Item = (&'static str, &SesVerdictStatus)> {
        [
            ("spam", &self.spam_verdict),
            ("virus", &self.virus_verdict),
            ("spf", &self.spf_verdict),
            ("dkim", &self.dkim_verdict),
            ("dmarc", &self.dmarc_verdict),
        ]
        .into_iter()
        .filter_map(|(name, verdict)| Some((name, &verdict.as_ref()?.status)))
    }

    /// What the mail failed at: `spam`, `virus`, `spf`, `dkim`, `dmarc`. What could not be checked is
    /// not among them.
    #[must_use]
    pub fn failed(&self) -> Vec<&'static str> {
        let failed = |(name, status): (&'static str, &SesVerdictStatus)| {
            (*status == SesVerdictStatus::Fail).then_some(name)
        };
        self.verdicts().filter_map(failed).collect()
    }

    /// What the sender's domain asks to be done with mail that fails DMARC, in whatever case it is
    /// written; only where the mail does.
    #[must_use]
    pub fn policy(&self) -> Option<SesDmarcPolicy> {
        let policy = self.dmarc_policy.as_ref()?;
        Some(SesDmarcPolicy::from(
            policy.as_str().to_ascii_lowercase().as_str(),
        ))
    }
}

impl SesReceived {
    /// The mail itself, as MIME; nothing unless an SNS action published it.
    ///
    /// # Errors
    ///
    /// When the action says base64 and the text is none.
    pub fn raw(&self) -> Result<Option<Cow<'_, [u8]>>, Error> {
        let Some(content) = &self.content else {
            return Ok(None);
        };
        let encoding = self.receipt.action.encoding.as_deref();
        if encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("base64")) {
            let bytes = Base64::from(content.clone()).decode()?;
            return Ok(Some(Cow::Owned(bytes)));
        }
        Ok(Some(Cow::Borrowed(content.as_bytes())))
    }
}

impl SesBounce {
    /// The addresses no mail will ever reach; none where the bounce may pass.
    pub fn dead_addresses(&self) -> impl Iterator<Item = &str> {
        let permanent = self.bounce_type == SesBounceType::Permanent;
        let recipients = self.bounced_recipients.iter();
        recipients
            .filter(move |_| permanent)
            .map(|recipient| &*recipient.email_address)
    }
}

fn is_named(header: &SesHeader, name: &str) -> bool {
    header.name.eq_ignore_ascii_case(name)
}
