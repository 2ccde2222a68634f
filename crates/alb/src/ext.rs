//! Methods of the event type: what a handler asks of a request, whichever form it came in.

use lambda_with::{Base64, Error, ErrorKind, Text, form};
use serde::de::DeserializeOwned;

use crate::AlbRequest;

impl AlbRequest {
    /// Whether headers and query parameters came with all their values. The answer must be in the
    /// same form, which [`AlbResponse`](crate::AlbResponse) sees to.
    #[must_use]
    pub fn is_multi_value(&self) -> bool {
        !self.multi_value_headers.is_missing()
            || !self.multi_value_query_string_parameters.is_missing()
    }

    /// Whether the load balancer asks if the function is well. It is then answered at once, with the
    /// status the target group takes for a success.
    ///
    /// ```
    /// use lambda_with_alb::{AlbRequest, SERVICE};
    ///
    /// let sample = SERVICE.sample("health-check").ok_or("no such sample")?;
    /// let request: AlbRequest = lambda_with::decode(sample.json)?;
    /// assert!(request.is_health_check());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A client that gives itself the name of the health checker is told apart: its request has
    /// `x-forwarded-for`, unless the load balancer was told to remove that header.
    #[must_use]
    pub fn is_health_check(&self) -> bool {
        let agent = self.header("user-agent").unwrap_or_default();
        agent.starts_with("ELB-HealthChecker/") && self.header("x-forwarded-for").is_none()
    }

    /// The last value of a header, whatever the case of its name.
    ///
    /// ```
    /// use lambda_with_alb::{AlbRequest, SERVICE};
    ///
    /// for sample in ["get", "multi-value"] {
    ///     let sample = SERVICE.sample(sample).ok_or("no such sample")?;
    ///     let request: AlbRequest = lambda_with::decode(sample.json)?;
    ///     assert_eq!(request.header("Accept"), Some("text/html"));
    ///     assert_eq!(request.cookie("theme"), Some("dark"));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let last = self
            .multi_value_headers
            .get_all(name)
            .last()
            .map(Text::as_str);
        last.or_else(|| self.headers.get(name))
    }

    /// All values of a header, whatever the case of its name; the last alone without multi-value
    /// headers.
    #[must_use]
    pub fn header_all(&self, name: &str) -> Vec<&str> {
        match self.multi_value_headers.get_all(name) {
            [] => self.headers.get(name).into_iter().collect(),
            values => values.iter().map(Text::as_str).collect(),
        }
    }

    /// The value of a cookie. Without multi-value headers only the last `cookie` header came; over
    /// HTTP/1.1 browsers send one with all cookies.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.header_all("cookie").into_iter();
        headers
            .flat_map(|header| header.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
    }

    /// The last value of a query parameter, decoded: the load balancer passes on what the client
    /// encoded.
    ///
    /// ```
    /// use lambda_with_alb::{AlbRequest, SERVICE};
    ///
    /// let sample = SERVICE.sample("get").ok_or("no such sample")?;
    /// let request: AlbRequest = lambda_with::decode(sample.json)?;
    /// assert_eq!(request.query("q").as_deref(), Some("spring tide"));
    /// assert_eq!(request.decoded_path(), "/tides/café");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A `+` is a space, as in HTML forms. Bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_all(name).pop()
    }

    /// All values of a query parameter, decoded; the last alone without multi-value headers.
    #[must_use]
    pub fn query_all(&self, name: &str) -> Vec<String> {
        let single = self.query_string_parameters.as_ref().into_iter().flatten();
        let multi = self
            .multi_value_query_string_parameters
            .as_ref()
            .into_iter()
            .flatten();
        let single = single.map(|(key, value)| (key, std::slice::from_ref(value)));
        multi
            .map(|(key, values)| (key, values.as_slice()))
            .chain(single)
            .filter(|(key, _)| form_decoded(key) == name)
            .flat_map(|(_, values)| values.iter().map(|value| form_decoded(value)))
            .collect()
    }

    /// The path, decoded. Compare segments before decoding where a segment may hold a slash.
    #[must_use]
    pub fn decoded_path(&self) -> String {
        String::from_utf8_lossy(&form::percent_decode(&self.path)).into_owned()
    }

    /// The client's address, as the load balancer saw it: the last of `x-forwarded-for`. What stands
    /// before it came with the request, and anybody can write it.
    #[must_use]
    pub fn client_address(&self) -> Option<&str> {
        self.header("x-forwarded-for")?
            .rsplit(',')
            .next()
            .map(str::trim)
    }

    /// The body's real content: decoded where it came as base64, empty where there is none. What a
    /// client compressed is still compressed.
    ///
    /// # Errors
    ///
    /// When it is marked as base64 and is not.
    pub fn body_bytes(&self) -> Result<Vec<u8>, Error> {
        let Some(body) = self.body.as_ref() else {
            return Ok(Vec::new());
        };
        let text = body.as_text()?;
        match self.is_base64_encoded {
            Some(true) => Base64::from(text.as_ref()).decode(),
            _ => Ok(text.into_owned().into_bytes()),
        }
    }

    /// The body read as JSON.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not the JSON of a `T`.
    pub fn body_json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        match self.body.as_ref() {
            Some(body) if *body == "" => {}
            Some(body) if self.is_base64_encoded != Some(true) => return body.decode(),
            Some(_) => return lambda_with::decode(self.body_bytes()?),
            None => {}
        }
        Err(Error::new(ErrorKind::Decode, "the request has no body"))
    }
}

fn form_decoded(text: &str) -> String {
    String::from_utf8_lossy(&form::decode(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::SERVICE;

    fn sample(id: &str) -> AlbRequest {
        lambda_with::decode(SERVICE.sample(id).unwrap().json).unwrap()
    }

    #[test]
    fn either_form() {
        let (single, multi) = (sample("get"), sample("multi-value"));
        assert!(!single.is_multi_value() && multi.is_multi_value());
        assert_eq!(single.header_all("COOKIE"), ["theme=dark; session=s1"]);
        assert_eq!(multi.header_all("COOKIE"), ["theme=dark", "session=s1"]);
        for request in [&single, &multi] {
            assert_eq!(request.cookie("session"), Some("s1"));
            assert_eq!(request.cookie("none"), None);
            assert_eq!(request.client_address(), Some("203.0.113.24"));
            assert_eq!(request.header_all("none"), Vec::<&str>::new());
        }
        assert_eq!(multi.query_all("kind"), ["sail", "motor"]);
        assert_eq!(multi.query("kind").as_deref(), Some("motor"));
        assert_eq!(multi.query("q").as_deref(), Some("blue hull"));
        assert_eq!(single.query("none"), None);
        assert!(sample("multi-value-health-check").is_multi_value());
    }

    #[test]
    fn health_checks() {
        for sample in SERVICE
            .samples
            .iter()
            .filter(|sample| sample.of == "AlbRequest")
        {
            let request: AlbRequest = lambda_with::decode(sample.json).unwrap();
            assert_eq!(
                request.is_health_check(),
                sample.id.ends_with("health-check"),
                "{}",
                sample.id
            );
        }
        let mut client = sample("get");
        let agent = [
            ("user-agent", "ELB-HealthChecker/2.0"),
            ("x-forwarded-for", "1.2.3.4, 5.6.7.8"),
        ];
        client.headers = lambda_with::Headers::from(agent).into();
        assert!(!client.is_health_check());
        assert_eq!(client.client_address(), Some("5.6.7.8"));
    }

    #[test]
    fn bodies() {
        assert_eq!(sample("post").body_json::<Value>().unwrap()["berth"], 7);
        assert_eq!(
            sample("form").body_bytes().unwrap(),
            b"name=Seute+Deern&berth=7"
        );
        assert!(
            sample("binary")
                .body_bytes()
                .unwrap()
                .starts_with(b"\x89PNG")
        );
        assert!(
            sample("compressed")
                .body_bytes()
                .unwrap()
                .starts_with(b"\x1f\x8b")
        );
        let none = sample("get");
        assert_eq!(none.body_bytes().unwrap(), b"");
        assert!(
            none.body_json::<Value>()
                .unwrap_err()
                .to_string()
                .contains("no body")
        );
        let encoded = AlbRequest {
            body: lambda_with::JsonText::from("eyJpZCI6N30=").into(),
            is_base64_encoded: Some(true),
            ..none
        };
        assert_eq!(encoded.body_json::<Value>().unwrap(), json!({"id": 7}));
        let broken = AlbRequest {
            body: lambda_with::JsonText::from("?").into(),
            ..encoded
        };
        assert!(broken.body_bytes().is_err() && broken.body_json::<Value>().is_err());
    }

    #[test]
    fn decoding() {
        for (text, decoded) in [
            ("plain", "plain"),
            ("a%20b+c%2F%2B", "a b c/+"),
            ("%E2%98%95", "☕"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%ff", "\u{fffd}"),
        ] {
            assert_eq!(form_decoded(text), decoded, "{text}");
        }
        let mut request = sample("get");
        request.query_string_parameters =
            lambda_with::Map::from([("a%5B%5D", Text::from("x"))]).into();
        assert_eq!(request.query("a[]").as_deref(), Some("x"));
    }
}
