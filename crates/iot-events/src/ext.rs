//! What users ask of an event, and its members do not answer by themselves.

use crate::{DetectorEvent, IotEventsEvent};

impl IotEventsEvent {
    /// The event itself, whatever it came in.
    ///
    /// ```
    /// use lambda_with_iot_events::IotEventsEvent;
    ///
    /// for sample in lambda_with_iot_events::SERVICE.samples {
    ///     let event: IotEventsEvent = lambda_with::decode(sample.json)?;
    ///     assert_eq!(event.detector_event().payload.detector.detector_model_name, "crane_load");
    /// }
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    #[must_use]
    pub fn detector_event(&self) -> &DetectorEvent {
        match self {
            Self::Wrapped(wrapped) => &wrapped.event,
            Self::Labelled(labelled) => &labelled.event,
            Self::Bare(event) => event,
        }
    }
}
