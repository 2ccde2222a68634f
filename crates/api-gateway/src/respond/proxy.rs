//! Answers to REST and HTTP APIs.

use lambda_with::{Base64, Error, ErrorKind, Integer, Map, Nullable, Scalar, Text};
use serde::Serialize;

use super::{header_name, header_value, invalid, json_length, status, within_answer};
use crate::{HttpApiResponse, RestApiResponse};

macro_rules! answers {
    ($type:ident, $api:literal) => {
        impl $type {
            /// An answer without a body.
            ///
            /// # Errors
            ///
            /// When the status is not 200 to 599.
            pub fn new(code: u16) -> Result<Self, Error> {
                Ok(Self { status_code: Integer::from(status(code)?), ..Self::default() })
            }

            #[doc = concat!("Plain text, in UTF-8.\n\n```\nuse lambda_with_api_gateway::", stringify!($type), ";\n")]
            #[doc = concat!("let answer = ", stringify!($type), "::text(404, \"no such pet\")?;")]
            /// assert_eq!(answer.header("content-type").as_deref(), Some("text/plain; charset=utf-8"));
            /// # Ok::<(), lambda_with::Error>(())
            /// ```
            ///
            /// # Errors
            ///
            /// When the status is not 200 to 599, or has no body (204, 304); when the answer is larger
            /// than 6 MB.
            pub fn text(code: u16, body: impl Into<Text>) -> Result<Self, Error> {
                Self::with_body(code, "text/plain; charset=utf-8", body.into(), false)
            }

            /// A web page, in UTF-8.
            ///
            /// # Errors
            ///
            /// As for [`text`](Self::text).
            pub fn html(code: u16, body: impl Into<Text>) -> Result<Self, Error> {
                Self::with_body(code, "text/html; charset=utf-8", body.into(), false)
            }

            #[doc = concat!("`value` as JSON.\n\n```\nuse lambda_with_api_gateway::", stringify!($type), ";\n")]
            #[doc = concat!("let answer = ", stringify!($type), "::json(200, &[1, 2])?;")]
            /// assert_eq!(answer.body.as_deref(), Some("[1,2]"));
            /// # Ok::<(), lambda_with::Error>(())
            /// ```
            ///
            /// # Errors
            ///
            /// As for [`text`](Self::text), and when `value` cannot be written as JSON.
            pub fn json<T: Serialize + ?Sized>(code: u16, value: &T) -> Result<Self, Error> {
                let body = serde_json::to_string(value).map_err(|error| {
                    Error::new(ErrorKind::Invalid, "the body cannot be written as JSON")
                        .caused_by(error)
                })?;
                Self::with_body(code, "application/json", body.into(), false)
            }

            #[doc = concat!("Bytes, as base64. ", $api, "\n\n```\nuse lambda_with_api_gateway::", stringify!($type), ";\n")]
            #[doc = concat!("let answer = ", stringify!($type), "::binary(200, \"image/png\", [137, 80, 78, 71])?;")]
            /// assert_eq!(answer.body.as_deref(), Some("iVBORw=="));
            /// assert_eq!(answer.is_base64_encoded, Some(true));
            /// # Ok::<(), lambda_with::Error>(())
            /// ```
            ///
            /// Base64 adds a third: at most 4.5 MB of bytes fit.
            ///
            /// # Errors
            ///
            /// As for [`text`](Self::text), and when `content_type` cannot stand in a header.
            pub fn binary(
                code: u16,
                content_type: &str,
                bytes: impl AsRef<[u8]>,
            ) -> Result<Self, Error> {
                within_answer(bytes.as_ref().len().div_ceil(3) * 4)?;
                Self::with_body(code, content_type, Base64::encode(bytes).into(), true)
            }

            /// Sends the client elsewhere.
            ///
            /// 303 asks for the other page with GET, 307 and 308 repeat the request; 301 and 308 are
            /// for good.
            ///
            /// # Errors
            ///
            /// When the status is none of 301, 302, 303, 307, 308, or `location` cannot stand in a
            /// header: percent-encode it.
            pub fn redirect(code: u16, location: &str) -> Result<Self, Error> {
                if !matches!(code, 301..=303 | 307 | 308) {
                    return Err(invalid(
                        "a redirect has the status 301, 302, 303, 307 or 308",
                        format!("{code} is not the status of a redirect"),
                    ));
                }
                Self::new(code)?.with_header("location", location)
            }

            /// 204: done, and nothing to say.
            #[must_use]
            pub fn no_content() -> Self {
                Self { status_code: Integer::from(204), ..Self::default() }
            }

            /// Sets a header; one of the same name, whatever its case, is replaced.
            ///
            /// # Errors
            ///
            /// When the name or the value cannot stand in a header: line breaks above all, with which
            /// a caller's text could add headers of its own.
            pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, Error> {
                header_name(name)?;
                header_value(name, value)?;
                let mut headers = self.headers.into_option().unwrap_or_default();
                headers.retain(|other| !other.eq_ignore_ascii_case(name));
                headers.insert(name, Scalar::from(value));
                self.headers = Nullable::Value(headers);
                Ok(self)
            }

            /// The value of a header with one value, whatever the case of its name.
            #[must_use]
            pub fn header(&self, name: &str) -> Option<String> {
                let headers = self.headers.as_ref()?;
                let found = headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_string())
            }

            /// Checks an answer that was put together by hand, or changed.
            ///
            /// # Errors
            ///
            /// When API Gateway or Lambda would refuse it; the error names the rule.
            pub fn check(&self) -> Result<(), Error> {
                let code = self.status_code.value().and_then(|code| u16::try_from(code).ok());
                status(code.unwrap_or_default())?;
                for (name, value) in self.headers.as_ref().into_iter().flatten() {
                    header_name(name)?;
                    header_value(name, &value.to_string())?;
                }
                self.check_lists()?;
                if self.is_base64_encoded == Some(true) {
                    let body = self.body.as_deref().unwrap_or_default();
                    Base64::from(body).decode().map_err(|error| {
                        invalid(
                            "a body marked as base64 is base64",
                            "the body is not base64".into(),
                        )
                        .caused_by(error)
                    })?;
                }
                let json = serde_json::to_vec(self).map_err(|error| {
                    Error::new(ErrorKind::Invalid, "the answer cannot be written as JSON")
                        .caused_by(error)
                })?;
                within_answer(json.len())
            }

            fn with_body(
                code: u16,
                content_type: &str,
                body: Text,
                base64: bool,
            ) -> Result<Self, Error> {
                if matches!(code, 204 | 304) {
                    return Err(invalid(
                        "204 and 304 have no body",
                        format!("an answer with the status {code} cannot have a body"),
                    ));
                }
                let length = if base64 { body.len() } else { json_length(&body) };
                // 128 bytes for what surrounds the body.
                within_answer(length + 128)?;
                let mut answer = Self::new(code)?.with_header("content-type", content_type)?;
                answer.body = Nullable::Value(body);
                answer.is_base64_encoded = Some(base64);
                Ok(answer)
            }
        }
    };
}

answers!(
    RestApiResponse,
    "The API's `binaryMediaTypes` must match the client's `Accept` header, else it gets the base64."
);
answers!(HttpApiResponse, "API Gateway decodes it for the client.");

impl RestApiResponse {
    /// Adds a cookie: a whole `set-cookie` value such as `theme=dark; Path=/; Secure`.
    ///
    /// ```
    /// use lambda_with_api_gateway::RestApiResponse;
    ///
    /// let answer = RestApiResponse::no_content().with_cookie("a=1; HttpOnly")?.with_cookie("b=2")?;
    /// assert_eq!(serde_json::to_string(&answer)?,
    ///     r#"{"statusCode":204,"multiValueHeaders":{"set-cookie":["a=1; HttpOnly","b=2"]}}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it has no name, or cannot stand in a header.
    pub fn with_cookie(mut self, cookie: &str) -> Result<Self, Error> {
        check_cookie(cookie)?;
        let mut headers: Map<Vec<Scalar>> =
            self.multi_value_headers.into_option().unwrap_or_default();
        let name = headers
            .keys()
            .find(|name| name.eq_ignore_ascii_case("set-cookie"))
            .cloned();
        match name.and_then(|name| headers.get_mut(&name)) {
            Some(cookies) => cookies.push(cookie.into()),
            None => headers.push("set-cookie".into(), vec![cookie.into()]),
        }
        self.multi_value_headers = Nullable::Value(headers);
        Ok(self)
    }

    fn check_lists(&self) -> Result<(), Error> {
        for (name, values) in self.multi_value_headers.as_ref().into_iter().flatten() {
            header_name(name)?;
            values
                .iter()
                .try_for_each(|value| header_value(name, &value.to_string()))?;
        }
        Ok(())
    }
}

impl HttpApiResponse {
    /// Adds a cookie: a whole `set-cookie` value such as `theme=dark; Path=/; Secure`.
    ///
    /// ```
    /// use lambda_with_api_gateway::HttpApiResponse;
    ///
    /// let answer = HttpApiResponse::no_content().with_cookie("a=1; HttpOnly")?.with_cookie("b=2")?;
    /// assert_eq!(serde_json::to_string(&answer)?,
    ///     r#"{"statusCode":204,"cookies":["a=1; HttpOnly","b=2"]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it has no name, or cannot stand in a header.
    pub fn with_cookie(mut self, cookie: &str) -> Result<Self, Error> {
        check_cookie(cookie)?;
        let mut cookies = self.cookies.into_option().unwrap_or_default();
        cookies.push(cookie.into());
        self.cookies = Nullable::Value(cookies);
        Ok(self)
    }

    fn check_lists(&self) -> Result<(), Error> {
        self.cookies
            .as_ref()
            .into_iter()
            .flatten()
            .try_for_each(|cookie| check_cookie(cookie))
    }
}

fn check_cookie(cookie: &str) -> Result<(), Error> {
    header_value("set-cookie", cookie)?;
    match cookie.split_once('=') {
        Some((name, _)) if header_name(name).is_ok() => Ok(()),
        _ => Err(invalid(
            "a cookie is NAME=VALUE, followed by attributes",
            format!("`{cookie}` is not a cookie"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both types follow the same rules: the message of the error each gives.
    macro_rules! refused {
        ($($rule:literal: $answer:ident => $result:expr),+ $(,)?) => {{
            let mut refused = Vec::new();
            $({
                { type $answer = RestApiResponse; refused.push(($rule, $result.map(|_| ()))); }
                { type $answer = HttpApiResponse; refused.push(($rule, $result.map(|_| ()))); }
            })+
            refused
        }};
    }

    #[test]
    fn rules() {
        let large = || "x".repeat(super::super::MAX_ANSWER);
        for (rule, result) in refused![
            "the status of an answer is 200 to 599": A => A::new(199),
            "the status of an answer is 200 to 599": A => A::text(600, "x"),
            "204 and 304 have no body": A => A::text(204, "x"),
            "204 and 304 have no body": A => A::json(304, &1),
            "a redirect has the status": A => A::redirect(304, "/"),
            "a header value is made of": A => A::redirect(302, "/a\r\nset-cookie: b=1"),
            "a header value is made of": A => A::redirect(302, "/ä"),
            "a header name is made of": A => A::no_content().with_header("x y", "1"),
            "a header name is made of": A => A::no_content().with_header("", "1"),
            "a header value is made of": A => A::no_content().with_header("x", "a\nb"),
            "a header value is made of": A => A::no_content().with_header("x", "a\rb"),
            "a header value is made of": A => A::no_content().with_header("x", "a\0b"),
            "a header value is made of": A => A::binary(200, "image/\n", [1]),
            "a header value is made of": A => A::no_content().with_cookie("a=1\r\nx: y"),
            "a cookie is NAME=VALUE": A => A::no_content().with_cookie("a"),
            "a cookie is NAME=VALUE": A => A::no_content().with_cookie("=1"),
            "a cookie is NAME=VALUE": A => A::no_content().with_cookie("a b=1"),
            "at most 6 MB": A => A::text(200, large()),
            "at most 6 MB": A => A::html(200, large()),
            "at most 6 MB": A => A::text(200, "\n".repeat(super::super::MAX_ANSWER / 2)),
            "at most 6 MB": A => A::json(200, &large()),
            "at most 6 MB": A => A::binary(200, "image/png", vec![0; 4_718_668]),
        ] {
            let error = result.expect_err(rule);
            assert!(
                error.context("rule").is_some_and(|r| r.contains(rule)),
                "{rule}: {error}"
            );
        }
    }

    #[test]
    fn what_fits() {
        let largest = vec![0; 4_718_500];
        assert!(
            HttpApiResponse::binary(200, "image/png", &largest)
                .unwrap()
                .check()
                .is_ok()
        );
        let twice = HttpApiResponse::no_content()
            .with_header("X-A", "1")
            .unwrap();
        let twice = twice.with_header("x-a", "2").unwrap();
        assert_eq!(twice.headers.as_ref().map(Map::len), Some(1));
        assert_eq!(twice.header("X-A").as_deref(), Some("2"));
    }

    #[test]
    fn answers_put_together_by_hand() {
        let check = |json: &str, rule: Option<&str>| {
            for result in [
                serde_json::from_str::<RestApiResponse>(json)
                    .unwrap()
                    .check(),
                serde_json::from_str::<HttpApiResponse>(json)
                    .unwrap()
                    .check(),
            ] {
                let found = result
                    .err()
                    .and_then(|error| error.context("rule").map(str::to_owned));
                assert_eq!(found.is_some(), rule.is_some(), "{json}: {found:?}");
                assert!(
                    found.unwrap_or_default().contains(rule.unwrap_or_default()),
                    "{json}"
                );
            }
        };
        check(r#"{"statusCode":200}"#, None);
        check(r#"{"statusCode":"200","headers":{"x":1,"y":true}}"#, None);
        check(r#"{"statusCode":0}"#, Some("status"));
        check(r#"{"statusCode":"two hundred"}"#, Some("status"));
        check(
            r#"{"statusCode":200,"headers":{"x":"a\nb"}}"#,
            Some("header value"),
        );
        check(
            r#"{"statusCode":200,"headers":{"x:":"a"}}"#,
            Some("header name"),
        );
        check(
            r#"{"statusCode":200,"body":"?","isBase64Encoded":true}"#,
            Some("base64"),
        );
        let multi = r#"{"statusCode":200,"multiValueHeaders":{"x":["a","b\r"]}}"#;
        assert!(
            serde_json::from_str::<RestApiResponse>(multi)
                .unwrap()
                .check()
                .is_err()
        );
        let cookies = r#"{"statusCode":200,"cookies":["a"]}"#;
        assert!(
            serde_json::from_str::<HttpApiResponse>(cookies)
                .unwrap()
                .check()
                .is_err()
        );
    }
}
