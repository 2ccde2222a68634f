//! Setting up a bucket's notifications, beside those of others.

mod document;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::NotificationConfiguration;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Goal, Orphan, Part, Patience, Pauses, Reading, Session, Shared,
    Stage, Wire, Work, failed, rewrite,
};
use serde_json::Value;

use self::document::{Document, Entry};
use crate::S3;

/// The most notifications of a bucket.
const MOST: usize = 100;

/// The bucket is told which function to run. The permission, which follows from the definition,
/// comes first: Amazon S3 asks for it.
///
/// A bucket has one notification configuration, which is written as a whole and has no version.
/// It is read, changed, written and read again; entries of others, topics, queues and the
/// EventBridge switch go back letter for letter. An entry is ours when its id is the connection's
/// and it runs the connection's function.
impl Wire for S3 {
    const KINDS: &'static [&'static str] = &["AWS::S3::Bucket"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let config = aws_sdk_s3::config::Builder::from(session.config())
            .force_path_style(session.config().endpoint_url().is_some());
        Ok(vec![Box::new(Notifications {
            client: Client::from_conf(config.build()),
            bucket: self.bucket.clone(),
            account: self.account.clone(),
            function: function.clone(),
            wanted: vec![self.clone()],
        })])
    }
}

/// The notifications of one bucket that run one function.
#[derive(Debug)]
struct Notifications {
    client: Client,
    bucket: String,
    account: String,
    function: Function,
    wanted: Vec<S3>,
}

/// What is to be, as [`rewrite`] asks for it.
struct Rewrite<'a> {
    part: &'a Notifications,
    aim: Aim,
}

impl Notifications {
    fn what(&self, id: &str) -> String {
        format!("notification {id} of bucket {}", self.bucket)
    }

    async fn found(&self) -> Result<Document, Error> {
        let exchange = Exchange::new();
        let request = self
            .client
            .get_bucket_notification_configuration()
            .bucket(&self.bucket);
        let request = request.expected_bucket_owner(&self.account);
        match request
            .customize()
            .interceptor(exchange.clone())
            .send()
            .await
        {
            Ok(_) => Document::parse(&exchange.answer()),
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|r| r.status().is_success()) =>
            {
                Document::parse(&exchange.answer())
            }
            Err(error) => Err(self.failed("GetBucketNotificationConfiguration", error)),
        }
    }

    async fn put(&self, document: &Document) -> Result<(), Error> {
        let request = self
            .client
            .put_bucket_notification_configuration()
            .bucket(&self.bucket);
        let request = request
            .expected_bucket_owner(&self.account)
            .notification_configuration(NotificationConfiguration::builder().build());
        let exchange = Exchange::sending(document.to_xml());
        match request.customize().interceptor(exchange).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed("PutBucketNotificationConfiguration", error)),
        }
    }

    fn failed<E>(
        &self,
        operation: &str,
        error: aws_sdk_s3::error::SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
    ) -> Error
    where
        E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let error = failed(operation, format!("bucket {}", self.bucket), error);
        match error.kind() {
            ErrorKind::NotFound => error.with("fix", "create the bucket, or correct its name"),
            ErrorKind::Denied => error.with("owner expected", self.account.as_str()),
            _ => error,
        }
    }

    fn wanted(&self, s3: &S3) -> Entry {
        Entry::of(s3, self.function.arn.as_str())
    }

    /// Whether it runs this function, in whatever version.
    fn runs(&self, entry: &Entry) -> bool {
        let plain = |arn: &str| arn.split(':').take(7).collect::<Vec<_>>().join(":");
        entry.is_function() && plain(&entry.target) == plain(self.function.arn.as_str())
    }

    /// Whether it is of an earlier form of this definition.
    fn is_orphan(&self, entry: &Entry) -> bool {
        let wanted = |s3: &S3| self.wanted(s3).id == entry.id;
        entry.is_function()
            && entry.target == self.function.arn.as_str()
            && !self.wanted.iter().any(wanted)
    }

    /// Whether its id is one that is made here.
    fn is_pruned(&self, entry: &Entry) -> bool {
        let made = S3::new(&self.bucket, &self.account).name();
        self.is_orphan(entry) && entry.id.starts_with(&made)
    }

    /// What is to be done, and the document that comes of it.
    fn compare(&self, found: &Document, aim: Aim) -> (Reading, Document) {
        let mut reading = Reading::default();
        let mut next = found.clone();
        let prune = aim.options.prune && aim.goal == Goal::Connect;
        for entry in found.entries.iter().filter(|entry| self.is_orphan(entry)) {
            let what = self.what(&entry.id);
            if prune && self.is_pruned(entry) {
                next.entries.retain(|other| other != entry);
                reading
                    .changes
                    .push(Change::new(Action::Remove, what).note("orphan"));
            } else if aim.goal == Goal::Connect {
                let fix = if self.is_pruned(entry) {
                    "connect with --prune"
                } else {
                    "remove it by hand, if nobody else made it"
                };
                let what = format!("{what}, not in this definition, runs this function");
                reading.orphans.push(Orphan {
                    what,
                    fix: fix.into(),
                });
            }
        }
        for s3 in &self.wanted {
            let wanted = self.wanted(s3);
            let place = next.entries.iter().position(|entry| entry.id == wanted.id);
            let ours = place
                .and_then(|at| next.entries.get(at))
                .filter(|entry| self.runs(entry));
            let change = |action| Change::new(action, self.what(&wanted.id)).of(s3.name());
            let change = match (aim.goal, place, ours) {
                (Goal::Connect, _, Some(ours)) if ours.same(&wanted) => change(Action::Keep),
                (Goal::Connect, Some(at), Some(ours)) => {
                    let change = change(Action::Update).members(&ours.shown(), &wanted.shown());
                    next.entries[at] = wanted;
                    change
                }
                (Goal::Connect, None, _) => {
                    let change = change(Action::Create).members(&Value::Null, &wanted.shown());
                    next.entries.push(wanted);
                    change
                }
                (Goal::Connect, Some(at), None) => {
                    reading.refusals.push(format!(
                        "{} is somebody else's: it goes to {}; give the connection another id",
                        self.what(&wanted.id),
                        next.entries[at].target
                    ));
                    continue;
                }
                (Goal::Disconnect, Some(at), Some(_)) => {
                    next.entries.remove(at);
                    change(Action::Remove)
                }
                (Goal::Disconnect, ..) => continue,
            };
            reading.changes.push(change);
        }
        if aim.goal == Goal::Connect && reading.changes.iter().any(Change::is_change) {
            reading.refusals.extend(self.refusals(&next));
        }
        (reading, next)
    }

    fn refusals(&self, next: &Document) -> Vec<String> {
        let mut refusals = Vec::new();
        let ids: Vec<String> = self.wanted.iter().map(|s3| self.wanted(s3).id).collect();
        for (index, one) in next.entries.iter().enumerate() {
            let ours = |entry: &Entry| self.runs(entry) && ids.contains(&entry.id);
            for other in next.entries.iter().skip(index + 1) {
                let mixed = ours(one) || ours(other);
                let Some(why) = one.overlap(other).filter(|_| mixed) else {
                    continue;
                };
                let (mine, theirs) = if ours(other) {
                    (other, one)
                } else {
                    (one, other)
                };
                let hint = if self.is_pruned(theirs) {
                    "it is of an earlier form of this definition: connect with --prune"
                } else {
                    "make prefixes or suffixes exclude each other"
                };
                refusals.push(format!(
                    "{} and {}, which goes to {}, cannot both stand: {why}; {hint}",
                    self.what(&mine.id),
                    theirs.id,
                    theirs.target
                ));
            }
        }
        if next.entries.len() > MOST {
            let what = format!(
                "bucket {} would have {} notifications, more than the {MOST} Amazon S3 takes",
                self.bucket,
                next.entries.len()
            );
            refusals.push(what);
        }
        refusals
    }

    async fn reconcile(&self, aim: Aim, done: &mut Vec<Change>) -> Result<(), Error> {
        let what = format!("the notification configuration of bucket {}", self.bucket);
        let patience = Patience {
            settle: aim.options.settle,
            ..Patience::default()
        };
        let mut pauses = Pauses::new(aim.options.wait.min(std::time::Duration::from_secs(20)));
        loop {
            match rewrite(&what, &Rewrite { part: self, aim }, patience).await {
                Ok((found, _)) => {
                    done.extend(self.compare(&found, aim).0.changes);
                    return Ok(());
                }
                Err(error) if gone(&error, aim) => return Ok(()),
                // The permission was granted a moment ago, and S3 has not seen it yet.
                Err(error) if unseen(&error) && pauses.again().await => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Shared for Rewrite<'_> {
    type Document = Document;

    async fn read(&self) -> Result<Document, Error> {
        self.part.found().await
    }

    fn change(&self, document: &Document) -> Result<Option<Document>, Error> {
        let (reading, next) = self.part.compare(document, self.aim);
        match reading.refusals.into_iter().next() {
            Some(refusal) => Err(Error::new(ErrorKind::Invalid, refusal)),
            None => Ok((next != *document).then_some(next)),
        }
    }

    async fn write(&self, document: &Document) -> Result<(), Error> {
        self.part.put(document).await
    }
}

impl Part for Notifications {
    fn title(&self) -> String {
        format!("the notifications of bucket {}", self.bucket)
    }

    fn stage(&self) -> Stage {
        Stage::Source
    }

    fn read(&self, aim: Aim) -> Work<'_, Reading> {
        Box::pin(async move {
            match self.found().await {
                Ok(found) => Ok(self.compare(&found, aim).0),
                Err(error) if gone(&error, aim) => Ok(Reading::default()),
                Err(error) => Err(error),
            }
        })
    }

    fn apply<'a>(&'a self, aim: Aim, done: &'a mut Vec<Change>) -> Work<'a, ()> {
        Box::pin(self.reconcile(aim, done))
    }

    fn join(&mut self, other: &dyn Part) -> bool {
        let other = (other as &dyn std::any::Any).downcast_ref::<Self>();
        let other =
            other.filter(|other| (&other.bucket, &other.account) == (&self.bucket, &self.account));
        self.wanted.extend(
            other
                .into_iter()
                .flat_map(|other| other.wanted.iter().cloned()),
        );
        other.is_some()
    }
}

/// A bucket that is gone has nothing to disconnect.
fn gone(error: &Error, aim: Aim) -> bool {
    aim.goal == Goal::Disconnect && error.context("code") == Some("NoSuchBucket")
}

fn unseen(error: &Error) -> bool {
    error.context("code") == Some("InvalidArgument")
        && error.message().contains("Unable to validate")
}
