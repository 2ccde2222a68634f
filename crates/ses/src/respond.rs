//! What a synchronous function answers.

use crate::{Disposition, SesDisposition};

impl SesDisposition {
    /// The mail goes on to the next action. So it does after any other answer and any failure; this
    /// one says that it is meant.
    ///
    /// ```
    /// use lambda_with_ses::SesDisposition;
    ///
    /// let answer = serde_json::to_string(&SesDisposition::go_on())?;
    /// assert_eq!(answer, r#"{"disposition":"CONTINUE"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn go_on() -> Self {
        Disposition::Continue.into()
    }

    /// The actions that remain in this rule are passed over; later rules still apply.
    #[must_use]
    pub fn stop_rule() -> Self {
        Disposition::StopRule.into()
    }

    /// All that remains is passed over.
    #[must_use]
    pub fn stop_rule_set() -> Self {
        Disposition::StopRuleSet.into()
    }
}

impl From<Disposition> for SesDisposition {
    fn from(disposition: Disposition) -> Self {
        Self { disposition }
    }
}
