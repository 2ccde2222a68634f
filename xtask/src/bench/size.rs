//! What event types add to a function: time to build it from nothing, and bytes of its binary.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{cargo, output, root, run, target};

/// A dependency, its features, and the type the function takes.
const VARIANTS: [(&str, &[&str], &str); 10] = [
    ("", &[], "serde_json::Value"),
    ("aws_lambda_events", &["s3"], "s3::S3Event"),
    ("lambda-with-s3", &[], "S3Event"),
    ("aws_lambda_events", &["sqs"], "sqs::SqsEvent"),
    ("lambda-with-sqs", &[], "SqsEvent"),
    ("aws_lambda_events", &["kinesis"], "kinesis::KinesisEvent"),
    ("lambda-with-kinesis", &[], "KinesisEvent"),
    (
        "aws_lambda_events",
        &["apigw"],
        "apigw::ApiGatewayV2httpRequest",
    ),
    ("lambda-with-api-gateway", &[], "HttpApiRequest"),
    ("aws_lambda_events", &["default"], "s3::S3Event"),
];

const MAIN: &str = "\
use lambda_runtime::{Error, LambdaEvent, service_fn};

async fn answer(event: LambdaEvent<EVENT>) -> Result<usize, Error> {
    Ok(std::mem::size_of_val(std::hint::black_box(&event.payload)))
}

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(answer)).await
}
";

/// Builds the same function with each, in release mode and from nothing, and prints what it took.
pub fn run_all() -> Result<()> {
    println!(
        "{:<36} {:>8} {:>8} {:>10} {:>8}",
        "function with", "CPU s", "more", "binary KB", "more"
    );
    let mut none = None;
    for (package, features, event) in VARIANTS {
        let folder = target().join("bench-size");
        let _ = fs::remove_dir_all(&folder);
        write(&folder, package, features, event)?;
        let before = children()?;
        let mut build = cargo(["build", "--release", "--offline", "--quiet"]);
        run(build
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env_remove("RUSTC_WRAPPER"))?;
        let seconds = children()? - before;
        let binary = folder.join("target/release/function");
        let kilobytes = fs::metadata(&binary)?.len() as f64 / 1024.0;
        let (seconds_alone, kilobytes_alone) = *none.get_or_insert((seconds, kilobytes));
        let name = match (package, features) {
            ("", _) => "nothing but serde_json".to_owned(),
            (package, []) => package.to_owned(),
            (package, features) => format!("{package} [{}]", features.join(", ")),
        };
        println!(
            "{name:<36} {seconds:>8.1} {:>8.1} {kilobytes:>10.0} {:>8.0}",
            seconds - seconds_alone,
            kilobytes - kilobytes_alone
        );
    }
    fs::remove_dir_all(target().join("bench-size")).context("cannot clean up")
}

/// The function as a package of its own, with the versions this workspace has.
fn write(folder: &Path, package: &str, features: &[&str], event: &str) -> Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    let dependency = match package.strip_prefix("lambda-with-") {
        Some(id) => format!(
            "{package} = {{ path = '{}' }}\n",
            root().join("crates").join(id).display()
        ),
        None if package.is_empty() => String::new(),
        None => format!(
            "{package} = {{ version = '1.2.1', default-features = false, features = {features:?} }}\n"
        ),
    };
    let manifest = format!(
        "[package]\nname = 'function'\nversion = '0.0.0'\nedition = '2024'\n\n[workspace]\n\n[dependencies]\n\
         lambda_runtime = {{ version = '1.5', default-features = false }}\n\
         serde_json = '1'\n\
         tokio = {{ version = '1.48', default-features = false, features = ['macros', 'rt'] }}\n\
         {dependency}\n[profile.release]\nstrip = true\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let event = match package {
        "" => event.to_owned(),
        package => format!("{}::{event}", package.replace('-', "_")),
    };
    fs::write(folder.join("src/main.rs"), MAIN.replace("EVENT", &event))?;
    Ok(())
}

/// Seconds of CPU all ended children of this process have taken, theirs included.
fn children() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat").context("this bench needs Linux")?;
    // Fields are counted from the process's name on, which may hold blanks.
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = fields.split(' ').skip(13).take(2).map(str::parse::<f64>);
    let ticks: f64 = ticks
        .sum::<Result<f64, _>>()
        .context("/proc/self/stat has changed")?;
    let second: f64 = output(Command::new("getconf").arg("CLK_TCK"))?
        .trim()
        .parse()?;
    Ok(ticks / second)
}
