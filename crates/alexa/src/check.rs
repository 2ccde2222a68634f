//! What can be wrong with a skill's use of a function, judged from its definition.

use lambda_with::{Finding, Function};

use crate::{CustomSkill, SkillRegion, SmartHomeSkill, name};

const CUSTOM_PAGE: &str = "https://developer.amazon.com/en-US/docs/alexa/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html";
const SMART_HOME_PAGE: &str =
    "https://developer.amazon.com/en-US/docs/alexa/smarthome/implement-your-skill.html";
const PERMISSION_PAGE: &str =
    "https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html";

/// Seconds Alexa waits for an answer.
const PATIENCE: u32 = 8;
/// The Regions near a part of the world. Smart home skills take functions of these.
const HOMES: [(SkillRegion, &str); 3] = [
    (SkillRegion::Na, "us-east-1"),
    (SkillRegion::Eu, "eu-west-1"),
    (SkillRegion::Fe, "us-west-2"),
];
/// A Region near Alexa that only custom skills use.
const TOKYO: &str = "ap-northeast-1";

pub(crate) fn custom(skill: &CustomSkill, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(skill_id(&skill.skill_id));
    findings.extend(qualifier(function));
    findings.extend(timeout(function, CUSTOM_PAGE));
    match partition(function) {
        Some(finding) => findings.push(finding),
        None => findings.extend(far_away(function)),
    }
    findings
}

pub(crate) fn smart_home(skill: &SmartHomeSkill, function: &Function) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(skill_id(&skill.skill_id));
    findings.extend(qualifier(function));
    findings.extend(timeout(function, SMART_HOME_PAGE));
    match partition(function) {
        Some(finding) => findings.push(finding),
        None => findings.extend(home(skill.region, function)),
    }
    findings
}

/// What is wrong with two connections that name one endpoint of one skill.
pub(crate) fn same_endpoint(
    one: (&str, Option<SkillRegion>),
    other: (&str, Option<SkillRegion>),
) -> Vec<Finding> {
    if one != other {
        return Vec::new();
    }
    let (skill, region) = one;
    let endpoint = match region {
        Some(region) => format!("an endpoint for {}", region.as_str()),
        None => "a default endpoint".to_owned(),
    };
    let what = format!("two connections give `{skill}` {endpoint}");
    vec![
        Finding::error("LW1308", "skill_id", what)
            .why("a skill has one function for all users, and one for each region")
            .fix("keep one of them, or set another `region`")
            .page(CUSTOM_PAGE),
    ]
}

fn skill_id(id: &str) -> Option<Finding> {
    name::uuid(id).is_none().then(|| {
        Finding::error("LW1301", "skill_id", format!("`{id}` is not a skill's id"))
            .why("Alexa presents the skill's id as a token, and with another the function stays closed")
            .fix("write amzn1.ask.skill. and the skill's UUID, as the developer console shows it")
            .page(CUSTOM_PAGE)
    })
}

fn qualifier(function: &Function) -> Option<Finding> {
    (function.qualifier() == Some("$LATEST")).then(|| {
        let what = format!("`{}` names $LATEST", function.arn);
        Finding::error("LW1302", "arn", what)
            .why("no permission can be given to $LATEST by name")
            .fix("leave the qualifier out, or name a version or an alias")
            .page(PERMISSION_PAGE)
    })
}

fn timeout(function: &Function, page: &'static str) -> Option<Finding> {
    (function.timeout > PATIENCE).then(|| {
        let what = format!("the function may take {} seconds", function.timeout);
        Finding::warning("LW1303", "timeout", what)
            .why("Alexa waits 8 seconds; then the user hears an error while the function works on")
            .fix("set the timeout to 8 seconds or less")
            .page(page)
    })
}

fn partition(function: &Function) -> Option<Finding> {
    (function.partition() != "aws").then(|| {
        let what = format!("the function is in the partition {}", function.partition());
        Finding::warning("LW1304", "arn", what)
            .why("Alexa invokes functions of the partition aws")
            .fix("put the function into a commercial Region")
            .page(CUSTOM_PAGE)
    })
}

fn far_away(function: &Function) -> Option<Finding> {
    let near = |(_, region): &(SkillRegion, &str)| *region == function.region();
    (!HOMES.iter().any(near) && function.region() != TOKYO).then(|| {
        let what = format!("the function is in {}", function.region());
        Finding::warning("LW1305", "arn", what)
            .why("Alexa is near us-east-1, eu-west-1, us-west-2 and ap-northeast-1; elsewhere every answer takes longer")
            .fix("put the function into the one of these nearest to the users")
            .page(CUSTOM_PAGE)
    })
}

fn home(region: Option<SkillRegion>, function: &Function) -> Option<Finding> {
    let Some((theirs, _)) = HOMES.iter().find(|(_, home)| *home == function.region()) else {
        let what = format!("the function is in {}", function.region());
        return Some(
            Finding::warning("LW1306", "arn", what)
                .why("smart home skills take functions of us-east-1, eu-west-1 and us-west-2")
                .fix("put the function into the one for its users: NA, EU or FE in this order")
                .page(SMART_HOME_PAGE),
        );
    };
    let region = region.filter(|region| region != theirs)?;
    let what = format!(
        "a function in {} serves users of {}",
        function.region(),
        region.as_str()
    );
    Some(
        Finding::warning("LW1307", "region", what)
            .why("NA is served from us-east-1, EU from eu-west-1, FE from us-west-2")
            .fix(format!("set region to {}", theirs.as_str()))
            .page(SMART_HOME_PAGE),
    )
}
