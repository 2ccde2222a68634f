//! What users ask of an event or set in an answer, and its members do not do by themselves.

use lambda_with::{Base64, Error, ErrorKind, Map, Nullable, Text};

use crate::{
    CloudFrontBody, CloudFrontBodyAction, CloudFrontEdge, CloudFrontEncoding, CloudFrontEvent,
    CloudFrontHeader, CloudFrontRequest, CloudFrontResponse,
};

type Headers = Map<Vec<CloudFrontHeader>>;

impl CloudFrontEvent {
    /// The one request of the event.
    ///
    /// # Errors
    ///
    /// When there are none or several, which CloudFront never sends.
    pub fn edge(&self) -> Result<&CloudFrontEdge, Error> {
        let [record] = self.records.as_slice() else {
            let message = format!("an event has one record, not {}", self.records.len());
            return Err(Error::new(ErrorKind::Invalid, message));
        };
        Ok(&record.cf)
    }
}

impl CloudFrontRequest {
    /// The first value of a header, whatever the case of its name.
    ///
    /// ```
    /// use lambda_with_cloudfront::CloudFrontRequest;
    ///
    /// let mut request = CloudFrontRequest::default();
    /// request.set_header("X-Harbor", "Skerry");
    /// assert_eq!(request.header("x-harbor"), Some("Skerry"));
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).next()
    }

    /// All values of a header.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        values(Some(&self.headers), name)
    }

    /// Sets a header to one value, in place of those it had.
    pub fn set_header(&mut self, name: &str, value: impl Into<Text>) {
        self.headers
            .insert(name.to_ascii_lowercase(), vec![header(name, value)]);
    }

    /// Takes a header away.
    pub fn remove_header(&mut self, name: &str) {
        self.headers.remove(&name.to_ascii_lowercase());
    }

    /// Puts a text in the place of the body. The association must include the body.
    pub fn set_body(&mut self, text: impl Into<Text>) {
        self.body = Some(CloudFrontBody {
            input_truncated: None,
            action: CloudFrontBodyAction::Replace,
            encoding: CloudFrontEncoding::Text,
            data: text.into(),
        });
    }
}

impl CloudFrontBody {
    /// The bytes of the body, whatever its encoding.
    ///
    /// # Errors
    ///
    /// When it is not the base64 it says, or in an encoding nobody knows.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        bytes(&self.data, Some(&self.encoding))
    }
}

impl CloudFrontResponse {
    /// A response without headers and body.
    ///
    /// ```
    /// use lambda_with_cloudfront::CloudFrontResponse;
    ///
    /// let page = CloudFrontResponse::new(200)
    ///     .with_header("Content-Type", "text/html")
    ///     .with_text("<p>The Alca sails at 08:40.</p>");
    /// assert_eq!(page.status, "200");
    /// ```
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status: status.to_string().into(),
            ..Self::default()
        }
    }

    /// Sends the viewer elsewhere, with status 302.
    #[must_use]
    pub fn redirect(location: impl Into<Text>) -> Self {
        Self {
            status_description: Some("Found".into()),
            ..Self::new(302).with_header("Location", location)
        }
    }

    /// Adds a value of a header, after those it has: cookies are set so.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Text>) -> Self {
        let mut headers = std::mem::take(&mut self.headers)
            .into_option()
            .unwrap_or_default();
        let key = name.to_ascii_lowercase();
        match headers.get_mut(&key) {
            Some(values) => values.push(header(name, value)),
            None => headers.push(key.into(), vec![header(name, value)]),
        }
        self.headers = Nullable::Value(headers);
        self
    }

    /// Sends a text.
    #[must_use]
    pub fn with_text(mut self, body: impl Into<Text>) -> Self {
        self.body = Some(body.into());
        self.body_encoding = Some(CloudFrontEncoding::Text);
        self
    }

    /// Sends bytes.
    #[must_use]
    pub fn with_bytes(mut self, body: &[u8]) -> Self {
        self.body = Some(Base64::encode(body).as_str().into());
        self.body_encoding = Some(CloudFrontEncoding::Binary);
        self
    }

    /// The first value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        values(self.headers.as_ref(), name).next()
    }

    /// All values of a header.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        values(self.headers.as_ref(), name)
    }

    /// Sets a header to one value, in place of those it had.
    pub fn set_header(&mut self, name: &str, value: impl Into<Text>) {
        let mut headers = std::mem::take(&mut self.headers)
            .into_option()
            .unwrap_or_default();
        headers.insert(name.to_ascii_lowercase(), vec![header(name, value)]);
        self.headers = Nullable::Value(headers);
    }

    /// Takes a header away.
    pub fn remove_header(&mut self, name: &str) {
        if let Nullable::Value(headers) = &mut self.headers {
            headers.remove(&name.to_ascii_lowercase());
        }
    }
}

pub(crate) fn bytes(data: &str, encoding: Option<&CloudFrontEncoding>) -> Result<Vec<u8>, Error> {
    match encoding {
        None | Some(CloudFrontEncoding::Text) => Ok(data.as_bytes().to_vec()),
        Some(CloudFrontEncoding::Binary) => Base64::from(data).decode(),
        Some(CloudFrontEncoding::Other(other)) => {
            let message = format!("`{other}` is neither text nor base64");
            Err(Error::new(ErrorKind::Invalid, message))
        }
    }
}

fn header(name: &str, value: impl Into<Text>) -> CloudFrontHeader {
    CloudFrontHeader {
        key: Some(name.into()),
        value: value.into(),
    }
}

fn values<'a>(headers: Option<&'a Headers>, name: &str) -> impl Iterator<Item = &'a str> {
    let named = headers.and_then(|headers| headers.get(&name.to_ascii_lowercase()));
    named
        .into_iter()
        .flatten()
        .map(|header| header.value.as_str())
}
