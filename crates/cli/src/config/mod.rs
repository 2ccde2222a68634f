//! `lambda-with.toml`: functions, and what each is with.

mod connection;
mod read;
mod source;
mod values;

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroU16;
use std::path::PathBuf;

use lambda_with::rules::recursion::RecursiveLoop;
use lambda_with::{Arn, Function};
use lambda_with_api_gateway::serve::FunctionUrl;
use serde::Deserialize;

use crate::dev::Brokers;
use crate::failure::Failure;
use crate::services::Connection;
#[cfg(feature = "aws")]
use crate::services::Kind;

pub(crate) use self::source::Source;

/// The account that stands in ARNs where the file names none.
pub(crate) const DEFAULT_ACCOUNT: &str = "123456789012";

/// The Region that stands in ARNs where flag, environment and file name none.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// The whole file, read and understood.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) source: Source,
    pub(crate) dev: Dev,
    pub(crate) functions: Vec<Defined>,
}

/// The table `[dev]`: defaults for the flags of the command of that name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dev {
    pub(crate) endpoint_url: Option<String>,
    pub(crate) port: Option<u16>,
    pub(crate) http_port: Option<u16>,
    /// How many processes run for one function at most.
    pub(crate) max_environments: Option<NonZeroU16>,
    /// How many invocations run at once in the account.
    pub(crate) account_concurrency: Option<u32>,
    /// The URL of the queue of asynchronous events that several engines share.
    pub(crate) queue: Option<String>,
    /// Brokers on this machine.
    #[serde(default)]
    pub(crate) brokers: Brokers,
}

/// One function of the file.
#[derive(Debug)]
pub(crate) struct Defined {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) code: Code,
    pub(crate) function: Function,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) on_failure: Option<Arn>,
    pub(crate) on_success: Option<Arn>,
    pub(crate) maximum_retry_attempts: Option<u8>,
    pub(crate) maximum_event_age: Option<u32>,
    /// What becomes of it where it invokes itself through services.
    pub(crate) recursive_loop: RecursiveLoop,
    /// The folder of its external extensions.
    pub(crate) extensions: Option<PathBuf>,
    pub(crate) url: Option<FunctionUrl>,
    pub(crate) connections: Vec<Connected>,
}

/// What runs when the function is invoked on this machine.
#[derive(Debug)]
pub(crate) enum Code {
    /// A binary that cargo builds.
    Bin(String),
    /// A program and its arguments.
    Command(Vec<String>),
    /// The function is on AWS; its ARN is all there is.
    Elsewhere,
}

/// One connection of a function.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) place: Place,
    /// What `dev --once` sends instead of the service's sample: a file beside this one.
    pub(crate) sample: Option<PathBuf>,
    /// How it is set up on AWS.
    #[cfg(feature = "aws")]
    pub(crate) kind: &'static Kind,
    pub(crate) connection: Box<dyn Connection>,
}

/// Where a table of the file stands, and each of its members.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) line: usize,
    fields: Vec<(String, usize)>,
}

impl Place {
    /// Whether the member stands in the file.
    #[cfg(feature = "aws")]
    pub(crate) fn names(&self, field: &str) -> bool {
        self.fields.iter().any(|(name, _)| name == field)
    }

    /// The line of a member, or of the table where the member was left out.
    pub(crate) fn line_of(&self, field: &str) -> usize {
        let first = field.split(['.', '[']).next().unwrap_or(field);
        self.fields
            .iter()
            .find(|(name, _)| name == first)
            .map_or(self.line, |(_, line)| *line)
    }
}

/// What flags and environment say about the account's place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// The flag: it wins over the file.
    pub(crate) region: Option<String>,
    /// The environment: the file wins over it, because a definition must not mean something else
    /// in another shell.
    pub(crate) usual_region: Option<String>,
}

impl Overrides {
    pub(crate) fn new(region: Option<String>) -> Self {
        let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            region,
            usual_region: set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION")),
        }
    }
}

impl Config {
    pub(crate) fn load(path: PathBuf, overrides: &Overrides) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(&path).map_err(|error| {
            let fix = match error.kind() {
                io::ErrorKind::InvalidData => "save the file as UTF-8",
                _ => "name the file with --config, or begin one: [functions.NAME] with bin = \"NAME\", then [[functions.NAME.with]] with service = \"sqs\"",
            };
            Failure::usage(format!("cannot read `{}`: {error}", path.display())).fix(fix)
        })?;
        let source = Source::new(path, text);
        read::config(source, overrides)
    }

    /// The function of this name; the only one where none is named.
    pub(crate) fn function(&self, name: Option<&str>) -> Result<&Defined, Failure> {
        let names = || self.functions.iter().map(|defined| defined.name.as_str());
        let listed = || names().collect::<Vec<_>>().join(", ");
        match (name, self.functions.as_slice()) {
            (_, []) => Err(self.no_function()),
            (Some(name), functions) => functions
                .iter()
                .find(|defined| defined.name == name)
                .ok_or_else(|| {
                    let hint = crate::suggest::hint(name, names());
                    let path = self.source.path().display();
                    Failure::usage(format!("`{path}` has no function `{name}`{hint}"))
                        .fix(format!("it has: {}", listed()))
                }),
            (None, [only]) => Ok(only),
            (None, _) => Err(Failure::usage("which function?".to_owned())
                .fix(format!("name one of: {}", listed()))),
        }
    }

    /// What to say where a function is needed and the file has none.
    pub(crate) fn no_function(&self) -> Failure {
        let path = self.source.path().display();
        Failure::usage(format!("`{path}` defines no function"))
            .fix("begin one: [functions.NAME] with bin = \"NAME\"")
    }
}
