//! `list` and `show`.

use serde_json::Value;

use crate::run::{run, workspace};

/// The ids of all crates that call themselves a service.
fn crates() -> Vec<String> {
    let folders = std::fs::read_dir(workspace().join("crates")).unwrap();
    let mut ids: Vec<String> = folders
        .filter_map(|folder| {
            std::fs::read_to_string(folder.unwrap().path().join("Cargo.toml")).ok()
        })
        .filter_map(|text| {
            let manifest: toml::Table = text.parse().unwrap();
            let metadata = manifest["package"].get("metadata")?.get("service")?.clone();
            Some(metadata["id"].as_str().unwrap().to_owned())
        })
        .collect();
    ids.sort();
    ids
}

#[test]
fn every_service_crate_is_listed() {
    let listed = run(["list", "--output", "json"]).ok().json();
    let ids: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|service| service["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, crates());
    let text = run(["list"]).ok().stdout;
    for service in listed.as_array().unwrap() {
        for member in ["id", "name", "mode"] {
            assert!(text.contains(service[member].as_str().unwrap()), "{text}");
        }
        let modes = ["synchronous", "asynchronous", "polling", "special"];
        assert!(
            modes.contains(&service["mode"].as_str().unwrap()),
            "{service}"
        );
        let guide = service["guide"].as_str().unwrap();
        let official = [
            "https://docs.aws.amazon.com/",
            "https://developer.amazon.com/",
        ];
        assert!(
            official.iter().any(|site| guide.starts_with(site)),
            "{guide}"
        );
    }
}

#[test]
fn show_tells_facts_and_types_of_every_service() {
    for id in crates() {
        let text = run(["show", &id]).ok().stdout;
        let shown = run(["show", &id, "--output", "json"]).ok().json();
        assert_eq!(shown["crate"], Value::String(format!("lambda-with-{id}")));
        for shape in shown["types"].as_array().unwrap() {
            assert!(text.contains(shape["rust"].as_str().unwrap()), "{text}");
            assert!(!shape["events"].as_array().unwrap().is_empty(), "{shape}");
        }
        assert!(text.contains(shown["guide"].as_str().unwrap()), "{text}");
        assert!(
            text.contains("\nPermission\n"),
            "{id}: the README has no section `Permission`"
        );
    }
    // Tables become lists: the name and value of a setting, and what it is below.
    let text = run(["show", "sqs"]).ok().stdout;
    assert!(
        text.contains("  `queue`  ARN, required\n      The queue's ARN.\n"),
        "{text}"
    );
    assert!(!text.contains("<!--") && !text.contains("|---"), "{text}");

    let unknown = run(["show", "sqz"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown
            .stderr
            .contains("there is no service `sqz`; did you mean `sqs`?")
    );
}
