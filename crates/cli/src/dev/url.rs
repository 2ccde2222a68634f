//! A function's URL on this machine.

use std::io;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{HeaderValue, Request, Response};
use lambda_with::{
    Caller, Error, Function, FunctionUrlAuthType, Invocation, Invoke, Outcome, Timestamp,
};
use lambda_with_api_gateway::serve::{
    Admitted, Arrival, FrontDoor as Gateway, FunctionUrl, HTTP_INTEGRATION, InvokeMode, Prelude,
};
use lambda_with_local::{Body, FrontDoor, FunctionHandle, Peer, Streamed, is_from_website};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::failure::told;
use crate::output::Output;

/// What answers requests to a function's URL.
pub(super) struct UrlDoor {
    url: FunctionUrl,
    front: Gateway<FunctionHandle>,
    qualifier: Option<String>,
    output: Output,
}

impl UrlDoor {
    pub(super) fn new(
        url: FunctionUrl,
        function: &Function,
        target: FunctionHandle,
        output: Output,
    ) -> Self {
        Self {
            url,
            front: Gateway::url(function, target),
            qualifier: function.qualifier().map(str::to_owned),
            output,
        }
    }

    /// Who asks. Nothing is signed here: whoever reaches 127.0.0.1 is of the function's own account, but
    /// for pages of websites that the URL does not name.
    fn caller(&self, request: &Request<Bytes>) -> Caller {
        let origin = request.headers().get(ORIGIN);
        let mut named = self.url.cors.iter().flat_map(|cors| &cors.allow_origins);
        let is_named = origin.is_some_and(|origin| named.any(|one| one == origin));
        match self.url.auth_type {
            FunctionUrlAuthType::AwsIam if is_named || !is_from_website(request) => Caller::Owner,
            _ => Caller::FunctionUrl,
        }
    }

    /// Invokes the function with what was let in.
    async fn invoke(
        &self,
        admitted: &Admitted<'_, FunctionHandle>,
        caller: Caller,
    ) -> Response<Body> {
        let invocation = Invocation {
            qualifier: self.qualifier.clone(),
            caller,
            trace_header: Some(admitted.trace_header.clone()),
            ..Invocation::new(admitted.event.clone())
        };
        match self.url.invoke_mode {
            InvokeMode::Buffered => {
                let result = admitted.target.invoke(invocation).await;
                self.whole(admitted, &result)
            }
            InvokeMode::ResponseStream => match admitted.target.invoke_streamed(invocation).await {
                Ok(streamed) => self.pieces(admitted, streamed).await,
                Err(error) => self.whole(admitted, &Err(error)),
            },
        }
    }

    /// The response for an answer that is whole, or for none.
    fn whole(
        &self,
        admitted: &Admitted<'_, FunctionHandle>,
        result: &Result<Outcome, Error>,
    ) -> Response<Body> {
        match result {
            Err(error) => self.output.note(&format!("function URL: {error}")),
            Ok(Outcome::FunctionError { payload, .. }) => {
                let why = told(payload);
                self.output
                    .note(&format!("function URL: the function failed{why}"));
            }
            Ok(_) => {}
        }
        admitted.answer(result.as_ref()).map(Body::from)
    }

    /// The response for an answer that comes in pieces: what stands in front of it is read first.
    async fn pieces(
        &self,
        admitted: &Admitted<'_, FunctionHandle>,
        mut streamed: Streamed,
    ) -> Response<Body> {
        let mut head = None;
        if streamed.content_type() == Some(HTTP_INTEGRATION) {
            let mut prelude = Prelude::default();
            while let Some(piece) = streamed.next().await {
                head = prelude.read(&piece);
                if head.is_some() {
                    break;
                }
            }
            head = Some(head.flatten());
        }
        let first = match head {
            Some(read) => read,
            None => streamed.next().await.and_then(|piece| {
                let kind = streamed.content_type().unwrap_or("application/json");
                let kind = HeaderValue::from_str(kind).ok()?;
                let mut response = Response::new(piece);
                response.headers_mut().insert(CONTENT_TYPE, kind);
                Some(response)
            }),
        };
        let Some(first) = first else {
            // It failed before it began, wrote nothing, or nothing one could read.
            let result = streamed.end().await;
            return self.whole(admitted, &result);
        };
        let (sender, receiver) = mpsc::channel(1);
        let (mut parts, body) = first.into_parts();
        admitted.add_ids(&mut parts.headers);
        tokio::spawn(pass_on(body, streamed, sender));
        Response::from_parts(parts, Body::pieces(receiver))
    }
}

impl FrontDoor for UrlDoor {
    async fn answer(&self, request: Request<Bytes>, peer: Peer) -> Response<Body> {
        let arrival = Arrival {
            peer: peer.remote.ip(),
            port: peer.local.port(),
            scheme: "http",
            now: Timestamp::from(SystemTime::now()),
            request_id: Uuid::new_v4().to_string(),
        };
        let cors = self.url.cors.as_ref();
        if let Some(response) = cors.and_then(|cors| cors.preflight(&request)) {
            return response.map(Body::from);
        }
        let mut response = match self.front.admit(&request, &arrival) {
            Ok(admitted) => self.invoke(&admitted, self.caller(&request)).await,
            Err(refused) => refused.map(Body::from),
        };
        if let Some(cors) = cors {
            cors.apply(&request, response.headers_mut());
        }
        response
    }
}

/// Sends the rest of an answer; where the function fails, the connection breaks off.
async fn pass_on(first: Bytes, mut streamed: Streamed, client: mpsc::Sender<io::Result<Bytes>>) {
    // The function is let run to its end when the client has gone away.
    if !first.is_empty() {
        let _ = client.send(Ok(first)).await;
    }
    while let Some(piece) = streamed.next().await {
        let _ = client.send(Ok(piece)).await;
    }
    let failed = streamed.error().is_some();
    if failed || !matches!(streamed.end().await, Ok(Outcome::Success { .. })) {
        let broken = io::Error::other("the function failed in the middle of its answer");
        let _ = client.send(Err(broken)).await;
    }
}
