//! An event as one connection would deliver it.

use serde_json::Value;

use crate::{Arn, Sample, Service};

/// A sample with what is a connection's own: its queue's ARN, its bucket's name.
///
/// ```
/// use lambda_with::{Example, Mode, Sample, Service};
///
/// const PLACED: Sample = Sample { id: "placed", of: "OrderEvent", json: r#"{"shop":"any"}"# };
/// # const ORDERS: Service = Service { id: "orders", name: "Orders", mode: Mode::Synchronous,
/// #     principal: None, guide: "", samples: &[PLACED], shapes: &[], readme: "" };
/// let example = Example::named(&ORDERS, "placed").map(|example| example.with("/shop", "harbour"));
/// assert_eq!(example.unwrap().own[0].0, "/shop");
/// ```
///
/// The local engine sends it where no real event is at hand.
#[derive(Clone, Debug)]
pub struct Example {
    /// The sample it begins as.
    pub sample: &'static Sample,
    /// JSON pointers and the values to put there. What a pointer does not find is left alone.
    pub own: Vec<(String, Value)>,
}

impl Example {
    /// The first sample of this event type, as it is.
    #[must_use]
    pub fn of<E>(service: &Service) -> Option<Self> {
        let name = std::any::type_name::<E>();
        let name = name.split('<').next().unwrap_or(name);
        let name = name.rsplit("::").next().unwrap_or(name);
        Self::first(service, |sample| sample.of == name)
    }

    /// The sample of this name, as it is.
    #[must_use]
    pub fn named(service: &Service, id: &str) -> Option<Self> {
        Self::first(service, |sample| sample.id == id)
    }

    /// The first sample that is wanted, as it is.
    pub fn first(service: &Service, wanted: impl Fn(&Sample) -> bool) -> Option<Self> {
        let sample = service.samples.iter().find(|sample| wanted(sample))?;
        Some(Self {
            sample,
            own: Vec::new(),
        })
    }

    /// Puts a value where the pointer leads.
    #[must_use]
    pub fn with(mut self, pointer: impl Into<String>, value: impl Into<Value>) -> Self {
        self.own.push((pointer.into(), value.into()));
        self
    }

    /// Puts a source's ARN and Region into every one of the event's `Records`.
    #[must_use]
    pub fn from_source(mut self, source: &Arn) -> Self {
        let records = self.sample.at("/Records").unwrap_or_default();
        for index in 0..records.as_array().map_or(0, Vec::len) {
            let record = format!("/Records/{index}");
            self = self
                .with(format!("{record}/eventSourceARN"), source.as_str())
                .with(format!("{record}/awsRegion"), source.region());
        }
        self
    }
}

impl Sample {
    /// The value a JSON pointer leads to.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<Value> {
        let document: Value = serde_json::from_str(self.json).ok()?;
        document.pointer(pointer).cloned()
    }
}
