//! What stands in `lambda-with.toml` for a service: its connections' fields, as a table for people.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Token, Type};

/// Types that several services' connections have fields of.
const SHARED: &str = "crates/core/src/rules/mapping/values.rs";

/// The names of more values than this are left to the field's description.
const VALUES: usize = 8;

/// The settings of each connection in a service's sources: an example, and a table of the fields.
pub fn block(root: &Path, folder: &str) -> Result<String> {
    let mut sources = Sources::default();
    let shared = root.join(SHARED);
    if shared.exists() {
        sources.file(&shared)?;
    }
    sources.folder(&root.join(folder).join("src"))?;
    sources.connections.sort();
    let several = sources.connections.len() > 1;
    let mut text = String::from("\n");
    for (_, name) in &sources.connections {
        let Some(Item::Struct(item)) = sources.types.get(name) else {
            continue;
        };
        if several {
            text += &format!("### `{name}`\n\n");
        }
        let doc = doc(&item.attrs);
        if let Some(example) = doc.split("```toml\n").nth(1) {
            let example = example.split("```").next().unwrap_or_default();
            text += &format!("```toml\n{example}```\n\n");
        }
        let mut rows = Vec::new();
        sources.rows(item, "", &mut rows);
        if !rows.is_empty() {
            text += "| setting | value | what it is |\n|---|---|---|\n";
            text += &rows.concat();
            text.push('\n');
        }
    }
    Ok(text)
}

/// The types of a service, and which of them are connections.
#[derive(Default)]
struct Sources {
    types: BTreeMap<String, Item>,
    /// By the file and the place in it.
    connections: Vec<(String, String)>,
}

impl Sources {
    fn folder(&mut self, folder: &Path) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                self.folder(&path)?;
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                self.file(&path)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let text = fs::read_to_string(path)?;
        if text.contains("@generated") {
            return Ok(());
        }
        let file = syn::parse_file(&text).with_context(|| path.display().to_string())?;
        for item in file.items {
            match item {
                Item::Struct(ref found) => {
                    let name = found.ident.to_string();
                    self.types.insert(name, item);
                }
                Item::Enum(ref found) => {
                    let name = found.ident.to_string();
                    self.types.insert(name, item);
                }
                Item::Impl(item) => {
                    let is_connection = item.trait_.as_ref().is_some_and(|(.., path, _)| {
                        path.segments
                            .last()
                            .is_some_and(|segment| segment.ident == "Integration")
                    });
                    if is_connection && let Some(name) = named(&item.self_ty) {
                        let place = path.display().to_string();
                        self.connections.push((place, name));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A row for each field; the fields of a table that is a type here follow it.
    fn rows(&self, item: &syn::ItemStruct, before: &str, rows: &mut Vec<String>) {
        let has_defaults = serde(&item.attrs).contains_key("default");
        for field in &item.fields {
            let Some(ident) = &field.ident else { continue };
            let serde = serde(&field.attrs);
            let own = ident.to_string();
            let own = own.trim_start_matches("r#");
            let name = serde.get("rename").map_or(own, String::as_str);
            let name = format!("{before}{name}");
            let (kind, is_optional) = match inside(&field.ty, "Option") {
                Some(kind) => (kind, true),
                None => (&field.ty, has_defaults || serde.contains_key("default")),
            };
            let mut value = self.words(kind);
            if !is_optional {
                value += ", required";
            }
            let meaning = doc(&field.attrs);
            let meaning = meaning.split("\n\n").next().unwrap_or_default();
            rows.push(format!("| `{name}` | {value} | {} |\n", cell(meaning)));
            let item = inside(kind, "Vec").unwrap_or(kind);
            if let Some(Item::Struct(found)) = named(item).and_then(|name| self.types.get(&name))
                && matches!(found.fields, Fields::Named(_))
                && before.is_empty()
            {
                self.rows(found, &format!("{name}."), rows);
            }
        }
    }

    /// What a value of this type looks like in TOML.
    fn words(&self, kind: &Type) -> String {
        if let Some(item) = inside(kind, "Vec") {
            return match self.words(item) {
                words if words.starts_with('`') => format!("list of {words}"),
                words => format!("list of {words}s"),
            };
        }
        match named(kind).as_deref() {
            Some("Arn") => "ARN".to_owned(),
            Some("bool") => "`true` or `false`".to_owned(),
            Some("u8" | "u16" | "u32" | "u64" | "i32" | "i64" | "f64") => "number".to_owned(),
            Some("Rfc3339") => "time, as text".to_owned(),
            Some("BTreeMap" | "Map") => "table".to_owned(),
            Some("Value" | "Json") => "any".to_owned(),
            Some(name) => match self.types.get(name) {
                Some(Item::Struct(found)) if matches!(found.fields, Fields::Named(_)) => {
                    "table".to_owned()
                }
                Some(Item::Enum(found)) => values(found),
                _ => "text".to_owned(),
            },
            None => "text".to_owned(),
        }
    }
}

/// The words an enum has in TOML.
fn values(item: &syn::ItemEnum) -> String {
    let all = serde(&item.attrs);
    let words: Vec<String> = item
        .variants
        .iter()
        .filter(|variant| matches!(variant.fields, Fields::Unit))
        .map(|variant| {
            let serde = serde(&variant.attrs);
            let name = variant.ident.to_string();
            let word = serde.get("rename").cloned();
            let word = word.unwrap_or_else(|| cased(&name, all.get("rename_all")));
            format!("`\"{word}\"`")
        })
        .collect();
    let is_derived = item.attrs.iter().any(|attribute| {
        attribute.path().is_ident("derive")
            && matches!(&attribute.meta, Meta::List(list) if list.tokens.to_string().contains("Deserialize"))
    });
    match words.len() {
        1..=VALUES if is_derived => words.join(", "),
        _ => "text".to_owned(),
    }
}

/// A variant's name as `rename_all` writes it.
fn cased(name: &str, rule: Option<&String>) -> String {
    let parted = |by: char| {
        let mut text = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() && !text.is_empty() {
                text.push(by);
            }
            text.push(c.to_ascii_lowercase());
        }
        text
    };
    match rule.map(String::as_str) {
        Some("kebab-case") => parted('-'),
        Some("snake_case") => parted('_'),
        Some("SCREAMING_SNAKE_CASE") => parted('_').to_ascii_uppercase(),
        Some("lowercase") => name.to_ascii_lowercase(),
        Some("UPPERCASE") => name.to_ascii_uppercase(),
        Some("camelCase") => name[..1].to_ascii_lowercase() + &name[1..],
        _ => name.to_owned(),
    }
}

/// The last part of a type's path.
fn named(kind: &Type) -> Option<String> {
    match kind {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

/// The `T` of `wrapper<T>`.
fn inside<'a>(kind: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = kind else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inner) if last.ident == wrapper => Some(inner),
        _ => None,
    }
}

/// The members of `#[serde(…)]`; those without a value have an empty one.
fn serde(attributes: &[Attribute]) -> BTreeMap<String, String> {
    let mut members = BTreeMap::new();
    let lists = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"));
    for attribute in lists {
        let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
        let Ok(list) = attribute.parse_args_with(parser) else {
            continue;
        };
        for meta in list {
            let Some(name) = meta.path().get_ident().map(ToString::to_string) else {
                continue;
            };
            let value = match &meta {
                Meta::NameValue(pair) => text(&pair.value),
                _ => None,
            };
            members.insert(name, value.unwrap_or_default());
        }
    }
    members
}

fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        let line = text(&pair.value).filter(|_| pair.path.is_ident("doc"))?;
        Some(line.strip_prefix(' ').unwrap_or(&line).to_owned())
    });
    lines.map(|line| line + "\n").collect()
}

fn text(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// A description on one line of a table. Links to Rust's items become code.
fn cell(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ").replace('|', "\\|");
    let mut cell = String::new();
    let mut rest = line.as_str();
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((label, after)) = after.split_once("`]") else {
            break;
        };
        cell += &format!("{before}`{}`", label.trim_start_matches("Self::"));
        let target = after
            .strip_prefix('(')
            .and_then(|target| target.split_once(')'));
        rest = target.map_or(after, |(_, after)| after);
    }
    cell + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_rows() {
        let source = r#"
            /// A connection.
            ///
            /// ```toml
            /// service = "widgets"
            /// ```
            pub struct Widgets {
                /// The shop's [`Arn`](lambda_with::Arn).
                ///
                /// More.
                pub shop: Arn,
                /// One | the other.
                #[serde(default, rename = "type")]
                pub kind: Kind,
                /// How.
                pub how: Option<Vec<How>>,
            }
            #[derive(Deserialize)]
            #[serde(rename_all = "kebab-case")]
            pub enum Kind { BigOne, #[serde(rename = "tiny")] Small }
            pub struct How {
                /// How many.
                pub count: u32,
            }
            impl lambda_with::Integration for Widgets {}
        "#;
        let folder = std::env::temp_dir().join(format!("settings-{}", std::process::id()));
        fs::create_dir_all(folder.join("widgets/src")).unwrap();
        fs::write(folder.join("widgets/src/lib.rs"), source).unwrap();
        let text = block(&folder, "widgets");
        fs::remove_dir_all(&folder).unwrap();
        expect_test::expect![[r#"

            ```toml
            service = "widgets"
            ```

            | setting | value | what it is |
            |---|---|---|
            | `shop` | ARN, required | The shop's `Arn`. |
            | `type` | `"big-one"`, `"tiny"` | One \| the other. |
            | `how` | list of tables | How. |
            | `how.count` | number, required | How many. |

        "#]]
        .assert_eq(&text.unwrap());
    }
}
