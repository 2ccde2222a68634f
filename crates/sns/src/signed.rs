//! What the signature of a message is about.

use std::borrow::Cow;

use lambda_with::{Base64, Error, ErrorKind};

use crate::{SnsConfirmation, SnsEnvelope, SnsMessage};

/// All that is needed to verify a message, except for the cryptography.
///
/// ```
/// use lambda_with_sns::{Digest, SERVICE, SnsEnvelope};
///
/// let sample = SERVICE.sample("envelope").ok_or("no such sample")?;
/// let envelope: SnsEnvelope = lambda_with::decode(sample.json)?;
/// let signed = envelope.signed()?;
/// assert!(signed.text.starts_with("Message\nThe ferry to the islands leaves at noon.\nMessageId\n"));
/// assert_eq!(signed.digest, Digest::Sha1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Fetch the certificate from `certificate_url`, check that it is valid and Amazon's, and verify
/// `signature` over `text` with its public key: RSA, PKCS #1 v1.5, with this digest. Then compare the
/// topic with those you expect: anybody has topics.
///
/// See <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Signed<'a> {
    /// What was signed, with a line feed at the end.
    pub text: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// The digest the signature is made with.
    pub digest: Digest,
    /// Where the certificate is: an address of Amazon SNS over HTTPS.
    pub certificate_url: &'a str,
}

/// The digest of a signature.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Digest {
    /// SHA-1, of `SignatureVersion` 1.
    Sha1,
    /// SHA-256, of `SignatureVersion` 2.
    Sha256,
}

impl SnsMessage {
    /// What the signature is about.
    ///
    /// # Errors
    ///
    /// When the message is not signed, in an unknown version, or with a certificate that is not at
    /// an address of Amazon SNS.
    pub fn signed(&self) -> Result<Signed<'_>, Error> {
        let fields = [
            ("Message", Some(self.message.as_text()?)),
            ("MessageId", plain(&self.message_id)),
            ("Subject", self.subject.as_deref().map(Cow::Borrowed)),
            ("Timestamp", plain(self.timestamp.as_str())),
            ("TopicArn", plain(&self.topic_arn)),
            ("Type", plain(&self.r#type)),
        ];
        let version = self.signature_version.as_deref();
        signed(
            &fields,
            version,
            self.signature.as_ref(),
            self.signing_cert_url(),
        )
    }
}

impl SnsEnvelope {
    /// What the signature is about.
    ///
    /// # Errors
    ///
    /// When the message is not signed, as behind FIFO topics and delivery streams, in an unknown
    /// version, or with a certificate that is not at an address of Amazon SNS.
    pub fn signed(&self) -> Result<Signed<'_>, Error> {
        let fields = [
            ("Message", Some(self.message.as_text()?)),
            ("MessageId", plain(&self.message_id)),
            ("Subject", self.subject.as_deref().map(Cow::Borrowed)),
            ("Timestamp", plain(self.timestamp.as_str())),
            ("TopicArn", plain(&self.topic_arn)),
            ("Type", plain(&self.r#type)),
        ];
        let version = self.signature_version.as_deref();
        let url = self.signing_cert_url.as_deref();
        signed(&fields, version, self.signature.as_ref(), url)
    }
}

impl SnsConfirmation {
    /// What the signature is about.
    ///
    /// # Errors
    ///
    /// When the confirmation is not signed, in an unknown version, or with a certificate that is
    /// not at an address of Amazon SNS.
    pub fn signed(&self) -> Result<Signed<'_>, Error> {
        let fields = [
            ("Message", Some(self.message.as_text()?)),
            ("MessageId", plain(&self.message_id)),
            ("SubscribeURL", plain(&self.subscribe_url)),
            ("Timestamp", plain(self.timestamp.as_str())),
            ("Token", plain(&self.token)),
            ("TopicArn", plain(&self.topic_arn)),
            ("Type", plain(self.r#type.as_str())),
        ];
        let version = self.signature_version.as_deref();
        let url = self.signing_cert_url.as_deref();
        signed(&fields, version, self.signature.as_ref(), url)
    }
}

fn plain(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

fn signed<'a>(
    fields: &[(&str, Option<Cow<'_, str>>)],
    version: Option<&str>,
    signature: Option<&Base64>,
    url: Option<&'a str>,
) -> Result<Signed<'a>, Error> {
    let refuse = |what: String| Error::new(ErrorKind::Invalid, what);
    let (Some(version), Some(signature), Some(url)) = (version, signature, url) else {
        return Err(refuse("the message is not signed".into()));
    };
    let digest = match version {
        "1" => Digest::Sha1,
        "2" => Digest::Sha256,
        other => return Err(refuse(format!("`{other}` is no known signature version"))),
    };
    if !is_of_sns(url) {
        let what = format!("the certificate is at `{url}`, which is no address of Amazon SNS");
        return Err(refuse(what).with("form", "https://sns.REGION.amazonaws.com/NAME.pem"));
    }
    let lines = fields
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}\n{}\n", value.as_ref()?)));
    Ok(Signed {
        text: lines.collect(),
        signature: signature.decode()?,
        digest,
        certificate_url: url,
    })
}

/// Whether a certificate may come from there. Buckets are at `amazonaws.com` too, and an address may
/// hold a user's name before an `@`.
fn is_of_sns(url: &str) -> bool {
    let Some((host, path)) = url
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let region = host.strip_prefix("sns.").and_then(|rest| {
        let rest = rest.strip_suffix(".cn").unwrap_or(rest);
        rest.strip_suffix(".amazonaws.com")
    });
    let named = |region: &str| {
        region.len() >= 3
            && region
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let file = path.strip_suffix(".pem").unwrap_or_default();
    region.is_some_and(named) && !file.is_empty() && !file.contains(['?', '#', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_certificates() {
        for (url, expected) in [
            ("https://sns.eu-west-1.amazonaws.com/Simple-0f1e.pem", true),
            (
                "https://sns.cn-north-1.amazonaws.com.cn/Simple-0f1e.pem",
                true,
            ),
            ("http://sns.eu-west-1.amazonaws.com/Simple-0f1e.pem", false),
            ("https://sns.eu-west-1.amazonaws.com/Simple-0f1e.cer", false),
            ("https://sns.eu-west-1.amazonaws.com/.pem", false),
            ("https://sns.eu-west-1.amazonaws.com/a?b=.pem", false),
            (
                "https://sns.eu-west-1.amazonaws.com.example.com/a.pem",
                false,
            ),
            ("https://sns.bucket.s3.amazonaws.com/a.pem", false),
            ("https://bucket.s3.amazonaws.com/a.pem", false),
            (
                "https://sns.eu-west-1.amazonaws.com@example.com/a.pem",
                false,
            ),
            ("https://sns.eu-west-1.amazonaws.com:8443/a.pem", false),
            ("https://sns..amazonaws.com/a.pem", false),
            ("", false),
        ] {
            assert_eq!(is_of_sns(url), expected, "{url}");
        }
    }
}
