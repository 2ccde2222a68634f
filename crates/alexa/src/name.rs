//! Names of connections, and what a skill's id grants.

use lambda_with::{Permission, Statement};

use crate::SkillRegion;

/// `alexa-KIND-ID`, with the region where the connection is for one; ids are UUIDs.
pub(crate) fn of(kind: &str, skill_id: &str, region: Option<SkillRegion>) -> String {
    let id = uuid(skill_id).unwrap_or(skill_id);
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let mut name: String = format!("alexa-{kind}-{id}").chars().map(letter).collect();
    name.truncate(77);
    if let Some(region) = region {
        name.push('-');
        name.push_str(&region.as_str().to_ascii_lowercase());
    }
    name
}

/// Lets a skill in by its id, or nobody where the id is none; `check` finds that.
pub(crate) fn permission(sid: String, principal: &str, skill_id: &str) -> Vec<Permission> {
    if uuid(skill_id).is_none() {
        return Vec::new();
    }
    let mut statement = Statement::service(sid, principal);
    statement.event_source_token = Some(skill_id.to_owned());
    vec![Permission::ResourceBased(statement)]
}

/// The UUID of a skill's id. Ids of the first skills begin with `amzn1.echo-sdk-ams.app.`.
pub(crate) fn uuid(skill_id: &str) -> Option<&str> {
    let id = skill_id
        .strip_prefix("amzn1.ask.skill.")
        .or_else(|| skill_id.strip_prefix("amzn1.echo-sdk-ams.app."))?;
    let lengths = id.split('-').map(str::len);
    let hex = id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    (hex && lengths.eq([8, 4, 4, 4, 12])).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let skill = "amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666";
        let name = "alexa-custom-1f0c9a4e-1111-4222-8333-444455556666";
        assert_eq!(of("custom", skill, None), name);
        assert_eq!(
            of("custom", skill, Some(SkillRegion::Fe)),
            format!("{name}-fe")
        );
        assert_eq!(of("smart-home", "tea é", None), "alexa-smart-home-tea--");
        assert_eq!(
            of("custom", &"n".repeat(200), Some(SkillRegion::Na)).len(),
            80
        );
    }

    #[test]
    fn ids() {
        for (id, taken) in [
            ("amzn1.ask.skill.1f0c9a4e-1111-4222-8333-444455556666", true),
            (
                "amzn1.echo-sdk-ams.app.1f0c9a4e-1111-4222-8333-444455556666",
                true,
            ),
            ("amzn1.ask.skill.1f0c9a4e-1111-4222-8333-44445555666", false),
            ("amzn1.ask.skill.1f0c9a4e1111-4222-8333-444455556666", false),
            (
                "amzn1.ask.skill.1f0c9a4g-1111-4222-8333-444455556666",
                false,
            ),
            ("amzn1.ask.skill.*", false),
            ("1f0c9a4e-1111-4222-8333-444455556666", false),
        ] {
            assert_eq!(uuid(id).is_some(), taken, "{id}");
        }
    }
}
