//! Answers: made in the form of the request, and checked against the load balancer's rules.

mod rules;

use lambda_with::{Base64, Error, Map, Nullable, Scalar, Text};
use serde::Serialize;

use self::rules::{cookie, header_name, header_value, invalid, json, status, within};
use crate::{AlbRequest, AlbResponse};

impl AlbResponse {
    /// An answer without a body, in the form of the request.
    ///
    /// # Errors
    ///
    /// When the status is not 200 to 599.
    pub fn new(request: &AlbRequest, code: u16) -> Result<Self, Error> {
        let mut answer = Self {
            status_code: status(code.into())?,
            is_base64_encoded: Some(false),
            ..Self::default()
        };
        match request.is_multi_value() {
            true => answer.multi_value_headers = Map::new().into(),
            false => answer.headers = Map::new().into(),
        }
        Ok(answer)
    }

    /// Plain text, in UTF-8.
    ///
    /// ```
    /// use lambda_with_alb::{AlbRequest, AlbResponse, SERVICE};
    ///
    /// let sample = SERVICE.sample("multi-value").ok_or("no such sample")?;
    /// let request: AlbRequest = lambda_with::decode(sample.json)?;
    /// let answer = AlbResponse::text(&request, 404, "no such boat")?;
    /// assert_eq!(answer.header("content-type").as_deref(), Some("text/plain; charset=utf-8"));
    /// assert!(answer.headers.is_missing() && !answer.multi_value_headers.is_missing());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the status is not 200 to 599, or has no body (204, 304); when the answer is larger than
    /// 1 MB.
    pub fn text(request: &AlbRequest, code: u16, body: impl Into<Text>) -> Result<Self, Error> {
        Self::with_body(
            request,
            code,
            "text/plain; charset=utf-8",
            body.into(),
            false,
        )
    }

    /// A web page, in UTF-8.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text).
    pub fn html(request: &AlbRequest, code: u16, body: impl Into<Text>) -> Result<Self, Error> {
        Self::with_body(
            request,
            code,
            "text/html; charset=utf-8",
            body.into(),
            false,
        )
    }

    /// `value` as JSON. The body is a string with the JSON in it: an object there is a 502.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text), and when `value` cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(
        request: &AlbRequest,
        code: u16,
        value: &T,
    ) -> Result<Self, Error> {
        Self::with_body(
            request,
            code,
            "application/json",
            json(value, "the body")?.into(),
            false,
        )
    }

    /// Bytes, as base64, which the load balancer decodes. At most 786,000 bytes fit.
    ///
    /// # Errors
    ///
    /// As for [`text`](Self::text), and when `content_type` cannot stand in a header.
    pub fn binary(
        request: &AlbRequest,
        code: u16,
        content_type: &str,
        bytes: impl AsRef<[u8]>,
    ) -> Result<Self, Error> {
        within(bytes.as_ref().len().div_ceil(3) * 4)?;
        Self::with_body(
            request,
            code,
            content_type,
            Base64::encode(bytes).into(),
            true,
        )
    }

    /// Sends the client elsewhere.
    ///
    /// 303 asks for the other page with GET, 307 and 308 repeat the request; 301 and 308 are for
    /// good.
    ///
    /// # Errors
    ///
    /// When the status is none of 301, 302, 303, 307, 308, or `location` cannot stand in a header:
    /// percent-encode it.
    pub fn redirect(request: &AlbRequest, code: u16, location: &str) -> Result<Self, Error> {
        if !matches!(code, 301..=303 | 307 | 308) {
            return Err(invalid(
                "a redirect has the status 301, 302, 303, 307 or 308",
                format!("{code} is not the status of a redirect"),
            ));
        }
        Self::new(request, code)?.with_header("location", location)
    }

    /// Sets a header; one of the same name, whatever its case, is replaced.
    ///
    /// # Errors
    ///
    /// When the name or the value cannot stand in a header: line breaks above all, with which a
    /// caller's text could add headers of its own.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, Error> {
        header_name(name)?;
        header_value(name, value)?;
        let other = |key: &Text| !key.eq_ignore_ascii_case(name);
        if let Nullable::Value(headers) = &mut self.multi_value_headers {
            headers.retain(other);
            headers.push(name.into(), vec![value.into()]);
        } else {
            let mut headers = self.headers.into_option().unwrap_or_default();
            headers.retain(other);
            headers.push(name.into(), value.into());
            self.headers = headers.into();
        }
        Ok(self)
    }

    /// Adds a cookie: a whole `set-cookie` value such as `theme=dark; Path=/; Secure`.
    ///
    /// ```
    /// use lambda_with_alb::{AlbRequest, AlbResponse, SERVICE};
    ///
    /// let sample = SERVICE.sample("multi-value").ok_or("no such sample")?;
    /// let request: AlbRequest = lambda_with::decode(sample.json)?;
    /// let answer = AlbResponse::text(&request, 200, "welcome")?
    ///     .with_cookie("a=1; HttpOnly")?
    ///     .with_cookie("b=2")?;
    /// assert_eq!(answer.header_all("set-cookie"), ["a=1; HttpOnly", "b=2"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it has no name, or cannot stand in a header; and for a second one where the target group
    /// does not have multi-value headers: the client would get the last alone.
    pub fn with_cookie(mut self, value: &str) -> Result<Self, Error> {
        cookie(value)?;
        let Nullable::Value(headers) = &mut self.multi_value_headers else {
            if self.header("set-cookie").is_some() {
                return Err(invalid(
                    "an answer without multi-value headers has one cookie",
                    format!("`{value}` would replace the cookie that is there"),
                ));
            }
            return self.with_header("set-cookie", value);
        };
        let key = headers
            .keys()
            .find(|key| key.eq_ignore_ascii_case("set-cookie"))
            .cloned();
        match key.and_then(|key| headers.get_mut(&key)) {
            Some(cookies) => cookies.push(value.into()),
            None => headers.push("set-cookie".into(), vec![value.into()]),
        }
        Ok(self)
    }

    /// The last value of a header, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.header_all(name).pop()
    }

    /// All values of a header, whatever the case of its name.
    #[must_use]
    pub fn header_all(&self, name: &str) -> Vec<String> {
        let named = self
            .values()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.to_string()).collect()
    }

    /// Checks an answer that was put together by hand, or changed.
    ///
    /// # Errors
    ///
    /// When the load balancer would make a 502 of it, or lose headers; the error names the rule.
    pub fn check(&self, request: &AlbRequest) -> Result<(), Error> {
        status(self.status_code)?;
        let (has, lacks, member) = match request.is_multi_value() {
            true => (
                self.multi_value_headers.as_ref().is_some(),
                self.headers.as_ref().is_none(),
                "multiValueHeaders",
            ),
            false => (
                self.headers.as_ref().is_some(),
                self.multi_value_headers.as_ref().is_none(),
                "headers",
            ),
        };
        if !(has && lacks) {
            return Err(invalid(
                "an answer has its headers where the request has them",
                format!("the headers of this answer belong into `{member}`, and nowhere else"),
            ));
        }
        let mut bytes = 0;
        for (name, value) in self.values() {
            let value = value.to_string();
            header_name(name)?;
            header_value(name, &value)?;
            bytes += name.len() + value.len() + 4;
        }
        rules::within_headers(bytes)?;
        match self.is_base64_encoded {
            None => {
                return Err(invalid(
                    "an answer says whether its body is base64",
                    "`isBase64Encoded` is missing".into(),
                ));
            }
            Some(true) => drop(rules::base64(self.body.as_deref().unwrap_or_default())?),
            Some(false) => {}
        }
        let body = self.body.as_deref().unwrap_or_default();
        rules::bodiless(self.status_code, body.is_empty())?;
        within(json(self, "the answer")?.len())
    }

    fn with_body(
        request: &AlbRequest,
        code: u16,
        content_type: &str,
        body: Text,
        base64: bool,
    ) -> Result<Self, Error> {
        rules::bodiless(code.into(), false)?;
        let mut answer = Self::new(request, code)?.with_header("content-type", content_type)?;
        answer.body = body.into();
        answer.is_base64_encoded = Some(base64);
        within(json(&answer, "the answer")?.len())?;
        Ok(answer)
    }

    /// Every value of every header.
    fn values(&self) -> impl Iterator<Item = (&Text, &Scalar)> {
        let single = self.headers.as_ref().into_iter().flat_map(Map::iter);
        let multi = self
            .multi_value_headers
            .as_ref()
            .into_iter()
            .flat_map(Map::iter);
        let multi = multi.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        single.chain(multi)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SERVICE;

    type A = AlbResponse;

    /// Requests of both forms.
    fn requests() -> [AlbRequest; 2] {
        ["get", "multi-value"]
            .map(|id| lambda_with::decode(SERVICE.sample(id).unwrap().json).unwrap())
    }

    fn refused(rule: &str, result: Result<impl Sized, Error>) {
        let error = result.err().unwrap_or_else(|| panic!("allowed: {rule}"));
        assert!(
            error.context("rule").is_some_and(|r| r.contains(rule)),
            "{rule}: {error}"
        );
    }

    #[test]
    fn rules() {
        let large = "x".repeat(1024 * 1024);
        for request in &requests() {
            let empty = || A::new(request, 200).unwrap();
            refused(
                "the status of an answer is 200 to 599",
                A::new(request, 199),
            );
            refused(
                "the status of an answer is 200 to 599",
                A::text(request, 600, "x"),
            );
            refused("204 and 304 have no body", A::text(request, 204, "x"));
            refused("204 and 304 have no body", A::json(request, 304, &1));
            refused("a redirect has the status", A::redirect(request, 304, "/"));
            refused(
                "a header value is made of",
                A::redirect(request, 302, "/a\r\nset-cookie: b=1"),
            );
            refused("a header value is made of", A::redirect(request, 302, "/ä"));
            refused("a header name is made of", empty().with_header("x y", "1"));
            refused("a header name is made of", empty().with_header("", "1"));
            refused(
                "a header value is made of",
                empty().with_header("x", "a\nb"),
            );
            refused(
                "a header value is made of",
                empty().with_header("x", "a\0b"),
            );
            refused(
                "a header value is made of",
                A::binary(request, 200, "image/\n", [1]),
            );
            refused(
                "a header value is made of",
                empty().with_cookie("a=1\r\nx: y"),
            );
            refused("a cookie is NAME=VALUE", empty().with_cookie("a"));
            refused("a cookie is NAME=VALUE", empty().with_cookie("a b=1"));
            refused("at most 1 MB", A::text(request, 200, large.as_str()));
            refused("at most 1 MB", A::html(request, 200, "\n".repeat(600_000)));
            refused("at most 1 MB", A::json(request, 200, &large));
            refused(
                "at most 1 MB",
                A::binary(request, 200, "image/png", vec![0; 786_432]),
            );
            let wide = (0..5).fold(empty(), |answer, n| {
                answer
                    .with_header(&format!("x-{n}"), &"x".repeat(7_000))
                    .unwrap()
            });
            refused("at most 32 KB", wide.check(request));
        }
        let [single, _] = &requests();
        let one = A::new(single, 200).unwrap().with_cookie("a=1").unwrap();
        refused("has one cookie", one.with_cookie("b=2"));
    }

    #[test]
    fn what_fits() {
        for request in &requests() {
            let answers = [
                A::new(request, 204).unwrap(),
                A::text(request, 200, "é".repeat(500_000)).unwrap(),
                A::binary(request, 200, "image/png", vec![7; 786_000]).unwrap(),
                A::json(request, 500, &[1])
                    .unwrap()
                    .with_cookie("a=1")
                    .unwrap(),
                A::redirect(request, 303, "/boats?a=1").unwrap(),
            ];
            for answer in answers {
                answer.check(request).unwrap();
                assert_eq!(answer.headers.is_missing(), request.is_multi_value());
                assert_ne!(
                    answer.multi_value_headers.is_missing(),
                    request.is_multi_value()
                );
            }
            let twice = A::new(request, 200)
                .unwrap()
                .with_header("X-A", "1")
                .unwrap();
            assert_eq!(
                twice.with_header("x-a", "2").unwrap().header_all("X-A"),
                ["2"]
            );
        }
    }

    #[test]
    fn answers_put_together_by_hand() {
        let check = |json: &str, rule: &str| {
            for (request, member) in requests().iter().zip(["headers", "multiValueHeaders"]) {
                let json = json.replace("$", member);
                let json = match member {
                    "headers" => json.replace(['[', ']'], ""),
                    _ => json,
                };
                let answer: A = serde_json::from_str(&json).unwrap();
                match rule {
                    "" => answer.check(request).unwrap(),
                    _ => refused(rule, answer.check(request)),
                }
            }
        };
        let mirrored = "where the request has them";
        check(r#"{"statusCode":200,"$":{},"isBase64Encoded":false}"#, "");
        check(
            r#"{"statusCode":200,"$":{"x":[1],"y":[true]},"isBase64Encoded":false,"body":null}"#,
            "",
        );
        check(
            r#"{"statusCode":0,"$":{},"isBase64Encoded":false}"#,
            "status",
        );
        check(r#"{"statusCode":200,"$":{}}"#, "whether its body is base64");
        check(r#"{"statusCode":200,"isBase64Encoded":false}"#, mirrored);
        check(
            r#"{"statusCode":200,"headers":{},"multiValueHeaders":{},"isBase64Encoded":false}"#,
            mirrored,
        );
        check(
            r#"{"statusCode":200,"$":{"x":["a\nb"]},"isBase64Encoded":false}"#,
            "header value",
        );
        check(
            r#"{"statusCode":200,"$":{"x:":["a"]},"isBase64Encoded":false}"#,
            "header name",
        );
        check(
            r#"{"statusCode":200,"$":{},"body":"?","isBase64Encoded":true}"#,
            "marked as base64",
        );
        check(
            r#"{"statusCode":204,"$":{},"body":"x","isBase64Encoded":false}"#,
            "have no body",
        );
        let large = format!(
            r#"{{"statusCode":200,"$":{{}},"body":"{}","isBase64Encoded":false}}"#,
            "x".repeat(1024 * 1024)
        );
        check(&large, "at most 1 MB");
        let [single, multi] = &requests();
        for (one, other) in [(single, multi), (multi, single)] {
            refused(mirrored, A::text(one, 200, "x").unwrap().check(other));
        }
    }
}
