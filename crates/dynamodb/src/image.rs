//! Items, decoded on demand.

use lambda_with::{Error, ErrorKind, Json, Map};
use serde::de::DeserializeOwned;

use crate::attribute::{AttributeValue, Attributes};

/// The attributes of an item, or of its key.
///
/// ```
/// use lambda_with::decode;
/// use lambda_with_dynamodb::{AttributeValue, DynamoDbEvent, Image, SERVICE};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// #[serde(rename_all = "camelCase")]
/// struct Order {
///     order_id: String,
///     status: String,
///     total: f64,
/// }
///
/// let sample = SERVICE.sample("modify").ok_or("no such sample")?;
/// let event: DynamoDbEvent = decode(sample.json)?;
/// let change = &event.records[0].dynamodb;
/// let (before, after): (Order, Order) = (change.old_image.decode()?, change.new_image.decode()?);
/// assert_eq!((before.status.as_str(), after.status.as_str()), ("NEW", "PAID"));
/// assert_eq!(after.total, 42.5);
/// assert_eq!(change.keys.attribute("orderId")?, Some(AttributeValue::S("A-1001".into())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Numbers, sets and binary data are read by the rules of [`AttributeValue::decode`]. An image that is
/// not there decodes as an `Option` alone.
pub trait Image {
    /// The attributes by name, each as JSON text; none where there is no image.
    fn attributes(&self) -> Option<&Map<Json>>;

    /// Reads the item as a `T`, by the rules of [`AttributeValue::decode`].
    ///
    /// # Errors
    ///
    /// When it does not fit `T`; the error names the attribute. When there is no image, and `T` is
    /// not an `Option`.
    fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let error = match T::deserialize(Attributes(self.attributes())) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let what = match self.attributes() {
            Some(_) => format!("the item does not fit: {error}"),
            None => "the record holds no such image".to_owned(),
        };
        Err(Error::new(ErrorKind::Decode, what))
    }

    /// One attribute with its type; none where the item has none of this name.
    ///
    /// # Errors
    ///
    /// When it is of no type known here.
    fn attribute(&self, name: &str) -> Result<Option<AttributeValue>, Error> {
        let value = self
            .attributes()
            .and_then(|attributes| attributes.get(name));
        value.map(Json::decode).transpose()
    }
}

impl Image for Map<Json> {
    fn attributes(&self) -> Option<&Map<Json>> {
        Some(self)
    }
}

impl Image for Option<Map<Json>> {
    fn attributes(&self) -> Option<&Map<Json>> {
        self.as_ref()
    }
}
