//! An engine with one function: `engine DATA_DIR PORT PROGRAM [ARGS…]`.
//!
//! Prints the address of Lambda's HTTP API and runs until Ctrl-C.

use std::io::Write;

use lambda_with::Function;
use lambda_with_local::{Command, FunctionOptions, Local, Options, Run};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(dir), Some(port), Some(program)) = (args.next(), args.next(), args.next()) else {
        return Err("usage: engine DATA_DIR PORT PROGRAM [ARGS…]".into());
    };
    let mut echo = Function::new("arn:aws:lambda:eu-west-1:123456789012:function:echo".parse()?)?;
    echo.timeout = 60;
    let mut options = Options::new(dir);
    options.invoke_port = Some(port.parse()?);
    // A load is to find the limits of the engine, not those of an account.
    options.account_concurrency = Some(1_000_000);
    options.functions.push(FunctionOptions::new(
        echo,
        Run::Command(Command::new(program).args(args)),
    ));
    let local = Local::start(options).await?;
    if let Some(address) = local.handle().invoke_address() {
        writeln!(std::io::stdout(), "{address}")?;
    }
    local
        .run(async {
            // Without a way to wait for Ctrl-C the engine ends at once.
            let _ = tokio::signal::ctrl_c().await;
        })
        .await;
    Ok(())
}
