//! `lambda-with dev`.

use std::io;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;

use crate::args::{Dev, Global};
use crate::config::Config;
use crate::dev::{Access, Ports, Programs, choose, once, runtime, serve};
use crate::output::Output;

pub(super) fn run(
    args: &Dev,
    global: &Global,
    config: &Config,
    output: Output,
) -> anyhow::Result<ExitCode> {
    warn(output);
    if global.write.dry_run {
        let names = config.functions.iter().map(|defined| {
            let connections = defined.connections.iter();
            let services: Vec<_> = connections.map(|c| c.connection.name()).collect();
            format!("{} with {}\n", defined.name, services.join(", "))
        });
        output.text(&names.collect::<String>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = runtime()?;
    if args.once {
        let programs = Programs::build(config, &config.functions)?;
        let well = runtime.block_on(once(config, &programs, output))?;
        return Ok(if well {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    // Before anything is built: a port that is taken is told at once.
    let ports = Ports {
        invoke: choose(args.port.or(config.dev.port), 9000, "--port")?,
        http: args.http_port.or(config.dev.http_port),
    };
    let programs = Programs::build(config, &config.functions)?;
    let endpoint_url = global
        .endpoint_url
        .clone()
        .or_else(|| config.dev.endpoint_url.clone());
    let access = Access {
        endpoint_url,
        queue: args.queue.clone().or_else(|| config.dev.queue.clone()),
        #[cfg(feature = "poll")]
        profile: global.profile.clone(),
        brokers: config.dev.brokers.clone(),
    };
    runtime.block_on(serve(config, programs, &ports, &access, output))?;
    Ok(ExitCode::SUCCESS)
}

/// Lets the engine's own warnings out, such as a queue that cannot be read; RUST_LOG chooses others.
fn warn(output: Output) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(output.colours_errors())
        .with_target(false)
        .without_time()
        .init();
}
