//! What CloudFront does around a function, for tests and local runs: it shows the event, and acts on
//! what the function answered.

use lambda_with::{Base64, Error, ErrorKind, Outcome, decode};

use crate::{
    CloudFrontAnswer, CloudFrontBody, CloudFrontBodyAction, CloudFrontConfig, CloudFrontEdge,
    CloudFrontEncoding, CloudFrontEvent, CloudFrontRecord, CloudFrontRequest, CloudFrontResponse,
    Trigger,
};

/// What CloudFront does after a function ran.
#[derive(Debug)]
pub enum Settled {
    /// The request goes on: to the cache, or to the origin.
    Forward(Box<CloudFrontRequest>),
    /// The response goes on: to the cache, or to the viewer.
    Respond(CloudFrontResponse),
    /// The viewer gets an error of CloudFront's own.
    Refused {
        /// 502 where the answer was no good, 503 where there was none.
        status: u16,
        /// What was wrong.
        error: Error,
    },
}

impl CloudFrontEvent {
    /// The event CloudFront would make of a request at this point.
    ///
    /// ```
    /// use lambda_with_cloudfront::{CloudFrontEvent, CloudFrontRequest, Trigger};
    ///
    /// let request = CloudFrontRequest { uri: "/harbor".into(), ..CloudFrontRequest::default() };
    /// let event = CloudFrontEvent::new(Trigger::ViewerRequest, "E2HARBOREXAMPL", "req-1", request);
    /// assert_eq!(event.edge()?.trigger(), Trigger::ViewerRequest);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    #[must_use]
    pub fn new(
        trigger: Trigger,
        distribution: &str,
        request_id: &str,
        request: CloudFrontRequest,
    ) -> Self {
        let config = CloudFrontConfig {
            distribution_domain_name: None,
            distribution_id: distribution.into(),
            event_type: Some(trigger.into()),
            request_id: Some(request_id.into()),
        };
        let cf = CloudFrontEdge {
            config,
            request,
            response: None,
        };
        Self {
            records: vec![CloudFrontRecord { cf }],
        }
    }

    /// The event at a later point of the same request, with the response where there is one by then.
    ///
    /// A response event shows neither the request's body nor that of the response.
    #[must_use]
    pub fn later(mut self, trigger: Trigger, response: Option<&CloudFrontResponse>) -> Self {
        for CloudFrontRecord { cf } in &mut self.records {
            cf.config.event_type = Some(trigger.into());
            cf.response = response.map(|response| CloudFrontResponse {
                body: None,
                body_encoding: None,
                ..response.clone()
            });
            if !trigger.is_request() {
                cf.request.body = None;
            }
            if trigger.is_viewer() {
                cf.request.origin = None;
            }
        }
        self
    }

    /// What CloudFront does with what the function made of this event.
    ///
    /// ```
    /// use lambda_with::Outcome;
    /// use lambda_with_cloudfront::{CloudFrontEvent, SERVICE, Settled};
    ///
    /// let json = SERVICE.sample("viewer-request").ok_or("no such sample")?.json;
    /// let event: CloudFrontEvent = lambda_with::decode(json)?;
    /// let outcome = Outcome::Success {
    ///     payload: r#"{"status": 200}"#.into(), // a number
    ///     executed_version: "7".into(),
    ///     log_tail: None,
    /// };
    /// assert!(matches!(event.settle(&outcome), Settled::Refused { status: 502, .. }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Nothing is tried again.
    #[must_use]
    pub fn settle(&self, outcome: &Outcome) -> Settled {
        let Outcome::Success { payload, .. } = outcome else {
            let message = "the function failed or did not run";
            let error = Error::new(ErrorKind::Unavailable, message);
            return Settled::Refused { status: 503, error };
        };
        let answer = decode::<CloudFrontAnswer>(payload.clone()).and_then(|answer| {
            answer.check(self.edge()?)?;
            Ok(answer)
        });
        match answer {
            Ok(CloudFrontAnswer::Request(request)) => Settled::Forward(Box::new(request)),
            Ok(CloudFrontAnswer::Response(response)) => Settled::Respond(response),
            Err(error) => Settled::Refused { status: 502, error },
        }
    }
}

impl CloudFrontBody {
    /// What a function sees of a body at this point: its beginning, where it is too long.
    #[must_use]
    pub fn shown(trigger: Trigger, body: &[u8]) -> Self {
        let most = trigger.max_body();
        let shown = &body[..body.len().min(most)];
        Self {
            input_truncated: Some(body.len() > most),
            action: CloudFrontBodyAction::ReadOnly,
            encoding: CloudFrontEncoding::Binary,
            data: Base64::encode(shown).as_str().into(),
        }
    }
}
