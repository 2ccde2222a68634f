//! What users ask of a request, and its members do not answer by themselves.

use std::time::Duration;

use lambda_with::name::checksum;
use lambda_with::{Error, ErrorKind, Json, Map, Nullable};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::lenient;
use crate::{CustomResourceEvent, CustomResourceRequestType};

/// Members of the properties that are for CloudFormation.
const OWN: [&str; 2] = ["ServiceTimeout", "ServiceToken"];

impl CustomResourceEvent {
    /// The resource's properties as a type of one's own.
    ///
    /// ```
    /// use lambda_with_cloudformation::{CustomResourceEvent, SERVICE};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    /// struct Berths {
    ///     quay: String,
    ///     count: u32,
    ///     heated: bool,
    /// }
    ///
    /// let json = SERVICE.sample("create").ok_or("no such sample")?.json;
    /// let event: CustomResourceEvent = lambda_with::decode(json)?;
    /// let berths: Berths = event.properties()?;
    /// assert_eq!((berths.quay.as_str(), berths.count, berths.heated), ("north", 24, true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// CloudFormation sends numbers and booleans as strings: where `T` has one, such a string is
    /// taken for it. Not so below `#[serde(flatten)]` and in untagged enums, which serde reads
    /// through a buffer. `ServiceToken` and `ServiceTimeout` are left out.
    ///
    /// # Errors
    ///
    /// When the properties are not what `T` reads. The error names the property.
    pub fn properties<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.read(&self.resource_properties)
    }

    /// The properties before the update, read like [`properties`](Self::properties). Only an
    /// `Update` has them.
    ///
    /// # Errors
    ///
    /// When they are not what `T` reads. The error names the property.
    pub fn old_properties<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.read(&self.old_resource_properties)
    }

    /// An id for the resource: the same whenever the request comes, another for every resource of
    /// every stack.
    ///
    /// ```
    /// # use lambda_with_cloudformation::{CustomResourceEvent, SERVICE};
    /// # let json = SERVICE.sample("create").ok_or("no such sample")?.json;
    /// # let event: CustomResourceEvent = lambda_with::decode(json)?;
    /// assert_eq!(event.default_id(), "harbor-Berths-9589625e");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// It is `STACK-RESOURCE-CHECKSUM`, and what [`provide`](crate::provide) answers where nothing
    /// else is given.
    #[must_use]
    pub fn default_id(&self) -> String {
        let stack = self.stack_id.split('/').nth(1).unwrap_or("stack");
        let sum = checksum(&self.stack_id);
        format!("{stack}-{}-{sum}", self.logical_resource_id)
    }

    /// The id that stands for a resource whose creation failed before it had one.
    #[must_use]
    pub fn failed_id(&self) -> String {
        format!("{}-CREATE_FAILED", self.logical_resource_id)
    }

    /// Whether this is about a resource that was never made: its creation failed, and what is left
    /// of it has no id, or [that of a failure](Self::failed_id).
    ///
    /// ```
    /// # use lambda_with_cloudformation::{CustomResourceEvent, SERVICE};
    /// let json = SERVICE.sample("delete-never-created").ok_or("no such sample")?.json;
    /// let event: CustomResourceEvent = lambda_with::decode(json)?;
    /// assert!(event.is_never_created());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_never_created(&self) -> bool {
        let known = self.physical_resource_id.as_deref();
        self.request_type != CustomResourceRequestType::Create
            && known.is_none_or(|id| id.is_empty() || id == self.failed_id())
    }

    /// How long CloudFormation waits for the answer: the property `ServiceTimeout`, or an hour.
    #[must_use]
    pub fn service_timeout(&self) -> Duration {
        let set = self.resource_properties.get("ServiceTimeout");
        let seconds = set.and_then(|seconds| match seconds.value().ok()? {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64(),
        });
        Duration::from_secs(seconds.unwrap_or(3600))
    }

    fn read<T: DeserializeOwned>(&self, properties: &Nullable<Map<Json>>) -> Result<T, Error> {
        let mut members = serde_json::Map::new();
        for (name, value) in properties.as_ref().into_iter().flatten() {
            if !OWN.contains(&name.as_str()) {
                members.insert(name.to_string(), value.value()?);
            }
        }
        lenient::read(members).map_err(|error| {
            let message = format!("the properties are not what they should be: {error}");
            Error::new(ErrorKind::Decode, message)
                .with("resource", self.logical_resource_id.as_str())
        })
    }
}
