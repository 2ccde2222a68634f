//! The encoding in which AWS streams events.
//!
//! See <https://smithy.io/2.0/aws/amazon-eventstream.html>.

use bytes::{BufMut, Bytes, BytesMut};

/// One message: an event of this type.
///
/// Lengths are those of the whole message and of its headers; a checksum stands behind both, and one
/// behind everything. A header is the length of its name, the name, 7 for text, the length of the
/// value in two bytes, the value.
pub(crate) fn event(kind: &str, content_type: &str, payload: &[u8]) -> Bytes {
    let mut headers = BytesMut::with_capacity(96);
    for (name, value) in [
        (":message-type", "event"),
        (":event-type", kind),
        (":content-type", content_type),
    ] {
        headers.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        headers.put_slice(name.as_bytes());
        headers.put_u8(7);
        headers.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        headers.put_slice(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let mut message = BytesMut::with_capacity(16 + headers.len() + payload.len());
    message.put_u32(length(16 + headers.len() + payload.len()));
    message.put_u32(length(headers.len()));
    message.put_u32(crc32fast::hash(&message));
    message.put_slice(&headers);
    message.put_slice(payload);
    message.put_u32(crc32fast::hash(&message));
    message.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_byte_for_byte() {
        // As aws-smithy-eventstream and botocore read it; their own checks are in the tests of the
        // clients.
        let message = event("E", "t", b"{}");
        let hex: String = message.iter().map(|byte| format!("{byte:02x}")).collect();
        expect_test::expect!["0000004a000000385f63271f0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d74797065070001450d3a636f6e74656e742d74797065070001747b7d4e27caa9"].assert_eq(&hex);
    }
}
