//! Whose account, which Region, over which endpoint.

use std::fmt;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use lambda_with::{Error, ErrorKind};
use tokio::sync::OnceCell;

use crate::error::failed;

/// What a session is made with. What is left out comes from the environment and the AWS profile.
///
/// ```
/// use lambda_with_aws::SessionOptions;
///
/// let options = SessionOptions { region: Some("eu-west-1".into()), ..SessionOptions::default() };
/// assert_eq!(options.profile, None);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SessionOptions {
    /// The Region, before `AWS_REGION` and the profile.
    pub region: Option<String>,
    /// The profile of `~/.aws/config`, before `AWS_PROFILE` and before credentials in the
    /// environment.
    pub profile: Option<String>,
    /// Where every service is reached, before `AWS_ENDPOINT_URL`: an emulator.
    pub endpoint_url: Option<String>,
    /// The Region where neither the option above nor environment nor profile names one: that of the
    /// function.
    pub default_region: Option<String>,
}

/// A way into one account and Region, with the clients every connection needs.
///
/// ```no_run
/// use lambda_with_aws::{Session, SessionOptions};
///
/// # async fn example() -> Result<(), lambda_with::Error> {
/// let session = Session::load(SessionOptions::default()).await?;
/// println!("{} in {}", session.account().await?, session.region());
/// # Ok(())
/// # }
/// ```
///
/// Credentials are found as every AWS SDK finds them, when the first call is made; neither they nor
/// anything else secret appears in `Debug` or in an error. Throttled and interrupted calls are
/// tried again by the SDK's standard rules. A clone shares everything.
#[derive(Clone)]
pub struct Session {
    config: SdkConfig,
    region: String,
    lambda: aws_sdk_lambda::Client,
    iam: aws_sdk_iam::Client,
    account: OnceCell<String>,
}

impl Session {
    /// Finds out Region, profile and endpoint. No call goes out yet.
    ///
    /// # Errors
    ///
    /// `Invalid` when nothing names a Region.
    pub async fn load(options: SessionOptions) -> Result<Self, Error> {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(5));
        if let Some(profile) = options.profile {
            // The SDK's own chain would take credentials of the environment first.
            let config = ProviderConfig::with_default_region().await;
            let config = match &options.region {
                Some(region) => config.with_region(Some(Region::new(region.clone()))),
                None => config,
            };
            let credentials = ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_name(&profile)
                .build();
            loader = loader
                .credentials_provider(credentials)
                .profile_name(profile);
        }
        if let Some(region) = options.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(endpoint) = options.endpoint_url {
            loader = loader.endpoint_url(endpoint);
        }
        let mut config = loader.load().await;
        if let (None, Some(region)) = (config.region(), options.default_region) {
            config = config.into_builder().region(Region::new(region)).build();
        }
        Self::new(config)
    }

    /// A session over a configuration made elsewhere.
    ///
    /// # Errors
    ///
    /// `Invalid` when it names no Region.
    pub fn new(config: SdkConfig) -> Result<Self, Error> {
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(Error::new(ErrorKind::Invalid, "no AWS Region is set").with(
                "fix",
                "pass --region, set AWS_REGION, or name a Region in the AWS profile",
            ));
        };
        Ok(Self {
            lambda: aws_sdk_lambda::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            region,
            config,
            account: OnceCell::new(),
        })
    }

    /// The Region calls go to.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account the credentials belong to, asked for once (`sts:GetCallerIdentity`, which needs
    /// no permission).
    ///
    /// # Errors
    ///
    /// When there are no credentials, or AWS does not accept them.
    pub async fn account(&self) -> Result<&str, Error> {
        let ask = async || {
            let client = aws_sdk_sts::Client::new(&self.config);
            let answer = client.get_caller_identity().send().await;
            let answer =
                answer.map_err(|error| failed("GetCallerIdentity", "these credentials", error))?;
            Ok(answer.account().unwrap_or_default().to_owned())
        };
        Ok(self.account.get_or_try_init(ask).await?)
    }

    /// The configuration, to make clients of further services from.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// The client of AWS Lambda.
    #[must_use]
    pub fn lambda(&self) -> &aws_sdk_lambda::Client {
        &self.lambda
    }

    /// The client of IAM.
    #[must_use]
    pub fn iam(&self) -> &aws_sdk_iam::Client {
        &self.iam
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("region", &self.region)
            .field("endpoint_url", &self.config.endpoint_url())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_needs_a_region_and_shows_no_secret() {
        let config = SdkConfig::builder().behavior_version(BehaviorVersion::latest());
        let error = Session::new(config.build()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.context("fix").unwrap().contains("--region"));

        let credentials =
            aws_sdk_lambda::config::Credentials::new("AKIAKEY", "hidden", None, None, "test");
        let provider = aws_sdk_lambda::config::SharedCredentialsProvider::new(credentials);
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(provider);
        let session = Session::new(config.build()).unwrap();
        let shown = format!("{session:?}");
        assert!(
            shown.contains("eu-west-1") && !shown.contains("hidden") && !shown.contains("AKIA")
        );
    }
}
