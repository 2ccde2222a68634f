//! Setting up a bucket's notifications, beside those of others.

mod compare;
mod document;
mod entry;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::NotificationConfiguration;
use lambda_with::{Error, ErrorKind, Function};
use lambda_with_aws::{
    Action, Aim, Change, Exchange, Goal, Part, Patience, Pauses, Reading, Session, Shared, Stage,
    Wire, Work, failed, rewrite,
};

use self::document::Document;
use crate::S3;

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
                Err(error) => {
                    let written = error.context("written").is_some();
                    let change = Change::new(Action::Update, what).note("written, not confirmed");
                    done.extend(written.then_some(change));
                    return Err(error);
                }
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
