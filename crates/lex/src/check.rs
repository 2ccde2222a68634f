//! What can be wrong with a bot's use of a function, judged from its definition.

use lambda_with::{Arn, Finding, Function, is_account};

use crate::Lex;

const ATTACH_PAGE: &str = "https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html";
const ALIAS_PAGE: &str =
    "https://docs.aws.amazon.com/lexv2/latest/APIReference/API_CreateBotAlias.html";
const LOCALE_PAGE: &str = "https://docs.aws.amazon.com/lexv2/latest/dg/how-languages.html";
const QUOTA_PAGE: &str = "https://docs.aws.amazon.com/lexv2/latest/dg/quotas.html";

/// Seconds after which Amazon Lex gives a function up.
const MAX_TIMEOUT: u32 = 30;

pub(crate) fn check(lex: &Lex, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(bot(&lex.bot));
    findings.extend(place(&lex.bot, function));
    findings.extend(alias(lex));
    findings.extend(locales(&lex.locales));
    findings.extend(timeout(function));
    findings
}

/// What is wrong with two definitions, whatever functions they are for.
pub(crate) fn conflicts(one: &Lex, other: &Lex) -> Vec<Finding> {
    let twice = one.locales.iter().find(|l| other.locales.contains(l));
    let Some(locale) = twice.filter(|_| same_alias(one, other)) else {
        return Vec::new();
    };
    let what = format!("the alias is named twice for `{locale}`");
    vec![
        Finding::error("LW1111", "locales", what)
            .why("an alias has one function for each language, and the later one takes its place")
            .fix("keep one, and let it go by the intent's name")
            .page(ATTACH_PAGE),
    ]
}

/// What is wrong with two definitions at one function.
pub(crate) fn conflicts_within(one: &Lex, other: &Lex) -> Vec<Finding> {
    if !same_alias(one, other) {
        return Vec::new();
    }
    vec![
        Finding::error("LW1112", "alias", "one alias has two definitions")
            .why("one permission serves all languages of an alias")
            .fix("list all languages in one definition")
            .page(ATTACH_PAGE),
    ]
}

/// The bot's id, or all of the resource where the ARN is not that of a bot.
pub(crate) fn bot_id(arn: &Arn) -> &str {
    let resource = arn.resource();
    resource.strip_prefix("bot/").unwrap_or(resource)
}

/// Whether this is the ARN of one bot of V2.
pub(crate) fn is_bot(arn: &Arn) -> bool {
    arn.service() == "lex"
        && arn.resource().starts_with("bot/")
        && is_id(bot_id(arn))
        && !arn.region().is_empty()
        && is_account(arn.account())
}

/// Whether a bot or an alias can have this id.
pub(crate) fn is_id(id: &str) -> bool {
    id.len() == 10 && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn same_alias(one: &Lex, other: &Lex) -> bool {
    one.bot == other.bot && one.which() == other.which()
}

fn bot(arn: &Arn) -> Option<Finding> {
    (!is_bot(arn)).then(|| {
        let what = format!("`{arn}` is not the ARN of a bot");
        Finding::error("LW1101", "bot", what)
            .why("the permission would be for no bot, or for others too")
            .fix("write arn:aws:lex:REGION:ACCOUNT:bot/ID, with the id of ten letters and digits")
            .page(ATTACH_PAGE)
    })
}

fn place(arn: &Arn, function: &Function) -> Option<Finding> {
    let at = (arn.region(), arn.account());
    let beside = at == (function.region(), function.account());
    (is_bot(arn) && !beside).then(|| {
        let what = format!(
            "the bot is in {} of {}, the function in {} of {}",
            at.0,
            at.1,
            function.region(),
            function.account()
        );
        Finding::warning("LW1102", "bot", what)
            .why("Amazon Lex offers functions of the bot's own Region and account; others are documented nowhere")
            .fix("put the function beside the bot")
            .page(ATTACH_PAGE)
    })
}

fn alias(lex: &Lex) -> Vec<Finding> {
    let mut findings = Vec::new();
    let error = |code, field, what: String, fix: &'static str| {
        Finding::error(code, field, what)
            .why("Amazon Lex refuses it")
            .fix(fix)
            .page(ALIAS_PAGE)
    };
    if let Some(id) = lex.alias.as_deref().filter(|id| !is_id(id)) {
        let what = format!("`{id}` is not the id of an alias");
        let fix = "write the ten letters and digits of the alias, not its name";
        findings.push(error("LW1103", "alias", what, fix));
    }
    if let Some(name) = lex.alias_name.as_deref().filter(|name| !is_name(name)) {
        let what = format!("no alias can be named `{name}`");
        let fix = "take letters and digits, with single `_` or `-` between them";
        findings.push(error("LW1104", "alias_name", what, fix));
    }
    if let Some(version) = lex
        .version
        .as_deref()
        .filter(|version| !is_version(version))
    {
        let what = format!("`{version}` is not a version an alias can have");
        let fix = "write the number of a version; only the alias for tests has the draft";
        findings.push(error("LW1105", "version", what, fix));
    }
    match (&lex.alias, &lex.alias_name) {
        (None, None) => findings.push(
            Finding::warning("LW1106", "alias", "every alias of the bot is let in")
                .why("a test alias could run the function that customers use, and nothing is exported")
                .fix("set alias to the id of an alias, or alias_name for one to be made")
                .page(ATTACH_PAGE),
        ),
        (Some(_), name) if name.is_some() || lex.version.is_some() => findings.push(
            Finding::warning("LW1107", "alias", "the alias exists, and is to be made too")
                .why("alias_name and version are those of a new alias, and are ignored beside alias")
                .fix("leave out alias, or the other two")
                .page(ALIAS_PAGE),
        ),
        _ => {}
    }
    findings
}

fn is_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mark = |b: &u8| matches!(b, b'_' | b'-');
    let good = bytes.iter().all(|b| b.is_ascii_alphanumeric() || mark(b));
    let apart = !bytes.windows(2).any(|pair| pair.iter().all(mark));
    good && apart && (1..=100).contains(&bytes.len()) && !mark(&bytes[0])
}

fn is_version(version: &str) -> bool {
    (1..=5).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit())
}

fn locales(locales: &[String]) -> Vec<Finding> {
    let error = |code, what: String, why: &'static str, fix: &'static str| {
        Finding::error(code, "locales", what)
            .why(why)
            .fix(fix)
            .page(LOCALE_PAGE)
    };
    if locales.is_empty() {
        let why = "the function is asked in no language";
        let fix = "list the languages of the bot, such as en_GB";
        return vec![error("LW1108", "no language is listed".into(), why, fix)];
    }
    let mut findings = Vec::new();
    for (index, locale) in locales.iter().enumerate() {
        if !is_locale(locale) {
            let what = format!("`{locale}` is not a language");
            let fix = "write it like en_GB, with an underscore";
            findings.push(error("LW1109", what, "Amazon Lex refuses it", fix));
        } else if locales[..index].contains(locale) {
            let what = format!("`{locale}` is listed twice");
            let why = "an alias has each language once";
            findings.push(error("LW1109", what, why, "keep one"));
        }
    }
    findings
}

/// `en_GB`, `zh_CN`, `es_419`.
fn is_locale(locale: &str) -> bool {
    let Some((language, place)) = locale.split_once('_') else {
        return false;
    };
    let letters = place.len() == 2 && place.bytes().all(|b| b.is_ascii_uppercase());
    let digits = place.len() == 3 && place.bytes().all(|b| b.is_ascii_digit());
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && (letters || digits)
}

fn timeout(function: &Function) -> Option<Finding> {
    (function.timeout > MAX_TIMEOUT).then(|| {
        let what = format!(
            "the function may take {} seconds, Amazon Lex waits {MAX_TIMEOUT}",
            function.timeout
        );
        Finding::warning("LW1110", "timeout", what)
            .why(
                "the user has heard the bot's message for time-outs while the function still works",
            )
            .fix("set the function's timeout to 30 or less")
            .page(QUOTA_PAGE)
    })
}
