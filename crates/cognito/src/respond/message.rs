//! Answers to custom message triggers.

use lambda_with::{Error, Text};

use super::rules::{invalid, limit};
use crate::{CustomMessageEvent, CustomMessageSource};

/// As many characters an email has at most, the code included.
const MAX_EMAIL: usize = 20_000;

/// As many characters a text message has at most, the code included.
const MAX_SMS: usize = 140;

impl CustomMessageEvent {
    /// Sets the text message. `request.code_parameter` stands for the code in it.
    ///
    /// # Errors
    ///
    /// When the code or the user's name has no place in it, or it is longer than 140 characters.
    pub fn sms(mut self, message: impl Into<Text>) -> Result<Self, Error> {
        self.response.sms_message = message.into().into();
        self.check().map(|()| self)
    }

    /// Sets the email, which is HTML. `request.code_parameter`, or `request.link_parameter` where the
    /// pool verifies by links, stands for the code in it.
    ///
    /// ```
    /// use lambda_with_cognito::{CustomMessageEvent, SERVICE};
    ///
    /// let sample = SERVICE.sample("custom-message-sign-up").ok_or("no such sample")?;
    /// let event: CustomMessageEvent = lambda_with::decode(sample.json)?;
    /// let answer = event.email("Welcome aboard", "Your code is {####}.")?;
    /// assert!(answer.email("Welcome", "No code").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Only a pool that sends through Amazon SES takes it; others answer the app with
    /// `InvalidLambdaResponseException`.
    ///
    /// # Errors
    ///
    /// When the code or the user's name has no place in it, or it is longer than 20,000 characters.
    pub fn email(mut self, subject: impl Into<Text>, html: impl Into<Text>) -> Result<Self, Error> {
        self.response.email_subject = subject.into().into();
        self.response.email_message = html.into().into();
        self.check().map(|()| self)
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When Amazon Cognito would refuse it; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        let (sms, email) = (
            self.response.sms_message.as_deref(),
            self.response.email_message.as_deref(),
        );
        for (what, text, most) in [
            ("the text message", sms, MAX_SMS),
            ("the email", email, MAX_EMAIL),
        ] {
            let length = text.unwrap_or_default().chars().count();
            if length > most {
                return Err(limit(
                    "a text message has at most 140 characters, an email 20,000",
                    format!("{what} has {length} characters, more than {most}"),
                ));
            }
        }
        let code = self.request.code_parameter.as_deref();
        let link = self.request.link_parameter.as_deref();
        self.holds("the text message", sms, &[code])?;
        self.holds("the email", email, &[code, link])
    }

    /// Refuses a message without a place for one of `codes`, and for the name where there is one.
    fn holds(
        &self,
        what: &str,
        message: Option<&str>,
        codes: &[Option<&str>],
    ) -> Result<(), Error> {
        let Some(message) = message else {
            return Ok(());
        };
        let mut codes = codes
            .iter()
            .flatten()
            .filter(|code| !code.is_empty())
            .peekable();
        if codes.peek().is_some() && !codes.any(|code| message.contains(code)) {
            return Err(invalid(
                "a message has a place for the code",
                format!("{what} does not hold `codeParameter`"),
            ));
        }
        let name = self
            .request
            .username_parameter
            .as_deref()
            .unwrap_or_default();
        let named =
            self.trigger_source != CustomMessageSource::AdminCreateUser || message.contains(name);
        if !named {
            return Err(invalid(
                "a message to a user whom an administrator made has a place for the name",
                format!("{what} does not hold `usernameParameter`, `{name}`"),
            ));
        }
        Ok(())
    }
}
