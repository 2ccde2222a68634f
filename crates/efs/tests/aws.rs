//! A file system mounted for real: the exact requests, because no emulator remembers a mount.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Mutex;

use lambda_with::Function;
use lambda_with_aws::Wiring;
use lambda_with_efs::{DirectS3Read, Efs};
use lambda_with_testing::fake;
use serde_json::{Value, json};

#[tokio::test]
async fn a_mount_is_set_kept_and_taken_away() {
    let functions = Mutex::new(
        json!({ "RevisionId": "7", "Role": "arn:aws:iam::123456789012:role/classify", "MemorySize": 512 }),
    );
    let iam = fake::Iam::default();
    let (session, log) = fake::session(move |method, path, body| {
        iam.answer(body).unwrap_or_else(|| match (method, path) {
            ("GET", path) if path.contains("/configuration") => {
                (200, functions.lock().unwrap().to_string())
            }
            ("PUT", _) => {
                let asked: Value = serde_json::from_str(body).unwrap();
                let mut stored = functions.lock().unwrap();
                stored["FileSystemConfigs"] = asked["FileSystemConfigs"].clone();
                (200, stored.to_string())
            }
            _ => (
                404,
                r#"{"__type":"ResourceNotFoundException","Message":"none"}"#.into(),
            ),
        })
    });
    let access_point = "arn:aws:s3files:eu-west-1:123456789012:file-system/fs-0a1b2c3d4e5f60718/access-point/fsap-0c1d2e3f4a5b60718";
    let records = Efs {
        direct_s3_read: Some(DirectS3Read::Disabled),
        ..Efs::new(access_point.parse().unwrap(), "/mnt/records")
    };
    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:classify";
    let function = Function::new(arn.parse().unwrap()).unwrap();
    let mut wiring = Wiring::new(&session, function).unwrap();
    wiring.add(&records).unwrap();
    wiring.connect(|_| ()).await.unwrap();
    assert!(wiring.connect(|_| ()).await.unwrap().is_empty());
    assert!(wiring.status().await.unwrap().is_clean());
    wiring.disconnect(|_| ()).await.unwrap();

    let puts = fake::of(&log, "PUT");
    let bodies: Vec<Value> = puts
        .iter()
        .map(|(_, body)| serde_json::from_str(body).unwrap())
        .collect();
    assert!(puts[0].0.ends_with("/configuration"), "{}", puts[0].0);
    let mount = json!({
        "Arn": access_point,
        "LocalMountPath": "/mnt/records",
        "S3FilesConfig": { "DirectS3Read": "DISABLED" },
    });
    assert_eq!(
        bodies,
        [
            json!({ "FileSystemConfigs": [mount], "RevisionId": "7" }),
            json!({ "FileSystemConfigs": [], "RevisionId": "7" }),
        ]
    );
}
