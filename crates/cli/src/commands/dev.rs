//! `lambda-with dev`.

use std::process::ExitCode;

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
    let access = endpoint_url.map(|endpoint_url| Access {
        endpoint_url,
        profile: global.profile.clone(),
    });
    runtime.block_on(serve(config, programs, &ports, access.as_ref(), output))?;
    Ok(ExitCode::SUCCESS)
}
