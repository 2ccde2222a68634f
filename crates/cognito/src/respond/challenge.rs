//! Answers to the three challenge triggers.

use lambda_with::{Error, Map, Nullable, Secret, Text};

use super::rules::invalid;
use crate::{
    ChallengeName, CreateAuthChallengeEvent, DefineAuthChallengeEvent, VerifyAuthChallengeEvent,
};

impl DefineAuthChallengeEvent {
    /// Asks for a challenge next.
    ///
    /// ```
    /// use lambda_with_cognito::{ChallengeName, DefineAuthChallengeEvent, SERVICE};
    ///
    /// /// Three tries at the function's own challenge.
    /// fn next(event: DefineAuthChallengeEvent) -> Result<DefineAuthChallengeEvent, lambda_with::Error> {
    ///     match event.last().map(|last| last.challenge_result) {
    ///         Some(true) if event.last().is_some_and(|last| last.challenge_name == ChallengeName::Custom) => event.issue_tokens(),
    ///         _ if event.failures() >= 3 => Ok(event.fail()),
    ///         _ => Ok(event.challenge(ChallengeName::Custom)),
    ///     }
    /// }
    ///
    /// let sample = SERVICE.sample("define-auth-challenge").ok_or("no such sample")?;
    /// let answer = next(lambda_with::decode(sample.json)?)?;
    /// assert_eq!(answer.response.challenge_name.into_option(), Some(ChallengeName::Custom));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn challenge(mut self, name: ChallengeName) -> Self {
        self.response.challenge_name = name.into();
        self.response.issue_tokens = false.into();
        self.response.fail_authentication = false.into();
        self
    }

    /// Lets the user in.
    ///
    /// # Errors
    ///
    /// When there is no such user.
    pub fn issue_tokens(mut self) -> Result<Self, Error> {
        self.response.challenge_name = Nullable::Null;
        self.response.issue_tokens = true.into();
        self.response.fail_authentication = false.into();
        self.check().map(|()| self)
    }

    /// Turns the user away.
    #[must_use]
    pub fn fail(mut self) -> Self {
        self.response.challenge_name = Nullable::Null;
        self.response.issue_tokens = false.into();
        self.response.fail_authentication = true.into();
        self
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When it says nothing, or more than one thing; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        let challenge = self
            .response
            .challenge_name
            .as_ref()
            .is_some_and(|name| !name.as_str().is_empty());
        let tokens = self.response.issue_tokens.as_ref() == Some(&true);
        let failure = self.response.fail_authentication.as_ref() == Some(&true);
        let said = [challenge, tokens, failure]
            .into_iter()
            .filter(|said| *said)
            .count();
        if said != 1 {
            return Err(invalid(
                "the answer is a challenge, tokens or a failure",
                format!("the answer says {said} of three things, and must say one"),
            ));
        }
        if tokens && self.request.user_not_found.as_ref() == Some(&true) {
            return Err(invalid(
                "there are no tokens for a user who does not exist",
                "the user was not found, and cannot be let in".into(),
            ));
        }
        Ok(())
    }
}

impl CreateAuthChallengeEvent {
    /// Asks the user: `public` goes to the app, `private` to the verify trigger alone.
    ///
    /// ```
    /// use lambda_with_cognito::{CreateAuthChallengeEvent, SERVICE};
    ///
    /// let sample = SERVICE.sample("create-auth-challenge").ok_or("no such sample")?;
    /// let event: CreateAuthChallengeEvent = lambda_with::decode(sample.json)?;
    /// let answer = event.ask([("sent_to", "s***@example.com")], [("code", "493817")])?.named("code-by-mail");
    /// assert!(!format!("{answer:?}").contains("493817"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When what is private stands in `public` too.
    pub fn ask<K: Into<Text>, V: Into<Text>>(
        mut self,
        public: impl IntoIterator<Item = (K, V)>,
        private: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Error> {
        let map = |(name, value): (K, V)| (name.into(), value.into());
        let private: Map<Text> = private.into_iter().map(map).collect();
        self.response.public_challenge_parameters =
            public.into_iter().map(map).collect::<Map<Text>>().into();
        self.response.private_challenge_parameters = Secret::from(private).into();
        self.check().map(|()| self)
    }

    /// Gives the challenge a name, by which the define trigger knows it.
    #[must_use]
    pub fn named(mut self, metadata: impl Into<Text>) -> Self {
        self.response.challenge_metadata = metadata.into().into();
        self
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When it gives the app what is private; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        let public = self.response.public_challenge_parameters.as_ref();
        let private = self.response.private_challenge_parameters.as_ref();
        for (name, value) in private.into_iter().flat_map(|private| private.iter()) {
            let shown = |public: &Map<Text>| public.get(name) == Some(value);
            if public.is_some_and(shown) {
                return Err(invalid(
                    "a private parameter is not public too",
                    format!("the app would see the private parameter `{name}`"),
                ));
            }
        }
        Ok(())
    }
}

impl VerifyAuthChallengeEvent {
    /// What the user answered, if it is a text.
    #[must_use]
    pub fn answer(&self) -> Option<String> {
        self.request.challenge_answer.decode().ok()
    }

    /// Says whether the answer is right.
    #[must_use]
    pub fn correct(mut self, correct: bool) -> Self {
        self.response.answer_correct = correct.into();
        self
    }

    /// Compares the answer with a private parameter, in a time that tells nothing of either. It is
    /// wrong where there is no such parameter, no text, or no such user.
    ///
    /// ```
    /// use lambda_with_cognito::{SERVICE, VerifyAuthChallengeEvent};
    ///
    /// let sample = SERVICE.sample("verify-auth-challenge").ok_or("no such sample")?;
    /// let event: VerifyAuthChallengeEvent = lambda_with::decode(sample.json)?;
    /// assert_eq!(event.compare("code").response.answer_correct.into_option(), Some(true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compare(self, private: &str) -> Self {
        let wanted = self
            .request
            .private_challenge_parameters
            .as_ref()
            .and_then(|all| all.get(private));
        let known = self.request.user_not_found.as_ref() != Some(&true);
        let correct = match (wanted, self.answer()) {
            (Some(wanted), Some(answer)) => known && !wanted.is_empty() && same(wanted, &answer),
            _ => false,
        };
        self.correct(correct)
    }

    /// Checks an answer that was put together by hand.
    ///
    /// # Errors
    ///
    /// When it does not say whether the user's answer is right; the error names the rule.
    pub fn check(&self) -> Result<(), Error> {
        match self.response.answer_correct.as_ref() {
            Some(_) => Ok(()),
            None => Err(invalid(
                "the user's answer is right or wrong",
                "`answerCorrect` is neither true nor false".into(),
            )),
        }
    }
}

/// Compares without stopping at the first difference.
fn same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    one.len() == other.len() && pairs.fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
