//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Everything between an AWS service and a Lambda function.
#[derive(Debug, Parser)]
#[command(
    name = "lambda-with",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  lambda-with list                                 what a function can be with
  lambda-with event s3/put --set /Records/0/s3/object/key=images/cat.png
  lambda-with decode event.json                    which event is this?
  lambda-with check && lambda-with permissions     the definition in ./lambda-with.toml
  lambda-with dev examples/orders                  run the functions on this machine

Exit codes: 0 done, 1 failed or found an error, 2 wrong usage or wrong file.
A flag wins over the environment, the environment over lambda-with.toml; only the Region of a
definition that names one stays, whatever AWS_REGION says."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// How results are printed
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub(crate) output: Format,
    /// The file that defines functions and connections
    #[arg(long, global = true, value_name = "FILE", env = "LAMBDA_WITH_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Print without colour, as off a terminal and with NO_COLOR set
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// The AWS Region; wins over the file, and the file over AWS_REGION
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// The profile of the AWS credentials
    #[cfg(any(feature = "aws", feature = "poll"))]
    #[arg(long, global = true, env = "AWS_PROFILE", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Where AWS's API is reached instead of the Region's own endpoint
    #[arg(long, global = true, env = "AWS_ENDPOINT_URL", value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    #[command(flatten)]
    pub(crate) write: Write,
}

/// Whether to write. Commands that write nothing take these too, and are the same with them.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Write {
    /// Print what would be done, and do nothing
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// Do it without asking
    #[cfg(feature = "aws")]
    #[arg(long, global = true, conflicts_with = "dry_run")]
    pub(crate) yes: bool,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the services
    List,
    /// Show what is known of a service: principal, mode, event types, permission, limits
    Show {
        /// The service's id, as `lambda-with list` prints it
        service: String,
    },
    Event(Event),
    Decode(Decode),
    Permissions(Permissions),
    Check(Check),
    Export(Export),
    #[cfg(feature = "aws")]
    Diff(Diff),
    #[cfg(feature = "aws")]
    Connect(Connect),
    #[cfg(feature = "aws")]
    Disconnect(Disconnect),
    /// Show how the connections stand on AWS; exit with 1 where something is missing or differs
    #[cfg(feature = "aws")]
    Status {
        /// The function; all where left out
        function: Option<String>,
    },
    Invoke(Invoke),
    Dev(Dev),
    Trace(Trace),
    /// What a build without the feature `aws` is asked for in vain
    #[cfg(not(feature = "aws"))]
    #[command(
        name = "connect",
        aliases = ["diff", "disconnect", "status"],
        disable_help_flag = true,
        hide = true
    )]
    LeftOut {
        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        _rest: Vec<String>,
    },
}

/// Print a sample event
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  lambda-with event --list
  lambda-with event sqs > event.json
  lambda-with event s3/put --set /Records/0/s3/bucket/name=uploads --set /Records/0/s3/object/size=7")]
pub(crate) struct Event {
    /// Which: SERVICE/EVENT, or SERVICE for its first
    #[arg(required_unless_present = "list", value_name = "SERVICE[/EVENT]")]
    pub(crate) event: Option<String>,
    /// Change a member: a JSON pointer and a value, JSON or else plain text
    #[arg(long, value_name = "POINTER=VALUE")]
    pub(crate) set: Vec<String>,
    /// List all events, or those of the service given
    #[arg(long, conflicts_with = "set")]
    pub(crate) list: bool,
}

/// Say which event or answer a document is, and read it with the typed struct
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  lambda-with decode event.json
  lambda-with event sqs | lambda-with decode --output json
  lambda-with decode --as s3/put event.json")]
pub(crate) struct Decode {
    /// The JSON document; `-` is standard input
    #[arg(default_value = "-", value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Read it as this event, whatever it looks like
    #[arg(long = "as", value_name = "SERVICE/EVENT")]
    pub(crate) as_event: Option<String>,
}

/// Print the policies the connections need
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  lambda-with permissions orders
  lambda-with permissions --format cli | sh -x
  aws lambda get-policy --function-name orders > policy.json
  lambda-with permissions orders --granted policy.json --granted role.json")]
pub(crate) struct Permissions {
    /// The function; all where left out
    pub(crate) function: Option<String>,
    /// As policy documents, or as calls of the AWS CLI
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) format: PermissionFormat,
    /// Print instead what these policies do not grant, and exit with 1 if there is anything: the
    /// function's policy, or one of its role, as a document or as the AWS CLI prints it
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub(crate) granted: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum PermissionFormat {
    Json,
    Cli,
}

/// Find mistakes in the definition: AWS's real limits and traps
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Exit with 1 on warnings too
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

/// Print the definition as infrastructure code
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  lambda-with export --out template.json
  aws cloudformation deploy --template-file template.json --stack-name orders --capabilities CAPABILITY_NAMED_IAM
  lambda-with export --format sam --out template.json && sam build && sam deploy --guided
  lambda-with export --format terraform --out lambda-with.tf.json && terraform plan
  lambda-with export --out template.json --check   exit 1 if the definition has changed since")]
pub(crate) struct Export {
    /// Which language
    #[arg(long, value_enum, default_value = "cloudformation")]
    pub(crate) format: ExportFormat,
    /// Write to this file instead of standard output; what others wrote into it stays
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write nothing; exit with 1 where the file is not what would be written
    #[arg(long, requires = "out")]
    pub(crate) check: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A CloudFormation template, as JSON.
    Cloudformation,
    /// A template of AWS SAM, as JSON.
    Sam,
    /// Terraform's JSON syntax, for the provider hashicorp/aws.
    Terraform,
}

/// Print what `connect` would change on AWS; nothing is written
#[cfg(feature = "aws")]
#[derive(Args, Debug)]
#[command(after_help = "\
A line is `+` for what would be made, `~` for what would be changed, `-` for what would be removed.

Examples:
  lambda-with diff
  lambda-with diff orders --profile staging --output json")]
pub(crate) struct Diff {
    /// The function; all where left out
    pub(crate) function: Option<String>,
    #[command(flatten)]
    pub(crate) how: How,
}

/// Set up the connections on AWS: permissions, mappings, notifications, the function's URL
#[cfg(feature = "aws")]
#[derive(Args, Debug)]
#[command(after_help = "\
What others set up stays as it is. Where nothing differs, nothing is written; after an interruption,
run it again.

Examples:
  lambda-with connect --dry-run
  lambda-with connect orders --yes
  lambda-with connect --endpoint-url http://127.0.0.1:5000 --yes")]
pub(crate) struct Connect {
    /// The function; all where left out
    pub(crate) function: Option<String>,
    #[command(flatten)]
    pub(crate) how: How,
}

/// What `connect` does only when it is told to.
#[cfg(feature = "aws")]
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct How {
    /// Remove too what an earlier definition left behind
    #[arg(long)]
    pub(crate) prune: bool,
    /// Delete and make anew an event source mapping whose start or consumer group differs: it forgets
    /// how far it has read
    #[arg(long)]
    pub(crate) replace: bool,
}

/// Take the connections down again: exactly what `connect` set up
#[cfg(feature = "aws")]
#[derive(Args, Debug)]
pub(crate) struct Disconnect {
    /// The function; all where left out
    pub(crate) function: Option<String>,
}

/// Invoke a function once: in a running `lambda-with dev`, else in a process of its own
#[derive(Args, Debug)]
#[command(after_help = "\
The answer goes to standard output, the function's log to standard error. A function that failed
makes the exit code 1.

Examples:
  lambda-with invoke orders --event sqs
  echo '{\"id\": 7}' | lambda-with invoke orders --payload -
  lambda-with invoke orders --data '{\"id\": 7}' --async")]
pub(crate) struct Invoke {
    /// The function; may be left out where the file has one only
    pub(crate) function: Option<String>,
    /// Send a sample event
    #[arg(long, value_name = "SERVICE/EVENT", group = "what")]
    pub(crate) event: Option<String>,
    /// Send the content of a file; `-` is standard input
    #[arg(long, value_name = "FILE", group = "what")]
    pub(crate) payload: Option<PathBuf>,
    /// Send this JSON text
    #[arg(long, value_name = "JSON", group = "what")]
    pub(crate) data: Option<String>,
    /// Hand the event over without waiting for the answer
    #[arg(long = "async")]
    pub(crate) asynchronous: bool,
}

/// Run the functions of a folder on this machine, connected to all they are with
#[derive(Args, Debug)]
#[command(after_help = "\
Builds every `bin` with cargo, then serves Lambda's Invoke API on --port and the HTTP APIs on
--http-port, all on 127.0.0.1. Queues are polled only when --endpoint-url (or endpoint_url in the
table [dev]) says where, and records go to their destinations only then: AWS is never contacted
unasked. A changed source file is built again and
the function restarted. Ctrl-C ends it.

A function with a table `url` has its URL on a port after those of the HTTP APIs, and WebSocket APIs
come after these. Programs in its folder `extensions` (/opt/extensions unless named) are its extensions.

Functions see the variables of `env` in lambda-with.toml; one of the same name in the shell wins.

Asynchronous events are kept in the folder .lambda-with, or with --queue (or queue in [dev]) in a queue
of Amazon SQS, which engines with the same functions share: whichever is free runs an event.

Examples:
  lambda-with dev examples/orders
  lambda-with dev examples/orders --once
  lambda-with dev --endpoint-url http://127.0.0.1:5000")]
pub(crate) struct Dev {
    /// The folder that holds lambda-with.toml
    #[arg(value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
    /// Send one sample of each connection, print what came of it, and exit
    #[arg(long)]
    pub(crate) once: bool,
    /// The port of the Invoke API; 0 takes any free one [default: 9000, or the next free one]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// The port of the first HTTP API; further ones follow [default: 3000, or the next free one]
    #[arg(long)]
    pub(crate) http_port: Option<u16>,
    /// The queue of asynchronous events, shared with other engines: the URL of a standard queue
    #[arg(long, value_name = "URL")]
    pub(crate) queue: Option<String>,
}

/// Show a trace that `dev` has kept: what was done for a request, and how long it took
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  lambda-with trace
  lambda-with trace 1-69a56802-0f1e2d3c4b5a69788796a5b4 --output json")]
pub(crate) struct Trace {
    /// The trace's id or the beginning of it, a trace header that holds it, or `last`
    #[arg(default_value = "last", value_name = "ID")]
    pub(crate) id: String,
    /// The folder of the file, or the file itself; this one where left out
    #[arg(long = "dir", value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}
