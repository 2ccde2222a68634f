//! Answers to user migration triggers.

use lambda_with::{Error, Map, Nullable, Text};

use super::rules::invalid;
use crate::{FinalUserStatus, MessageAction, UserMigrationEvent, UserMigrationSource};

impl UserMigrationEvent {
    /// The password the user typed, to be tried at the old place.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.request
            .password
            .as_ref()
            .map(|password| password.as_str())
    }

    /// Takes the user over with these attributes: the password stays after a sign-in, and is set anew
    /// when it was forgotten. No message of welcome is sent.
    ///
    /// ```
    /// use lambda_with_cognito::{SERVICE, UserMigrationEvent};
    ///
    /// let sample = SERVICE.sample("user-migration").ok_or("no such sample")?;
    /// let event: UserMigrationEvent = lambda_with::decode(sample.json)?;
    /// let answer = event.migrate([("email", "seute@example.com"), ("email_verified", "true")])?;
    /// assert!(!format!("{answer:?}").contains("Correct-Horse"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// To migrate nobody, give the event back as it came, or fail.
    ///
    /// # Errors
    ///
    /// When there is no attribute; and for a forgotten password, when neither address nor number is
    /// verified: the code could not be sent.
    pub fn migrate<K: Into<Text>, V: Into<Text>>(
        mut self,
        attributes: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Error> {
        let attributes = attributes
            .into_iter()
            .map(|(name, value)| (name, value.into()));
        self.response.user_attributes = attributes.collect::<Map<Text>>().into();
        self.response.message_action = MessageAction::Suppress.into();
        self.response.final_user_status = match self.trigger_source {
            UserMigrationSource::ForgotPassword => FinalUserStatus::ResetRequired,
            _ => FinalUserStatus::Confirmed,
        }
        .into();
        self.check().map(|()| self)
    }

    /// Has the user set a new password at the first sign-in.
    #[must_use]
    pub fn reset_password(mut self) -> Self {
        self.response.final_user_status = FinalUserStatus::ResetRequired.into();
        self
    }

    /// Sends the message of welcome: by `SMS`, `EMAIL` or both.
    ///
    /// # Errors
    ///
    /// When a medium is neither, or there is none.
    pub fn welcome<'a>(
        mut self,
        mediums: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Error> {
        self.response.message_action = Nullable::Null;
        let mediums: Vec<Text> = mediums.into_iter().map(Text::from).collect();
        self.response.desired_delivery_mediums = mediums.into();
        self.check().map(|()| self)
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When Amazon Cognito would refuse it; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(mediums) = self.response.desired_delivery_mediums.as_ref()
            && (mediums.is_empty()
                || mediums
                    .iter()
                    .any(|medium| !matches!(medium.as_str(), "SMS" | "EMAIL")))
        {
            return Err(invalid(
                "a message of welcome goes by SMS or EMAIL",
                format!("{mediums:?} are not mediums"),
            ));
        }
        let Some(attributes) = self.response.user_attributes.as_ref() else {
            return Ok(());
        };
        if attributes.is_empty() {
            return Err(invalid(
                "a migrated user has attributes",
                "there is no attribute: a null migrates nobody".into(),
            ));
        }
        if self.trigger_source == UserMigrationSource::ForgotPassword {
            let is_true = |name| {
                attributes
                    .get(name)
                    .is_some_and(|value| value.eq_ignore_ascii_case("true"))
            };
            if !is_true("email_verified") && !is_true("phone_number_verified") {
                return Err(invalid(
                    "the code for a forgotten password goes to a verified address or number",
                    "neither `email_verified` nor `phone_number_verified` is `true`".into(),
                ));
            }
            if self.response.final_user_status.as_ref() != Some(&FinalUserStatus::ResetRequired) {
                return Err(invalid(
                    "who forgot the password sets a new one",
                    "`finalUserStatus` is not `RESET_REQUIRED`".into(),
                ));
            }
        }
        Ok(())
    }
}
