#![doc = include_str!("../README.md")]

#[cfg(feature = "aws")]
pub mod aws;
mod check;
mod ext;
mod generated;
#[cfg(feature = "aws_lambda_events")]
mod interop;
mod name;
mod respond;

use lambda_with::{
    Arn, Example, Finding, Function, Integration, Patience, Permission, Resource, Service,
    Statement,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use crate::generated::*;
pub use crate::respond::{Answer, Closing, V1Answer};

/// An alias of an Amazon Lex V2 bot whose conversations ask a function.
///
/// ```toml
/// [[functions.ferry.with]]
/// service = "lex"
/// bot = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01"
/// alias = "TSTALIASID"
/// locales = ["en_GB", "en_US"]
/// ```
///
/// ```
/// use lambda_with_lex::Lex;
///
/// let bot = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01";
/// let live = Lex { alias: Some("LIVEALIAS1".into()), ..Lex::new(bot.parse()?, ["en_GB"]) };
/// assert_eq!(live.locales, ["en_GB"]);
/// # Ok::<(), lambda_with::Error>(())
/// ```
///
/// The alias has one function for each language, which serves all intents of the bot. The intents
/// say themselves when it is asked: `DialogCodeHook` and `FulfillmentCodeHook` must be on.
/// See <https://docs.aws.amazon.com/lexv2/latest/dg/lambda-attach.html>.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lex {
    /// The bot's ARN, `arn:aws:lex:REGION:ACCOUNT:bot/ID`.
    pub bot: Arn,
    /// The id of the alias, ten letters and digits; `TSTALIASID` is the alias for tests. Every
    /// alias of the bot is let in unless set: an alias that a template makes has no id yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The name of an alias to be made by exports, instead of `alias`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias_name: Option<String>,
    /// The version of the bot that the new alias is for, a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The languages in which the function is asked, such as `en_GB`.
    pub locales: Vec<String>,
}

impl Lex {
    /// All aliases of a bot, in these languages.
    pub fn new(bot: Arn, locales: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            bot,
            alias: None,
            alias_name: None,
            version: None,
            locales: locales.into_iter().map(Into::into).collect(),
        }
    }

    /// The `botAliasLocaleSettings` of `CreateBotAlias` and `UpdateBotAlias`.
    ///
    /// ```
    /// use lambda_with::Function;
    /// use lambda_with_lex::Lex;
    ///
    /// let arn = "arn:aws:lambda:eu-west-1:123456789012:function:ferry:live";
    /// let bot = "arn:aws:lex:eu-west-1:123456789012:bot/FERRYBOT01";
    /// let settings = Lex::new(bot.parse()?, ["en_GB"]).locale_settings(&Function::new(arn.parse()?)?);
    /// let hook = &settings["en_GB"]["codeHookSpecification"]["lambdaCodeHook"];
    /// assert_eq!(hook["lambdaARN"], arn);
    /// # Ok::<(), lambda_with::Error>(())
    /// ```
    ///
    /// `UpdateBotAlias` replaces all settings of an alias: unite these with those of the other
    /// languages. Afterwards build the language anew.
    #[must_use]
    pub fn locale_settings(&self, function: &Function) -> Value {
        let setting = json!({
            "enabled": true,
            "codeHookSpecification": {
                "lambdaCodeHook": {
                    "codeHookInterfaceVersion": "1.0",
                    "lambdaARN": function.arn,
                },
            },
        });
        let locales = self.locales.iter();
        let settings: Map<String, Value> = locales
            .map(|locale| (locale.clone(), setting.clone()))
            .collect();
        Value::Object(settings)
    }

    /// What stands for the alias: its id, its name, or nothing for all aliases.
    fn which(&self) -> Option<&str> {
        self.alias.as_deref().or(self.alias_name.as_deref())
    }
}

impl Integration for Lex {
    type Event = LexEvent;
    type Response = LexResponse;
    const SERVICE: Service = SERVICE;

    fn name(&self) -> String {
        name::of(check::bot_id(&self.bot), self.which().unwrap_or("all"))
    }

    fn permissions(&self, _function: &Function) -> Vec<Permission> {
        // A pattern would let other bots in. `check` finds it, and until it is put right nothing is
        // granted.
        let bot = &self.bot;
        let alias = self.alias.as_deref().unwrap_or("*");
        if !check::is_bot(bot) || !self.alias.as_deref().is_none_or(check::is_id) {
            return Vec::new();
        }
        let resource = format!("bot-alias/{}/{alias}", check::bot_id(bot));
        let arn = Arn::new(
            bot.partition(),
            "lex",
            bot.region(),
            bot.account(),
            &resource,
        );
        let statement = arn.map(|arn| {
            Statement::service(self.name(), "lexv2.amazonaws.com")
                .source_arn(arn)
                .source_account(bot.account())
        });
        statement
            .into_iter()
            .map(Permission::ResourceBased)
            .collect()
    }

    /// The alias named by `alias_name`; nothing where the alias exists.
    fn resources(&self, _function: &Function) -> Vec<Resource> {
        let (None, Some(alias)) = (&self.alias, &self.alias_name) else {
            return Vec::new();
        };
        let hook = json!({
            "CodeHookInterfaceVersion": "1.0",
            "LambdaArn": Resource::FUNCTION,
        });
        let setting = json!({
            "Enabled": true,
            "CodeHookSpecification": { "LambdaCodeHook": hook },
        });
        let locales = self.locales.iter();
        let settings: Vec<Value> = locales
            .map(|locale| json!({ "LocaleId": locale, "BotAliasLocaleSetting": setting }))
            .collect();
        let bot = check::bot_id(&self.bot);
        let mut properties = json!({
            "BotId": bot,
            "BotAliasName": alias,
            "BotAliasLocaleSettings": settings,
        });
        if let Some(version) = &self.version {
            properties["BotVersion"] = json!(version);
        }
        let id = Resource::logical_id(&["lex", bot, alias, "alias"]);
        let mut resource = Resource::new(id, "AWS::Lex::BotAlias", properties);
        resource
            .depends_on
            .push(Resource::permission_id(&self.name()));
        vec![resource]
    }

    /// A turn of a conversation with the bot, in the first language.
    fn example(&self, _function: &Function) -> Option<Example> {
        let mut example =
            Example::of::<LexEvent>(&SERVICE)?.with("/bot/id", check::bot_id(&self.bot));
        for (pointer, own) in [
            ("/bot/aliasId", &self.alias),
            ("/bot/aliasName", &self.alias_name),
            ("/bot/version", &self.version),
            ("/bot/localeId", &self.locales.first().cloned()),
        ] {
            if let Some(own) = own {
                example = example.with(pointer, own.as_str());
            }
        }
        Some(example)
    }

    fn patience(&self) -> Patience {
        Patience::of_seconds(30).otherwise("the caller gets DependencyFailedException")
    }

    fn check(&self, function: &Function) -> Vec<Finding> {
        check::check(self, function)
    }

    fn conflicts(&self, other: &Self) -> Vec<Finding> {
        check::conflicts(self, other)
    }

    fn conflicts_within(&self, other: &Self) -> Vec<Finding> {
        check::conflicts_within(self, other)
    }
}
