//! Status and headers in front of a streamed answer.

use bytes::{Bytes, BytesMut};
use http::Response;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::super::answer;

/// The type of content by which a streamed answer says that status and headers stand in front.
pub const HTTP_INTEGRATION: &str = "application/vnd.awslambda.http-integration-response";

/// What stands between them and the body.
const END: [u8; 8] = [0; 8];

/// Within how many bytes the end must come.
const MAX: usize = 16 * 1024;

/// Reads status and headers off the pieces of an answer.
///
/// ```
/// use bytes::Bytes;
/// use lambda_with_api_gateway::serve::Prelude;
///
/// let mut prelude = Prelude::default();
/// assert!(prelude.read(&Bytes::from_static(br#"{"statusCode":201}"#)).is_none());
/// let response = prelude.read(&Bytes::from_static(b"\0\0\0\0\0\0\0\0hello")).flatten();
/// let response = response.ok_or("it is complete")?;
/// assert_eq!((response.status().as_u16(), &response.body()[..]), (201, &b"hello"[..]));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Default)]
pub struct Prelude(BytesMut);

impl Prelude {
    /// Takes the next piece. `None` as long as more is needed; `Some(None)` when this is no beginning
    /// of an HTTP answer; then the response, whose body is what of the pieces lies behind.
    pub fn read(&mut self, piece: &Bytes) -> Option<Option<Response<Bytes>>> {
        self.0.extend_from_slice(piece);
        let end = self.0.windows(END.len()).position(|bytes| bytes == END);
        let Some(end) = end.filter(|end| *end <= MAX) else {
            return (self.0.len() > MAX).then_some(None);
        };
        let head: Option<Map<String, Value>> = serde_json::from_slice(&self.0[..end]).ok();
        let rest = self.0.split_off(end + END.len()).freeze();
        Some(head.and_then(|head| {
            let mut response = answer::head(&head)?.map(|()| rest);
            let kind = http::HeaderValue::from_static("application/octet-stream");
            response.headers_mut().entry(CONTENT_TYPE).or_insert(kind);
            Some(response)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_headers_and_cookies_in_any_pieces() {
        let check = |pieces: &[&[u8]], expected: Option<(u16, &str, &[u8])>| {
            let mut prelude = Prelude::default();
            let mut read = pieces
                .iter()
                .filter_map(|piece| prelude.read(&Bytes::copy_from_slice(piece)));
            let found = read.next().flatten();
            let found = found.map(|response| {
                let headers = response.headers().iter();
                let headers: Vec<String> = headers
                    .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
                    .collect();
                (
                    response.status().as_u16(),
                    headers.join(" "),
                    response.into_body(),
                )
            });
            let expected = expected.map(|(status, headers, body)| {
                (status, headers.to_owned(), Bytes::copy_from_slice(body))
            });
            assert_eq!(found, expected);
        };
        let octets = "content-type=application/octet-stream";
        check(&[b"{}\0\0\0\0\0\0\0\0"], Some((200, octets, b"")));
        check(
            &[b"{}\0\0\0", b"\0\0\0\0\0\0\0"],
            Some((200, octets, b"\0\0")),
        );
        check(
            &[br#"{"statusCode":404,"headers":{"Content-Type":"text/plain","x":1},"cookies":["a=1","b=2"]}"#, b"\0\0\0\0\0\0\0\0", b"no"],
            Some((404, "content-type=text/plain x=1 set-cookie=a=1 set-cookie=b=2", b"")),
        );
        check(&[b"nonsense\0\0\0\0\0\0\0\0"], None);
        check(&[b"{\"statusCode\":9000}\0\0\0\0\0\0\0\0"], None);
        check(&[b"{}"], None);
        check(&[&[b' '; 20_000]], None);
    }
}
