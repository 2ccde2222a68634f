//! Answers to pre sign-up triggers.

use lambda_with::Error;

use super::rules::invalid;
use crate::PreSignUpEvent;

impl PreSignUpEvent {
    /// Confirms the user without a code.
    ///
    /// ```
    /// use lambda_with_cognito::{PreSignUpEvent, SERVICE};
    ///
    /// let sample = SERVICE.sample("pre-sign-up").ok_or("no such sample")?;
    /// let event: PreSignUpEvent = lambda_with::decode(sample.json)?;
    /// let answer = event.confirm().verify_email()?;
    /// assert_eq!(answer.response.auto_verify_email.into_option(), Some(true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Has no effect for a user whom an administrator makes. To turn a sign-up down, fail: the app
    /// gets the error's text.
    #[must_use]
    pub fn confirm(mut self) -> Self {
        self.response.auto_confirm_user = true.into();
        self
    }

    /// Takes the user's address for verified.
    ///
    /// # Errors
    ///
    /// When the user has none.
    pub fn verify_email(mut self) -> Result<Self, Error> {
        self.response.auto_verify_email = true.into();
        self.check().map(|()| self)
    }

    /// Takes the user's number for verified.
    ///
    /// # Errors
    ///
    /// When the user has none.
    pub fn verify_phone(mut self) -> Result<Self, Error> {
        self.response.auto_verify_phone = true.into();
        self.check().map(|()| self)
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When Amazon Cognito would refuse it; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        for (set, attribute) in [
            (&self.response.auto_verify_email, "email"),
            (&self.response.auto_verify_phone, "phone_number"),
        ] {
            if set.as_ref() == Some(&true) && self.attribute(attribute).is_none_or(str::is_empty) {
                return Err(invalid(
                    "only an attribute that is there can be verified",
                    format!("the user has no `{attribute}` to take for verified"),
                ));
            }
        }
        Ok(())
    }
}
