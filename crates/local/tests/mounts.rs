//! A folder in the place of a mounted file system.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::{answer, echo, error, function, invocation, options};
use lambda_with::Invoke;
use lambda_with_local::{Command, FunctionHandle, Local, Mount, Run};
use serde_json::json;

/// An engine whose function has this folder at `/mnt/models`.
async fn engine(dir: &Path, mount: Mount, command: Command) -> (Local, FunctionHandle) {
    let mut definition = function();
    definition.timeout = 30;
    let mut echo = echo(definition);
    echo.run = Run::Command(command);
    echo.mount = Some(mount);
    let (options, _) = options(dir, echo);
    let local = Local::start(options).await.unwrap();
    let echo = local.handle().function("echo").unwrap();
    (local, echo)
}

fn mount(dir: &Path) -> Mount {
    Mount::new("/mnt/models", dir.join("efs/fsap-0c1d2e3f4a5b60718"))
}

async fn told(echo: &FunctionHandle) -> Option<String> {
    let variable = invocation(&json!({ "variable": "LAMBDA_WITH_MOUNT" }));
    answer(echo.invoke(variable).await.unwrap())
        .as_str()
        .map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_below_the_mount_path_are_in_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let program = Command::new(common::example("echo"));
    let (local, echo) = engine(dir.path(), mount(dir.path()), program.clone()).await;
    let folder = mount(dir.path()).folder;
    let place = match told(&echo).await {
        None => "/mnt/models".to_owned(),
        // The machine lets nobody mount: the variable leads to the same folder.
        Some(place) => place,
    };
    let write = json!({ "append": format!("{place}/orders.txt"), "id": 7 });
    answer(echo.invoke(invocation(&write)).await.unwrap());
    assert_eq!(
        std::fs::read_to_string(folder.join("orders.txt")).unwrap(),
        "7\n"
    );
    assert!(
        !Path::new("/mnt/models").exists(),
        "nothing is left on the machine itself"
    );
    if place == "/mnt/models" {
        // A neighbour that the machine has no folder for stays unreachable.
        let outside = json!({ "append": "/mnt/other/orders.txt", "id": 7 });
        let failed = error(echo.invoke(invocation(&outside)).await.unwrap());
        assert!(failed.error_message.contains("No such file"), "{failed:?}");
    }
    local.shutdown().await;

    let (local, echo) = engine(dir.path(), mount(dir.path()).read_only(true), program).await;
    if told(&echo).await.is_none() {
        let seen = json!({ "until": "/mnt/models/orders.txt" });
        answer(echo.invoke(invocation(&seen)).await.unwrap());
        let failed = error(echo.invoke(invocation(&write)).await.unwrap());
        assert!(failed.error_message.contains("Read-only"), "{failed:?}");
    }
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_cannot_be_mounted_a_variable_names_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    // A function that lies below /mnt would be hidden by the mount.
    let program = Command::new(common::example("echo")).dir("/mnt");
    let (local, echo) = engine(dir.path(), mount(dir.path()), program).await;
    let folder = mount(dir.path()).folder.canonicalize().unwrap();
    assert_eq!(told(&echo).await.unwrap(), folder.to_str().unwrap());
    local.shutdown().await;
}

#[tokio::test]
async fn places_that_lead_elsewhere_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (path, folder) in [("/mnt/../etc", "efs"), ("/mnt/models", "..")] {
        let mut echo = echo(function());
        echo.mount = Some(Mount::new(path, dir.path().join(folder)));
        let (options, _) = options(dir.path(), echo);
        let error = Local::start(options).await.unwrap_err().to_string();
        assert!(
            error.contains("is no place") || error.contains("leads to"),
            "{error}"
        );
    }
}
