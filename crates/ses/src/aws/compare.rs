//! What differs between the rule defined and the one that stands.

use lambda_with::Integration;
use lambda_with_aws::{Action, Change, Reading, same_function};
use serde_json::Value;

use super::Rule;
use super::document::Node;

/// The most actions of a rule.
const MOST: usize = 10;

/// Actions after which none of the same rule runs.
const LAST: [&str; 2] = ["StopAction", "BounceAction"];

impl Rule {
    /// What connecting does, and the rule that comes of it.
    pub(super) fn connected(&self, found: Option<&Node>) -> (Reading, Option<Node>) {
        let mut reading = Reading::default();
        if found.is_none() && self.ses.existing {
            let fix = "make the rule, or leave out `existing` to have it made";
            reading
                .refusals
                .push(format!("there is no {}; {fix}", self.thing()));
            return (reading, None);
        }
        let head = Node::from(&self.ses.head());
        let mut next = found.cloned().unwrap_or_else(|| head.clone());
        let mut change = Change::new(Action::Update, self.thing()).of(self.ses.name());
        if let (Node::Members(members), false, true) = (&head, self.ses.existing, found.is_some()) {
            for (name, wanted) in members {
                let stands = next.get(name);
                if !same(stands, wanted) {
                    change = change.detail(name, shown(stands), Value::from(wanted));
                    next.set(name, Some(wanted.clone()));
                }
            }
            let stands = next.get("Recipients");
            if self.ses.recipients.is_empty() && stands.is_some_and(|s| !s.items().is_empty()) {
                change = change.detail("Recipients", shown(stands), Value::Null);
                next.set("Recipients", None);
            }
        }
        let mut actions: Vec<Node> = next
            .get("Actions")
            .map(Node::items)
            .unwrap_or_default()
            .to_vec();
        let before = actions.clone();
        self.put(&mut actions);
        if actions.len() > MOST {
            reading.refusals.push(format!(
                "the {} would have {} actions, more than the {MOST} Amazon SES takes",
                self.thing(),
                actions.len()
            ));
        }
        if actions != before {
            let (stands, wanted) = (Node::List(before), Node::List(actions.clone()));
            change = change.detail("Actions", Value::from(&stands), Value::from(&wanted));
            next.set("Actions", Some(Node::List(actions)));
        }
        let change = match found {
            None => {
                let create = Change::new(Action::Create, self.thing()).of(self.ses.name());
                create.members(&Value::Null, &Value::from(&next))
            }
            Some(found) if *found == next => {
                Change::new(Action::Keep, self.thing()).of(self.ses.name())
            }
            Some(_) => change,
        };
        reading.changes.push(change);
        (reading, Some(next))
    }

    /// Puts our actions among those of others: what stores the mail goes right before the function,
    /// unless it is stored there already; the function goes before what ends the rule.
    fn put(&self, actions: &mut Vec<Node>) {
        let run = Node::from(&self.ses.run(self.function.arn.as_str()));
        let at = match actions.iter().position(|action| self.is_ours(action)) {
            Some(at) if same_action(&actions[at], &run) => at,
            Some(at) => {
                actions[at] = run;
                at
            }
            None => {
                let ends = |action: &Node| LAST.iter().any(|name| action.get(name).is_some());
                let at = actions.iter().position(ends).unwrap_or(actions.len());
                actions.insert(at, run);
                at
            }
        };
        if let Some(store) = self.ses.store().map(|store| Node::from(&store)) {
            let stored = actions[..at]
                .iter()
                .any(|action| same_store(action, &store));
            if !stored {
                actions.insert(at, store);
            }
        }
    }

    /// What disconnecting does, and the rule that comes of it: nothing where there is to be none.
    pub(super) fn disconnected(&self, found: Option<&Node>) -> (Reading, Option<Node>) {
        let mut reading = Reading::default();
        let Some(found) = found else {
            return (reading, None);
        };
        let actions = found.get("Actions").map(Node::items).unwrap_or_default();
        let Some(at) = actions.iter().position(|action| self.is_ours(action)) else {
            return (reading, Some(found.clone()));
        };
        let mut left = actions.to_vec();
        left.remove(at);
        let store = self.ses.store().filter(|_| !self.ses.existing);
        if let Some(store) = store.map(|store| Node::from(&store)) {
            // Another function of the rule may rely on it.
            let runs = |action: &Node| action.get("LambdaAction").is_some();
            let ours = left[..at]
                .iter()
                .rposition(|action| same_action(action, &store));
            if let Some(ours) = ours.filter(|_| !left.iter().any(runs)) {
                left.remove(ours);
            }
        }
        let change = Change::new(Action::Remove, self.thing()).of(self.ses.name());
        if left.is_empty() && !self.ses.existing {
            reading.changes.push(change);
            return (reading, None);
        }
        let note = "our action; the rule stays";
        reading.changes.push(change.note(note));
        let mut next = found.clone();
        next.set("Actions", (!left.is_empty()).then_some(Node::List(left)));
        (reading, Some(next))
    }

    /// Whether it runs this function, in whatever version.
    fn is_ours(&self, action: &Node) -> bool {
        let runs = action
            .get("LambdaAction")
            .and_then(|action| action.get("FunctionArn"));
        runs.and_then(Node::text)
            .is_some_and(|arn| same_function(arn, self.function.arn.as_str()))
    }
}

fn shown(stands: Option<&Node>) -> Value {
    stands.map_or(Value::Null, Value::from)
}

/// Whether a member says what it should. Lists of recipients have no order.
fn same(stands: Option<&Node>, wanted: &Node) -> bool {
    match (stands, wanted) {
        (Some(Node::List(stands)), Node::List(wanted)) => {
            let sorted = |nodes: &[Node]| {
                let mut texts: Vec<String> = nodes
                    .iter()
                    .filter_map(|node| node.text().map(str::to_owned))
                    .collect();
                texts.sort_unstable();
                texts
            };
            sorted(stands) == sorted(wanted)
        }
        (Some(Node::Text(stands)), Node::Text(wanted)) => stands.eq_ignore_ascii_case(wanted),
        // What is not said is not so.
        (None, Node::Text(wanted)) => wanted == "false" || wanted == "Optional",
        _ => false,
    }
}

/// Whether two actions are the same, in whatever order their members stand. The invocation type is
/// `Event` where none is said.
fn same_action(stands: &Node, wanted: &Node) -> bool {
    let plain = |node: &Node| {
        let mut value = Value::from(node);
        if let Some(action) = value.get_mut("LambdaAction").and_then(Value::as_object_mut) {
            action
                .entry("InvocationType")
                .or_insert_with(|| "Event".into());
            action.retain(|_, value| *value != "");
        }
        value
    };
    plain(stands) == plain(wanted)
}

/// Whether an action stores the mail where ours would. It may do more, such as encrypt it.
fn same_store(stands: &Node, wanted: &Node) -> bool {
    let member = |node: &Node, name: &str| {
        let member = node.get("S3Action").and_then(|action| action.get(name));
        member.and_then(Node::text).unwrap_or_default().to_owned()
    };
    stands.get("S3Action").is_some()
        && ["BucketName", "ObjectKeyPrefix"]
            .into_iter()
            .all(|name| member(stands, name) == member(wanted, name))
}
