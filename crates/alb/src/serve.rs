//! The front door: an HTTP request becomes the event a load balancer would send, and the function's
//! answer the response it would give. Feature `serve`.
//!
//! ```
//! use bytes::Bytes;
//! use lambda_with::{Function, Outcome};
//! use lambda_with_alb::serve::{Arrival, FrontDoor};
//! use lambda_with_alb::{Alb, Rule};
//!
//! let function = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:boats".parse()?)?;
//! let boats = Rule { paths: vec!["/boats/*".into()], ..Rule::new(10) };
//! let mut door = FrontDoor::new();
//! door.add(&Alb { rules: vec![boats], ..Alb::new("boats") }, &function, "boats")?;
//!
//! let request = http::Request::get("/boats/7").body(Bytes::new())?;
//! let admitted = door.admit(&request, &Arrival::default()).map_err(|_| "no such rule")?;
//! assert_eq!((*admitted.target, admitted.priority), ("boats", Some(10)));
//!
//! // Here the function is invoked with `admitted.event`, on behalf of `admitted.delivery`.
//! let outcome = Outcome::Success {
//!     payload: Bytes::from_static(br#"{"statusCode":200,"headers":{},"body":"sail"}"#),
//!     executed_version: "$LATEST".into(),
//!     log_tail: None,
//! };
//! assert_eq!(admitted.answer(Ok(&outcome)).body(), "sail");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here reads a socket or a clock. What a load balancer does beyond routing and the two
//! translations is not done: nobody is signed in, no certificate is read, no health is checked.

mod answer;
mod incoming;

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::{Request, Response};
use lambda_with::{Arn, Delivery, Error, ErrorKind, Function, Outcome, Timestamp};

use self::incoming::Incoming;
use crate::{Alb, PRINCIPAL, Rule};

/// As many bytes the body of a request has at most.
const MAX_BODY: usize = 1024 * 1024;

/// The front door of one listener. `T` is where a rule leads: a name, a handle, whatever finds the
/// function.
#[derive(Clone, Debug)]
pub struct FrontDoor<T> {
    /// The lowest priority first, and last what takes the rest.
    entries: Vec<Entry<T>>,
}

/// What only the server knows about a request.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who opened the connection: the source address.
    pub peer: IpAddr,
    /// The port the client connected to.
    pub port: u16,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// When the request arrived.
    pub now: Timestamp,
    /// A new id, such as a UUID, of which the trace id is made.
    pub request_id: String,
}

/// A request that was let in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Admitted<'a, T> {
    /// Where the rule leads.
    pub target: &'a T,
    /// The rule's priority; `None` for what takes the requests that no rule takes.
    pub priority: Option<u32>,
    /// The event, as JSON text.
    pub event: Bytes,
    /// On whose behalf the load balancer invokes.
    pub delivery: Delivery,
    /// The X-Ray header, which the client sent or which was made here.
    pub trace_header: String,
    multi_value: bool,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    rule: Option<Rule>,
    /// The target group's ARN in events.
    group: String,
    /// The same as the permission has it.
    source: Option<Arn>,
    account: String,
    multi_value: bool,
    target: T,
}

impl<T: Clone> FrontDoor<T> {
    /// The front door of a listener without rules.
    #[must_use]
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// Adds the rules of a connection, all of which lead to `target`. A connection without rules
    /// takes what no rule takes.
    ///
    /// # Errors
    ///
    /// When a priority is there already, or there are two connections without rules (`Conflict`);
    /// when the target group cannot be (`Invalid`). Nothing is added then.
    pub fn add(&mut self, alb: &Alb, function: &Function, target: T) -> Result<(), Error> {
        let id = format!(
            "{0}{0}",
            lambda_with::name::checksum_of(&[&alb.target_group])
        );
        let Some(group) = alb.source(function, &id) else {
            let message = format!(
                "`{}` is not the name or ARN of a target group",
                alb.target_group
            );
            return Err(Error::new(ErrorKind::Invalid, message));
        };
        let entry = |rule: Option<&Rule>| Entry {
            rule: rule.cloned(),
            group: group.to_string(),
            source: alb.source(function, "*"),
            account: group.account().to_owned(),
            multi_value: alb.multi_value_headers,
            target: target.clone(),
        };
        let mut entries = self.entries.clone();
        match alb.rules.as_slice() {
            [] => entries.push(entry(None)),
            rules => entries.extend(rules.iter().map(|rule| entry(Some(rule)))),
        }
        entries.sort_by_key(|entry| entry.priority().unwrap_or(u32::MAX));
        for pair in entries.windows(2) {
            if let [one, other] = pair
                && one.priority() == other.priority()
            {
                let message = match one.priority() {
                    Some(priority) => format!("there is a rule of priority {priority} already"),
                    None => {
                        "two target groups have no rules, and only one can take the rest".into()
                    }
                };
                let error = Error::new(ErrorKind::Conflict, message);
                return Err(error.with("target group", &alb.target_group));
            }
        }
        self.entries = entries;
        Ok(())
    }
}

impl<T> FrontDoor<T> {
    /// The rules in the order they are tried; `None` stands for the connection that takes the rest.
    pub fn rules(&self) -> impl Iterator<Item = (Option<&Rule>, &T)> {
        self.entries
            .iter()
            .map(|entry| (entry.rule.as_ref(), &entry.target))
    }

    /// Finds the rule and makes the event.
    ///
    /// # Errors
    ///
    /// The response a load balancer gives without asking a function: 400 for a WebSocket, for a head
    /// or a text that is no UTF-8; 413 for a body over 1 MB or headers over its limits; 404 where no
    /// rule takes the request, which on AWS is for the listener's default action to decide.
    #[expect(
        clippy::result_large_err,
        reason = "a response is what the caller sends on"
    )]
    pub fn admit(
        &self,
        request: &Request<Bytes>,
        arrival: &Arrival,
    ) -> Result<Admitted<'_, T>, Response<Bytes>> {
        let incoming = Incoming::new(request, arrival);
        if incoming.is_too_large() || request.body().len() > MAX_BODY {
            return Err(answer::refusal(413));
        }
        if incoming.is_web_socket() {
            return Err(answer::refusal(400));
        }
        let (method, host, path) = (request.method().as_str(), incoming.host(), incoming.path());
        let takes = |entry: &&Entry<T>| {
            entry
                .rule
                .as_ref()
                .is_none_or(|rule| rule.takes(method, &host, path))
        };
        let entry = self
            .entries
            .iter()
            .find(takes)
            .ok_or_else(|| answer::refusal(404))?;
        let event = incoming.event(&entry.group, entry.multi_value);
        Ok(Admitted {
            target: &entry.target,
            priority: entry.priority(),
            event: event.ok_or_else(|| answer::refusal(400))?,
            delivery: Delivery {
                principal: PRINCIPAL.into(),
                source_arn: entry.source.clone(),
                source_account: Some(entry.account.clone()),
                event_source_token: None,
            },
            trace_header: incoming.trace_header,
            multi_value: entry.multi_value,
        })
    }
}

impl<T> Admitted<'_, T> {
    /// What the client gets for the function's answer, or for an invocation that Lambda refused.
    ///
    /// A function that failed, an answer the load balancer cannot read or that is over 1 MB, and
    /// what Lambda refuses, is a 502; a request that is too large for Lambda a 413. Headers are taken
    /// from the member that mirrors the request's. A response without a type is
    /// `application/octet-stream`, which browsers download.
    #[must_use]
    pub fn answer(&self, result: Result<&Outcome, &Error>) -> Response<Bytes> {
        let answered = match result {
            Ok(Outcome::Success { payload, .. }) => answer::answer(payload, self.multi_value),
            Err(error) if error.kind() == ErrorKind::Limit => return answer::refusal(413),
            Ok(_) | Err(_) => None,
        };
        answered.unwrap_or_else(|| answer::refusal(502))
    }

    /// What the client gets when the function reached its own timeout, the only one there is: 502.
    #[must_use]
    pub fn timed_out(&self) -> Response<Bytes> {
        answer::refusal(502)
    }
}

impl<T> Entry<T> {
    fn priority(&self) -> Option<u32> {
        self.rule.as_ref().map(|rule| rule.priority)
    }
}

impl<T: Clone> Default for FrontDoor<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Arrival {
    /// From this machine, in the first moment of 1970.
    fn default() -> Self {
        Self {
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 80,
            scheme: "http",
            now: Timestamp::from_unix_millis(0),
            request_id: "00000000-0000-4000-8000-000000000000".into(),
        }
    }
}
