//! What users ask of an event, and its members do not answer by themselves.

use lambda_with::Text;

use crate::{LexConfidence, LexConfidenceScore, LexEvent, LexIntent, LexSlot, LexV1Event};

impl LexEvent {
    /// The intent the conversation is about; before there is one, the likeliest.
    #[must_use]
    pub fn intent(&self) -> Option<&LexIntent> {
        let likeliest = || self.interpretations.first().map(|first| &first.intent);
        self.session_state.intent.as_ref().or_else(likeliest)
    }

    /// What Amazon Lex took the user's words for a slot for.
    ///
    /// ```
    /// use lambda_with_lex::{LexEvent, SERVICE};
    ///
    /// let event: LexEvent = lambda_with::decode(SERVICE.sample("dialog").ok_or("no sample")?.json)?;
    /// assert_eq!(event.slot("Port"), Some("Skerry"));
    /// assert_eq!(event.slot("Sailing"), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&str> {
        self.intent()?.slot(name)?.text()
    }

    /// What was remembered under this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let attributes = &self.session_state.session_attributes;
        attributes.get(name).map(Text::as_str)
    }
}

impl LexIntent {
    /// A slot that has a value.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&LexSlot> {
        self.slots.get(name)?.as_ref()
    }
}

impl LexSlot {
    /// What the user's words were taken for; the words themselves where they were taken for nothing.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        let value = self.value.as_ref()?;
        let interpreted = value.interpreted_value.as_deref();
        interpreted.or(value.original_value.as_deref())
    }

    /// The texts of a list's values.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let values = self.values.as_ref().into_iter().flatten();
        values.filter_map(Self::text)
    }

    /// A part of a composite slot that has a value.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&Self> {
        self.sub_slots.get(name)?.as_ref()
    }
}

impl LexConfidence {
    /// The number, 0 to 1, wherever it stands; `None` where it is no number.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let (Self::Number(number) | Self::Score(LexConfidenceScore { score: number })) = self;
        number.to_string().parse().ok()
    }
}

impl LexV1Event {
    /// The value of a slot.
    #[must_use]
    pub fn slot(&self, name: &str) -> Option<&str> {
        self.current_intent.slots.get(name)?.as_deref()
    }

    /// What was remembered under this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.session_attributes.get(name).map(Text::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SERVICE;

    fn event(sample: &str) -> LexEvent {
        serde_json::from_str(SERVICE.sample(sample).unwrap().json).unwrap()
    }

    #[test]
    fn slots_of_every_shape() {
        let list = event("list");
        let luggage = list.intent().unwrap().slot("Luggage").unwrap();
        assert_eq!(luggage.texts().collect::<Vec<_>>(), ["bikes", "dog"]);
        let composite = event("composite");
        let seats = composite.intent().unwrap().slot("Seats").unwrap();
        assert_eq!(seats.part("Deck").unwrap().text(), Some("4"));
        assert_eq!((seats.part("Window"), seats.text()), (None, None));
        let mut dialog = event("dialog");
        dialog.session_state.intent = lambda_with::Nullable::Missing;
        assert_eq!(dialog.slot("Port"), Some("Skerry"));
        assert_eq!(event("context").attribute("customer"), Some("C-2207"));
        assert_eq!(event("dialog").attribute("customer"), None);
    }

    #[test]
    fn slots_of_version_1() {
        let json = SERVICE.sample("v1-dialog").unwrap().json;
        let event: LexV1Event = serde_json::from_str(json).unwrap();
        assert_eq!(
            (event.slot("Port"), event.slot("Sailing")),
            (Some("Skerry"), None)
        );
        assert_eq!(event.attribute("customer"), Some("C-2207"));
    }

    #[test]
    fn confidence_in_either_form() {
        for (sample, value) in [("dialog", 0.87), ("confidence-object", 0.77)] {
            let event = event(sample);
            let confidence = event.interpretations[0].nlu_confidence.as_ref().unwrap();
            assert_eq!(confidence.value(), Some(value), "{sample}");
        }
    }
}
