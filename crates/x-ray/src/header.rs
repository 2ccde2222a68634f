//! The header that carries a trace from service to service.

use std::fmt;

use crate::{SegmentId, TraceId};

/// The header's name in HTTP.
pub const TRACE_HEADER: &str = "X-Amzn-Trace-Id";

/// The environment variable most runtimes set to the header of the invocation at hand.
pub const TRACE_VARIABLE: &str = "_X_AMZN_TRACE_ID";

/// The trace a request belongs to: `Root=…;Parent=…;Sampled=1;Lineage=…`.
///
/// ```
/// use lambda_with_x_ray::{Sampled, TraceHeader};
///
/// let text = "Root=1-69a56802-0f1e2d3c4b5a69788796a5b4;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=25:a87bd80c:1";
/// let mut header = TraceHeader::from(text);
/// assert_eq!(header.to_string(), text);
/// assert_eq!(header.sampled(), Some(Sampled::Yes));
///
/// header.set_parent("3d4e5f6071829304".parse()?); // for a call that a subsegment makes
/// assert!(header.to_string().contains(";Parent=3d4e5f6071829304;Sampled=1;Lineage=25:a87bd80c:1"));
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The same text stands in `X-Amzn-Trace-Id`, in `_X_AMZN_TRACE_ID`, in the context of an
/// invocation, and in the attribute `AWSTraceHeader` of a message of Amazon SQS. Members of any name
/// are kept, in their order: services add some of their own, such as `Lineage`, by which Lambda finds
/// loops, and `Self` of a load balancer.
///
/// See <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct TraceHeader {
    members: Vec<String>,
}

/// Whether a request is traced.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Sampled {
    /// It is: `1`.
    Yes,
    /// It is not: `0`. Nothing is to be sent.
    No,
    /// The service that is called decides: `?`.
    Requested,
}

impl TraceHeader {
    /// A header for a request that came without one.
    #[must_use]
    pub fn new(root: TraceId, parent: Option<SegmentId>, sampled: Sampled) -> Self {
        let mut header = Self::default();
        header.set("Root", &root.to_string());
        if let Some(parent) = parent {
            header.set_parent(parent);
        }
        header.set_sampled(sampled);
        header
    }

    /// The trace; `None` when the header names none, or none X-Ray would take.
    #[must_use]
    pub fn root(&self) -> Option<TraceId> {
        self.get("Root")?.parse().ok()
    }

    /// What made the request: a segment, or a subsegment.
    #[must_use]
    pub fn parent(&self) -> Option<SegmentId> {
        self.get("Parent")?.parse().ok()
    }

    /// Whether the request is traced; `None` where nobody has decided yet.
    #[must_use]
    pub fn sampled(&self) -> Option<Sampled> {
        match self.get("Sampled")? {
            "1" => Some(Sampled::Yes),
            "0" => Some(Sampled::No),
            "?" => Some(Sampled::Requested),
            _ => None,
        }
    }

    /// A member by its name, in any letter case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.members
            .iter()
            .filter_map(|member| member.split_once('='))
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Sets what made the request.
    pub fn set_parent(&mut self, parent: SegmentId) {
        let parent = parent.to_string();
        match self.position("Parent") {
            Some(_) => self.set("Parent", &parent),
            // Where other parsers expect it: after the root.
            None => {
                let place = self.position("Root").map_or(0, |root| root + 1);
                self.members.insert(place, format!("Parent={parent}"));
            }
        }
    }

    /// Sets by what Lambda finds loops; see `lambda_with::rules::recursion`.
    pub fn set_lineage(&mut self, lineage: &str) {
        self.set("Lineage", lineage);
    }

    /// Sets whether the request is traced.
    pub fn set_sampled(&mut self, sampled: Sampled) {
        let value = match sampled {
            Sampled::Yes => "1",
            Sampled::No => "0",
            Sampled::Requested => "?",
        };
        self.set("Sampled", value);
    }

    fn set(&mut self, name: &str, value: &str) {
        let member = format!("{name}={value}");
        match self.position(name) {
            Some(place) => self.members[place] = member,
            None => self.members.push(member),
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| {
            let name_of = member.split_once('=').map(|(name, _)| name);
            name_of.is_some_and(|other| other.eq_ignore_ascii_case(name))
        })
    }
}

impl fmt::Display for TraceHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, member) in self.members.iter().enumerate() {
            if place > 0 {
                f.write_str(";")?;
            }
            f.write_str(member)?;
        }
        Ok(())
    }
}

impl From<&str> for TraceHeader {
    /// Takes any text: what means nothing here may mean something to others.
    fn from(text: &str) -> Self {
        let members = text
            .split(';')
            .map(str::trim)
            .filter(|member| !member.is_empty());
        Self {
            members: members.map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";

    #[test]
    fn headers() {
        for (text, root, parent, sampled) in [
            ("", false, false, None),
            (
                "Root=1-5759e988-bd862e3fe1be46a994272793",
                true,
                false,
                None,
            ),
            (
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
                true,
                true,
                Some(Sampled::Yes),
            ),
            (
                "Sampled=0;Parent=53995c3f42cd8ad8;Root=1-5759e988-bd862e3fe1be46a994272793",
                true,
                true,
                Some(Sampled::No),
            ),
            (
                "root=1-5759e988-bd862e3fe1be46a994272793;sampled=?",
                true,
                false,
                Some(Sampled::Requested),
            ),
            (
                "Self=1-5759e988-12345678901234567890123;Root=1-5759e988-bd862e3fe1be46a994272793;CalledFrom=app",
                true,
                false,
                None,
            ),
            ("Root=1;Parent=2;Sampled=yes;flag", false, false, None),
            (
                "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=25:a87bd80c:1|a=b",
                true,
                true,
                Some(Sampled::Yes),
            ),
        ] {
            let header = TraceHeader::from(text);
            assert_eq!(header.to_string(), text);
            assert_eq!(header.root().is_some(), root, "{text}");
            assert_eq!(header.parent().is_some(), parent, "{text}");
            assert_eq!(header.sampled(), sampled, "{text}");
        }
    }

    #[test]
    fn blanks_and_empty_members_go() {
        let header = TraceHeader::from(" Root=1-5759e988-bd862e3fe1be46a994272793 ; Sampled=1;; ");
        assert_eq!(header.to_string(), format!("Root={ROOT};Sampled=1"));
    }

    #[test]
    fn parent_and_sampling_are_set_in_place() {
        let id = "53995c3f42cd8ad8".parse().unwrap();
        for (before, after) in [
            ("", "Parent=53995c3f42cd8ad8;Sampled=0"),
            (
                "Root=r;Lineage=l",
                "Root=r;Parent=53995c3f42cd8ad8;Lineage=l;Sampled=0",
            ),
            (
                "Self=s;Root=r;Parent=p;Sampled=1;Lineage=l",
                "Self=s;Root=r;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=l",
            ),
            (
                "parent=p;Root=r",
                "Parent=53995c3f42cd8ad8;Root=r;Sampled=0",
            ),
        ] {
            let mut header = TraceHeader::from(before);
            header.set_parent(id);
            header.set_sampled(Sampled::No);
            assert_eq!(header.to_string(), after);
        }
        let header = TraceHeader::new(ROOT.parse().unwrap(), Some(id), Sampled::Yes);
        assert_eq!(
            header.to_string(),
            format!("Root={ROOT};Parent={id};Sampled=1")
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_is_kept(members in prop::collection::vec("[!-:<-~]{1,20}", 0..8)) {
            let text = members.join(";");
            let header = TraceHeader::from(text.as_str());
            prop_assert_eq!(header.to_string(), text);
        }
    }
}
