//! Setting up a bucket's notifications, beside those of others.

mod document;
mod entry;
mod overlap;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::NotificationConfiguration;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{
    Aim, Change, Entries, Exchange, Goal, Part, Reading, Session, Shared, Wire, failed,
};

use self::document::Document;
use self::entry::Entry;
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
        let notifications = Notifications {
            client: Client::from_conf(config.build()),
            bucket: self.bucket.clone(),
            account: self.owner(function).to_owned(),
            function: function.clone(),
            wanted: vec![self.clone()],
        };
        Ok(vec![notifications.part()])
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

impl Notifications {
    fn thing(&self) -> String {
        format!("bucket {}", self.bucket)
    }

    fn failed<E>(
        &self,
        operation: &str,
        error: aws_sdk_s3::error::SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
    ) -> Error
    where
        E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let error = failed(operation, self.thing(), error);
        match error.kind() {
            ErrorKind::Denied => error.with("owner expected", self.account.as_str()),
            _ => error,
        }
    }
}

impl Shared for Notifications {
    type Document = Document;

    const UNGUARDED: bool = true;

    fn title(&self) -> String {
        format!("the notifications of {}", self.thing())
    }

    async fn read(&self, _goal: Goal) -> Result<Document, Error> {
        let exchange = Exchange::new();
        let request = self.client.get_bucket_notification_configuration();
        let request = request
            .bucket(&self.bucket)
            .expected_bucket_owner(&self.account);
        let sent = request.customize().interceptor(exchange.clone()).send();
        let answer = exchange.answered(sent.await);
        let failed = |error| self.failed("GetBucketNotificationConfiguration", error);
        Document::parse(&answer.map_err(failed)?)
    }

    fn compare(&self, found: &Document, aim: Aim) -> (Reading, Document) {
        let made = S3::new(&self.bucket, &self.account).name();
        let wanted = |s3: &S3| (s3.name(), Entry::of(s3, self.function.arn.as_str()));
        let entries = Entries {
            function: &self.function,
            wanted: self.wanted.iter().map(wanted).collect(),
            what: &|id| format!("notification {id} of {}", self.thing()),
            is_made: &|id| id.starts_with(&made),
            member: "id",
        };
        let (mut reading, next) = entries.compare(&found.entries, aim);
        if aim.goal == Goal::Connect && reading.changes.iter().any(Change::is_change) {
            reading.refusals.extend(overlap::overlaps(&entries, &next));
            if next.len() > MOST {
                reading.refusals.push(format!(
                    "{} would have {} notifications, more than the {MOST} Amazon S3 takes",
                    self.thing(),
                    next.len()
                ));
            }
        }
        (reading, found.with(next))
    }

    async fn write(&self, _found: &Document, next: &Document) -> Result<(), Error> {
        let request = self.client.put_bucket_notification_configuration();
        let request = request
            .bucket(&self.bucket)
            .expected_bucket_owner(&self.account)
            .notification_configuration(NotificationConfiguration::builder().build());
        let exchange = Exchange::sending(next.to_xml());
        let sent = request.customize().interceptor(exchange).send().await;
        sent.map(drop)
            .map_err(|error| self.failed("PutBucketNotificationConfiguration", error))
    }

    fn is_early(&self, error: &Error) -> bool {
        error.context("code") == Some("InvalidArgument")
            && error.message().contains("Unable to validate")
    }

    fn join(&mut self, other: &Self) -> bool {
        let same = (&self.bucket, &self.account) == (&other.bucket, &other.account);
        self.wanted
            .extend(other.wanted.iter().filter(|_| same).cloned());
        same
    }
}
