//! Numbers and lengths.

use super::check::API;
use super::{ConsumptionMode, Mapping, SourceKind};
use crate::Finding;

pub(super) fn check(mapping: &Mapping, kind: SourceKind, findings: &mut Vec<Finding>) {
    let number = |value: Option<u32>| value.map(i64::from);
    let pollers = mapping.provisioned_pollers.as_ref();
    let sqs = kind.is_sqs();
    for (field, value, least, most) in [
        (
            "batch_size",
            number(mapping.batch_size),
            1,
            if kind == SourceKind::SqsFifo {
                10
            } else {
                10_000
            },
        ),
        ("batching_window", number(mapping.batching_window), 0, 300),
        (
            "parallelization_factor",
            number(mapping.parallelization_factor),
            1,
            10,
        ),
        ("tumbling_window", number(mapping.tumbling_window), 0, 900),
        (
            "maximum_concurrency",
            number(mapping.maximum_concurrency),
            2,
            1000,
        ),
        (
            "provisioned_pollers.minimum",
            number(pollers.and_then(|pollers| pollers.minimum)),
            if sqs { 2 } else { 1 },
            200,
        ),
        (
            "provisioned_pollers.maximum",
            number(pollers.and_then(|pollers| pollers.maximum)),
            if sqs { 2 } else { 1 },
            if sqs { 10_000 } else { 2000 },
        ),
    ] {
        if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
            findings.push(out_of_range(
                field,
                format!("{value} is not within {least} to {most}"),
                format!("choose a value from {least} to {most}"),
            ));
        }
    }
    endless(mapping, findings);
    lengths(mapping, findings);
}

/// The two settings in which -1 stands for no limit.
fn endless(mapping: &Mapping, findings: &mut Vec<Finding>) {
    let queue = mapping.consumption_mode == Some(ConsumptionMode::Queue);
    for (field, value, least, most, endless) in [
        (
            "maximum_record_age",
            mapping.maximum_record_age,
            60,
            604_800,
            true,
        ),
        (
            "maximum_retry_attempts",
            mapping.maximum_retry_attempts,
            0,
            10_000,
            !queue,
        ),
    ] {
        let fits = |value: &i64| (least..=most).contains(value) || endless && *value == -1;
        if let Some(value) = value.filter(|value| !fits(value)) {
            let or = if endless { ", or -1 for no limit" } else { "" };
            findings.push(out_of_range(
                field,
                format!("{value} is not within {least} to {most}"),
                format!("choose a value from {least} to {most}{or}"),
            ));
        }
    }
}

fn lengths(mapping: &Mapping, findings: &mut Vec<Finding>) {
    let pollers = mapping.provisioned_pollers.as_ref();
    for (field, text, least, most) in [
        ("topic", mapping.topic.as_ref(), 1, 249),
        ("queue", mapping.queue.as_ref(), 1, 1000),
        ("consumer_group", mapping.consumer_group.as_ref(), 1, 200),
        ("database", mapping.database.as_ref(), 1, 63),
        ("collection", mapping.collection.as_ref(), 1, 57),
        (
            "provisioned_pollers.group",
            pollers.and_then(|pollers| pollers.group.as_ref()),
            0,
            128,
        ),
    ] {
        let count = text.map(|text| text.chars().count());
        if let Some(count) = count.filter(|count| !(least..=most).contains(count)) {
            findings.push(out_of_range(
                field,
                format!("{field} has {count} characters"),
                format!("use {least} to {most}"),
            ));
        }
    }
    letters(mapping, findings);
    let servers = &mapping.bootstrap_servers;
    if servers.len() > 10 {
        findings.push(out_of_range(
            "bootstrap_servers",
            format!("there are {} bootstrap servers", servers.len()),
            "name 10 or fewer; the others are found through them".into(),
        ));
    }
    if let Some(server) = servers.iter().find(|server| !is_server(server)) {
        findings.push(out_of_range(
            "bootstrap_servers",
            format!("`{server}` is no server"),
            "write HOST:PORT, in at most 300 characters".into(),
        ));
    }
    let long = |(key, value): &(&String, &String)| {
        !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256
    };
    if let Some((key, _)) = mapping.tags.iter().find(long) {
        findings.push(out_of_range(
            "tags",
            format!("the tag `{key}` is too long or has no key"),
            "use 1 to 128 characters for a key and up to 256 for a value".into(),
        ));
    }
    let in_tag = |letter: char| {
        letter.is_alphanumeric()
            || letter.is_whitespace() && !letter.is_control()
            || "_.:/=+-@".contains(letter)
    };
    let odd = |(key, value): &(&String, &String)| !key.chars().chain(value.chars()).all(in_tag);
    if let Some((key, _)) = mapping.tags.iter().find(odd) {
        findings.push(out_of_range(
            "tags",
            format!("the tag `{key}` has letters no tag can have"),
            "use letters, digits, blanks and `_.:/=+-@`".into(),
        ));
    }
}

/// Names of which AWS takes certain letters alone.
fn letters(mapping: &Mapping, findings: &mut Vec<Finding>) {
    let pollers = mapping.provisioned_pollers.as_ref();
    for (field, text, others) in [
        (
            "consumer_group",
            mapping.consumer_group.as_deref(),
            " -/*:_+=.@",
        ),
        (
            "provisioned_pollers.group",
            pollers.and_then(|pollers| pollers.group.as_deref()),
            "-_",
        ),
    ] {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || others.contains(letter);
        if let Some(text) = text.filter(|text| !text.chars().all(fits)) {
            findings.push(out_of_range(
                field,
                format!("`{text}` has letters AWS does not take"),
                format!("use letters, digits and `{others}`"),
            ));
        }
    }
}

/// `HOST:PORT`, as AWS takes it: names of letters, digits and `-`, and dots between them.
fn is_server(server: &str) -> bool {
    let is_name = |name: &str| {
        let of_letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !name.is_empty()
            && !name.starts_with('-')
            && !name.ends_with('-')
            && name.bytes().all(of_letters)
    };
    server.rsplit_once(':').is_some_and(|(host, port)| {
        server.len() <= 300
            && host.split('.').all(is_name)
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok()
    })
}

/// Whether a topic can have this name.
pub(super) fn is_topic(name: &str) -> bool {
    let of_letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=249).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(of_letters)
}

fn out_of_range(field: &'static str, what: String, fix: String) -> Finding {
    Finding::error("LW0011", field, what)
        .why("AWS refuses the value")
        .fix(fix)
        .page(API)
}
