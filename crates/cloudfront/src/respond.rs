//! The answer at one point of a request's way: let it go on, or send a response.

mod headers;
mod origin;
mod rules;

use lambda_with::Error;

use crate::{CloudFrontAnswer, CloudFrontEdge, CloudFrontRequest, CloudFrontResponse};

impl CloudFrontEdge {
    /// Lets the request go on, as `edit` leaves it.
    ///
    /// ```
    /// use lambda_with_cloudfront::{CloudFrontAnswer, CloudFrontEvent, SERVICE};
    ///
    /// let json = SERVICE.sample("viewer-request").ok_or("no such sample")?.json;
    /// let event: CloudFrontEvent = lambda_with::decode(json)?;
    /// let answer = event.edge()?.forward(|request| {
    ///     request.uri = "/fr/harbor".into();
    ///     request.set_header("X-Language", "fr");
    /// })?;
    /// assert!(matches!(answer, CloudFrontAnswer::Request(request) if request.uri == "/fr/harbor"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When this is a response event, or the request would break a rule of CloudFront: the error
    /// names it as `rule`.
    pub fn forward(
        &self,
        edit: impl FnOnce(&mut CloudFrontRequest),
    ) -> Result<CloudFrontAnswer, Error> {
        let mut request = self.request.clone();
        edit(&mut request);
        self.checked(CloudFrontAnswer::Request(request))
    }

    /// Sends a response. At a request event the origin is not asked; at a response event it takes
    /// the place of the whole response.
    ///
    /// # Errors
    ///
    /// When the response breaks a rule of CloudFront: the error names it as `rule`.
    pub fn respond(&self, response: CloudFrontResponse) -> Result<CloudFrontAnswer, Error> {
        self.checked(CloudFrontAnswer::Response(response))
    }

    /// Lets the response go out, as `edit` leaves it.
    ///
    /// ```
    /// use lambda_with_cloudfront::{CloudFrontEvent, SERVICE};
    ///
    /// let json = SERVICE.sample("viewer-response").ok_or("no such sample")?.json;
    /// let event: CloudFrontEvent = lambda_with::decode(json)?;
    /// let edge = event.edge()?;
    /// edge.modify(|response| response.set_header("Strict-Transport-Security", "max-age=63072000"))?;
    /// let error = edge.modify(|response| response.set_header("Via", "me")).unwrap_err();
    /// assert_eq!(error.context("rule"), Some("a read-only header is not added, changed or removed"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When this is a request event, or the response would break a rule of CloudFront: the error
    /// names it as `rule`.
    pub fn modify(
        &self,
        edit: impl FnOnce(&mut CloudFrontResponse),
    ) -> Result<CloudFrontAnswer, Error> {
        let Some(response) = &self.response else {
            return Err(rules::no_response());
        };
        let mut response = response.clone();
        edit(&mut response);
        self.checked(CloudFrontAnswer::Response(response))
    }

    fn checked(&self, answer: CloudFrontAnswer) -> Result<CloudFrontAnswer, Error> {
        answer.check(self)?;
        Ok(answer)
    }
}
