//! Schedules.

use lambda_with::{Finding, Function, Rfc3339, Timestamp};

use super::{
    SCHEDULE_PAGE, SCHEDULE_TYPES_PAGE, dead_letters, expression, input, named, retries, role,
};
use crate::expression::{Of, is_once};
use crate::{Schedule, target};

const WINDOW_PAGE: &str = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-flexible-time-windows.html";
const CONTEXT_PAGE: &str = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html";

/// The most bytes of an input.
const INPUT: usize = 256 * 1024;

pub(crate) fn check(schedule: &Schedule, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(named("name", &schedule.name, SCHEDULE_PAGE));
    let group = schedule.group.as_deref();
    findings.extend(group.and_then(|group| named("group", group, SCHEDULE_PAGE)));
    findings.extend(expression(&schedule.schedule, Of::Scheduler));
    findings.extend(schedule.timezone.as_deref().and_then(timezone));
    findings.extend(schedule.flexible_window.and_then(window));
    findings.extend(span(schedule));
    findings.extend(input(schedule.input.as_ref(), INPUT, SCHEDULE_PAGE));
    findings.extend(context(schedule));
    findings.extend(retries(
        schedule.maximum_retry_attempts,
        schedule.maximum_event_age,
    ));
    findings.extend(dead_letters(schedule.dead_letter_queue.as_ref(), function));
    findings.extend(role(schedule.role.as_ref(), function));
    findings
}

/// What is wrong with two connections together: a schedule has one target.
pub(crate) fn conflicts(one: &Schedule, other: &Schedule) -> Vec<Finding> {
    let group = |schedule: &Schedule| schedule.group.clone().filter(|group| group != "default");
    if one.name != other.name || group(one) != group(other) {
        return Vec::new();
    }
    let what = format!("two connections are the schedule `{}`", one.name);
    vec![
        Finding::error("LW1918", "name", what)
            .why("a schedule has one target, so the later one replaces the other")
            .fix("give one of them another name or group")
            .page(SCHEDULE_PAGE),
    ]
}

fn timezone(zone: &str) -> Option<Finding> {
    let letter =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'+');
    let known = zone.starts_with(|first: char| first.is_ascii_uppercase())
        && zone.len() <= 50
        && zone.bytes().all(letter);
    let short = ["BST", "CEST", "IST", "PDT", "PST"].contains(&zone);
    (!known || short).then(|| {
        Finding::error("LW1919", "timezone", format!("`{zone}` is no time zone"))
            .why("Scheduler knows the names of the IANA time zone database")
            .fix("write such a name: Europe/Dublin, America/New_York, UTC")
            .page(SCHEDULE_TYPES_PAGE)
    })
}

fn window(minutes: u32) -> Option<Finding> {
    (!(1..=1440).contains(&minutes)).then(|| {
        let what = format!("a window of {minutes} minutes is out of range");
        Finding::error("LW1920", "flexible_window", what)
            .why("Scheduler refuses it")
            .fix("take 1 to 1440 minutes, or leave it out to run on time")
            .page(WINDOW_PAGE)
    })
}

fn span(schedule: &Schedule) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut times: Vec<Timestamp> = Vec::new();
    for (field, text) in [("start", &schedule.start), ("end", &schedule.end)] {
        let Some(text) = text else { continue };
        match Rfc3339::from(text.as_str()).timestamp() {
            Ok(time) => times.push(time),
            Err(_) => findings.push(
                Finding::error("LW1921", field, format!("`{text}` is no time in RFC 3339"))
                    .why("Scheduler could not be told when")
                    .fix("write 2027-01-31T07:30:00Z")
                    .page(SCHEDULE_PAGE),
            ),
        }
    }
    if let [start, end] = times.as_slice()
        && start >= end
    {
        findings.push(
            Finding::error("LW1921", "end", "the schedule ends before it starts")
                .why("it would never run")
                .fix("put the end after the start")
                .page(SCHEDULE_PAGE),
        );
    }
    if is_once(&schedule.schedule) && (schedule.start.is_some() || schedule.end.is_some()) {
        findings.push(
            Finding::warning(
                "LW1922",
                "schedule",
                "a schedule for one time has a start or an end",
            )
            .why("Scheduler ignores both")
            .fix("leave them out")
            .page(SCHEDULE_TYPES_PAGE),
        );
    }
    findings
}

/// What looks like something to be filled in, and is not.
fn context(schedule: &Schedule) -> Option<Finding> {
    let text = target::text(schedule.input.as_ref()?);
    let starts = text
        .match_indices("<aws.scheduler.")
        .map(|(at, _)| &text[at..]);
    let mut words = starts.filter_map(|rest| rest.split_inclusive('>').next());
    let unknown = words.find(|word| !Schedule::CONTEXT.contains(word))?;
    Some(
        Finding::warning(
            "LW1923",
            "input",
            format!("Scheduler does not fill in `{unknown}`"),
        )
        .why("the function receives the words as they stand")
        .fix(format!("use one of {}", Schedule::CONTEXT.join(", ")))
        .page(CONTEXT_PAGE),
    )
}
