//! Setting up the function of an alias that exists.

use aws_sdk_lexmodelsv2::Client;
use lambda_with::{Error, ErrorKind, Function, Integration};
use lambda_with_aws::{Exchange, Occupied, Part, Session, Slot, Wire, failed, same_function};
use serde_json::{Map, Value, json};

use crate::{Lex, check};

/// What `UpdateBotAlias` does not take of what describes an alias. Everything else goes back as it
/// came, members that are newer than this list too: what is left out is reset.
const FIXED: [&str; 7] = [
    "botAliasHistoryEvents",
    "botAliasId",
    "botAliasStatus",
    "botId",
    "creationDateTime",
    "lastUpdatedDateTime",
    "parentBotNetworks",
];

/// The alias is told which function serves its languages. Everything else of the alias, which is
/// written as a whole, stays as it is; a language that another function serves is left alone.
impl Wire for Lex {
    const KINDS: &'static [&'static str] = &["AWS::Lex::BotAlias"];

    fn parts(&self, session: &Session, function: &Function) -> Result<Vec<Box<dyn Part>>, Error> {
        let alias = self.alias.clone().ok_or_else(|| {
            let what = format!(
                "`{}` has no alias, and aliases are not created from here",
                self.name()
            );
            let fix = "set alias to the id of one, or create one with `lambda-with export`";
            Error::new(ErrorKind::Invalid, what).with("fix", fix)
        })?;
        let hooks = Hooks {
            client: Client::new(session.config()),
            connection: self.name(),
            bot: check::bot_id(&self.bot).to_owned(),
            alias,
            function: function.arn.to_string(),
            locales: self.locales.clone(),
        };
        Ok(vec![hooks.part()])
    }
}

/// The code hooks of one alias, of the languages of one connection.
#[derive(Debug)]
struct Hooks {
    client: Client,
    connection: String,
    bot: String,
    alias: String,
    function: String,
    locales: Vec<String>,
}

impl Hooks {
    fn thing(&self) -> String {
        format!("alias {} of bot {}", self.alias, self.bot)
    }

    /// The alias as it is described, letter for letter.
    async fn described(&self) -> Result<Map<String, Value>, Error> {
        let exchange = Exchange::new();
        let request = self.client.describe_bot_alias().bot_id(&self.bot);
        let request = request.bot_alias_id(&self.alias).customize();
        let sent = request.interceptor(exchange.clone()).send().await;
        match exchange.document("DescribeBotAlias", self.thing(), sent)? {
            Value::Object(alias) => Ok(alias),
            _ => {
                let what = format!("{} was described with something else", self.thing());
                Err(Error::new(ErrorKind::Decode, what))
            }
        }
    }

    /// Writes the alias with other settings of languages.
    async fn update(&self, change: impl FnOnce(&mut Map<String, Value>)) -> Result<(), Error> {
        let mut request = self.described().await?;
        request.retain(|name, value| !FIXED.contains(&name.as_str()) && !value.is_null());
        let settings = request
            .entry("botAliasLocaleSettings")
            .or_insert_with(|| json!({}));
        if let Value::Object(settings) = settings {
            change(settings);
        }
        let name = request.get("botAliasName").and_then(Value::as_str);
        let call = self
            .client
            .update_bot_alias()
            .bot_id(&self.bot)
            .bot_alias_id(&self.alias)
            .bot_alias_name(name.unwrap_or_default());
        let exchange = Exchange::sending(Value::Object(request).to_string());
        let answer = call.customize().interceptor(exchange).send().await;
        answer.map_err(|error| failed("UpdateBotAlias", self.thing(), error))?;
        Ok(())
    }
}

impl Slot for Hooks {
    const UNGUARDED: bool = true;

    fn what(&self) -> String {
        format!("{} of {}", self.locales.join(", "), self.thing())
    }

    fn connection(&self) -> &str {
        &self.connection
    }

    fn wanted(&self) -> Value {
        let locales = self.locales.iter();
        locales
            .map(|locale| (locale.clone(), json!(self.function)))
            .collect::<Map<_, _>>()
            .into()
    }

    async fn read(&self) -> Result<Option<Occupied>, Error> {
        let alias = self.described().await?;
        let settings = alias.get("botAliasLocaleSettings");
        let served = self.locales.iter().filter_map(|locale| {
            let function = settings?.get(locale).and_then(serves)?;
            Some((locale.clone(), json!(function)))
        });
        let served: Map<String, Value> = served.collect();
        let mut by = served.values().filter_map(Value::as_str);
        let by = by.find(|function| !same_function(function, &self.function));
        let by = by.map(str::to_owned);
        let members = Value::Object(served.clone());
        Ok(match by {
            Some(by) => Some(Occupied::theirs(members, by)),
            None if served.is_empty() => None,
            None => Some(Occupied::ours(members)),
        })
    }

    async fn fill(&self, _found: Option<&Occupied>) -> Result<(), Error> {
        self.update(|settings| {
            for locale in &self.locales {
                let setting = settings
                    .entry(locale.clone())
                    .or_insert_with(|| json!({ "enabled": true }));
                setting["codeHookSpecification"]["lambdaCodeHook"] = json!({
                    "codeHookInterfaceVersion": "1.0",
                    "lambdaARN": self.function,
                });
            }
        })
        .await
    }

    async fn empty(&self, _found: &Occupied) -> Result<(), Error> {
        self.update(|settings| {
            for locale in &self.locales {
                let setting = settings.get_mut(locale).and_then(Value::as_object_mut);
                let Some(setting) = setting else { continue };
                let hook = setting.get("codeHookSpecification");
                let function = hook.and_then(function_of);
                if function.is_some_and(|function| same_function(function, &self.function)) {
                    setting.remove("codeHookSpecification");
                }
            }
        })
        .await
    }
}

/// The function that serves a language.
fn serves(setting: &Value) -> Option<&str> {
    setting.get("codeHookSpecification").and_then(function_of)
}

fn function_of(hook: &Value) -> Option<&str> {
    hook.pointer("/lambdaCodeHook/lambdaARN")?.as_str()
}
