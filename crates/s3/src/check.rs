//! What can be wrong with a notification, judged from its definition.

use std::net::Ipv4Addr;

use lambda_with::{Finding, Function, Integration, is_account};

use crate::S3;
use crate::events::{covers, nearest};
use crate::keys::{Keys, Reach, encode, reach};

const EVENTS_PAGE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html";
const FILTER_PAGE: &str =
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html";
const NAME_PAGE: &str =
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html";
const LOOP_PAGE: &str = "https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html";

pub(crate) fn check(s3: &S3, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(bucket(&s3.bucket, function.region() == "us-east-1"));
    findings.extend(s3.writes_to.iter().filter_map(|output| written(output)));
    findings.extend(account(s3.owner(function), function));
    findings.extend(events(&s3.events));
    findings.extend(filter("prefix", s3.prefix.as_deref().unwrap_or_default()));
    findings.extend(filter("suffix", s3.suffix.as_deref().unwrap_or_default()));
    findings.extend(
        s3.writes_to
            .iter()
            .filter_map(|output| feeds_itself(s3, output)),
    );
    findings
}

/// What is wrong with two notifications together.
pub(crate) fn conflicts(one: &S3, other: &S3) -> Vec<Finding> {
    let mut findings = Vec::new();
    if one.bucket == other.bucket {
        findings.extend(overlap(one, other));
        if let Some(id) = one.id.as_ref().filter(|_| one.id == other.id) {
            let what = format!("two notifications of `{}` have the id `{id}`", one.bucket);
            findings.push(
                Finding::error("LW0114", "id", what)
                    .why("the id names a notification within its bucket: one would replace the other")
                    .fix("give each an id of its own, or leave it out")
                    .page(EVENTS_PAGE),
            );
        }
    }
    let feeds = |from: &S3, to: &S3| {
        from.writes_to
            .iter()
            .any(|output| reach(output, to) != Reach::Never)
    };
    if feeds(one, other) && feeds(other, one) && one != other {
        let what = format!(
            "`{}` and `{}` write what sets the other off",
            one.name(),
            other.name()
        );
        findings.push(
            Finding::warning("LW0115", "writes_to", what)
                .why("one upload can go round for ever; Lambda's loop detection misses Rust functions")
                .fix("write to a bucket or prefix that sets off neither")
                .page(LOOP_PAGE),
        );
    }
    findings
}

fn bucket(name: &str, legacy: bool) -> Option<Finding> {
    if let Some(what) = misnamed(name, legacy) {
        return Some(
            Finding::error("LW0101", "bucket", what)
                .why("no such bucket can exist, so the permission would be for nothing")
                .fix("give the bucket's plain name, without `arn:`, `s3://` or a key")
                .page(NAME_PAGE),
        );
    }
    not_general_purpose(name).map(|kind| {
        let what = format!("`{name}` is {kind}, not a general purpose bucket");
        Finding::error("LW0102", "bucket", what)
            .why("only general purpose buckets send event notifications")
            .fix("name the general purpose bucket that holds the objects")
            .page(NAME_PAGE)
    })
}

/// Finds outputs that begin with no bucket, such as a prefix alone.
fn written(output: &str) -> Option<Finding> {
    let plain = output.strip_prefix("s3://").unwrap_or(output);
    let bucket = plain.split('/').next().unwrap_or_default();
    // The bucket may lie in another Region than the function.
    misnamed(bucket, true).map(|what| {
        Finding::error("LW0101", "writes_to", format!("`{output}`: {what}"))
            .why("it is compared with the notification's bucket, so a loop would not be found")
            .fix(format!("begin with the bucket: `BUCKET/{plain}`"))
            .page(NAME_PAGE)
    })
}

/// Why no bucket has this name.
fn misnamed(name: &str, legacy: bool) -> Option<String> {
    // Buckets made in us-east-1 before March 2018 may have names of another kind.
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'-' | b'.')
            || legacy && (byte.is_ascii_uppercase() || byte == b'_')
    };
    let longest = if legacy { 255 } else { 63 };
    let edge = |letter: Option<char>| letter.is_some_and(|c| matches!(c, '-' | '.'));
    Some(if !(3..=longest).contains(&name.len()) {
        format!(
            "the name has {} characters; a bucket's has 3 to {longest}",
            name.len()
        )
    } else if !name.bytes().all(allowed) {
        "a bucket's name is made of lower-case letters, digits, hyphens and dots".into()
    } else if edge(name.chars().next()) || edge(name.chars().last()) || name.contains("..") {
        "a bucket's name begins and ends with a letter or digit and has no two dots in a row".into()
    } else if name.parse::<Ipv4Addr>().is_ok() {
        "a bucket's name is not an IP address".into()
    } else {
        return None;
    })
}

fn not_general_purpose(name: &str) -> Option<&'static str> {
    [
        ("--x-s3", "a directory bucket"),
        ("--table-s3", "a table bucket"),
        ("-s3alias", "the alias of an access point"),
        ("--ol-s3", "the alias of an Object Lambda access point"),
        (".mrap", "a multi-Region access point"),
    ]
    .into_iter()
    .find_map(|(ending, kind)| name.ends_with(ending).then_some(kind))
}

fn account(account: &str, function: &Function) -> Option<Finding> {
    if !is_account(account) {
        let what = format!("`{account}` is not an account: it takes twelve digits");
        return Some(
            Finding::error("LW0103", "account", what)
                .why("the permission's aws:SourceAccount would match no bucket, or be refused")
                .fix("give the id of the account that owns the bucket, in quotes")
                .page(LOOP_PAGE),
        );
    }
    (account != function.account()).then(|| {
        let what = format!("the bucket belongs to {account}, the function to {}", function.account());
        Finding::warning("LW0104", "account", what)
            .why("only the bucket's owner can set its notifications, so exports leave the bucket out")
            .fix("have the owner add the notification once the function's permission is in place")
            .page(EVENTS_PAGE)
    })
}

fn events(events: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if events.is_empty() {
        findings.push(
            Finding::error("LW0105", "events", "no event is named")
                .why("a notification without events is refused")
                .fix("name at least one, such as s3:ObjectCreated:*")
                .page(EVENTS_PAGE),
        );
    }
    for (index, event) in events.iter().enumerate() {
        if !S3::EVENTS.contains(&event.as_str()) {
            let fix = match nearest(event) {
                Some(name) => format!("write {name}"),
                None => "see the list of events, which all begin with `s3:`".into(),
            };
            findings.push(
                Finding::error(
                    "LW0106",
                    "events",
                    format!("`{event}` is no event a notification knows"),
                )
                .why("the whole configuration of the bucket is refused")
                .fix(fix)
                .page(EVENTS_PAGE),
            );
        }
        let twin = |other: &&String| covers(event, other) || covers(other, event);
        if let Some(other) = events.iter().skip(index + 1).find(twin) {
            let wide = if covers(event, other) { event } else { other };
            findings.push(
                Finding::error(
                    "LW0107",
                    "events",
                    format!("`{event}` and `{other}` overlap"),
                )
                .why("notifications of one bucket may not share an event")
                .fix(format!("keep `{wide}` alone"))
                .page(FILTER_PAGE),
            );
        }
    }
    let named = |name: &str| events.iter().any(|event| covers(event, name));
    if named("s3:ObjectCreated:Put") && !named("s3:ObjectCreated:CompleteMultipartUpload") {
        findings.push(
            Finding::warning(
                "LW0108",
                "events",
                "s3:ObjectCreated:Put misses multipart uploads",
            )
            .why("SDKs and the CLI upload larger files in parts, which is another event")
            .fix("use s3:ObjectCreated:*, or add s3:ObjectCreated:CompleteMultipartUpload")
            .page(EVENTS_PAGE),
        );
    }
    findings
}

fn filter(field: &'static str, value: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if value.contains('*') {
        findings.push(
            Finding::error("LW0109", field, format!("`{value}` holds a wildcard"))
                .why("filters have none: only keys with a star in them would match")
                .fix("leave the star out; `%2A` stands for a star in a key")
                .page(FILTER_PAGE),
        );
    }
    let encoded = encode(value);
    if encoded != value {
        findings.push(
            Finding::warning("LW0110", field, format!("`{value}` is not URL-encoded"))
                .why("S3 compares with the encoded key, so nothing may ever match")
                .fix(format!("write `{encoded}`"))
                .page(FILTER_PAGE),
        );
    }
    if field == "prefix" && value.starts_with('/') {
        findings.push(
            Finding::warning("LW0111", field, format!("`{value}` begins with a slash"))
                .why("keys do not, unless somebody uploaded them so: `images/a.jpg` does not match")
                .fix(format!("write `{}`", value.trim_start_matches('/')))
                .page(FILTER_PAGE),
        );
    }
    findings
}

fn overlap(one: &S3, other: &S3) -> Option<Finding> {
    let event = one
        .events
        .iter()
        .find(|a| other.events.iter().any(|b| covers(a, b) || covers(b, a)))?;
    let (keys, others) = (Keys::of(one), Keys::of(other));
    keys.overlap(&others).then(|| {
        let what = format!(
            "two notifications of `{}` take `{event}` for the same keys: {keys} and {others}",
            one.bucket,
        );
        Finding::error("LW0113", "prefix", what)
            .why("S3 refuses the configuration, with a message about invalid destinations")
            .fix("make prefixes or suffixes exclude each other, or send to one SNS topic or EventBridge and from there to both")
            .page(FILTER_PAGE)
    })
}

fn feeds_itself(s3: &S3, output: &str) -> Option<Finding> {
    let (what, finding): (_, fn(_, _, String) -> Finding) = match reach(output, s3) {
        Reach::Never => return None,
        Reach::Sometimes => ("may set", Finding::warning),
        Reach::Always => ("sets", Finding::error),
    };
    let what = format!("what is written to `{output}` {what} the function off again");
    Some(
        finding("LW0112", "writes_to", what)
            .why(format!(
                "the notification takes {} of the same bucket: the function would run for ever; \
                 Lambda's loop detection misses Rust functions",
                Keys::of(s3),
            ))
            .fix("write to another bucket, or to a prefix outside the notification's")
            .page(LOOP_PAGE),
    )
}
