//! `cargo xtask codegen`: event types, samples, facts and pages from each service's schema.

mod emit;
mod foreign;
#[cfg(test)]
mod golden;
mod import;
mod json;
mod model;
mod names;
mod pages;
mod problem;
mod registry;
mod samples;
mod schema;
mod services;
mod settings;
mod status;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use self::json::Node;
use self::model::Model;
use self::problem::{At, Problems};
use self::services::Facts;

/// What `cargo xtask codegen` is told.
#[derive(clap::Args, Debug)]
pub struct Codegen {
    /// The services to generate; all of them if none is named.
    services: Vec<String>,
    /// Writes nothing, and fails if a file is not what would be written.
    #[arg(long)]
    check: bool,
    /// Generates types for the events of this schema instead of for a service.
    #[arg(
        long,
        value_name = "FILE",
        requires = "out",
        conflicts_with = "services"
    )]
    schema: Option<PathBuf>,
    /// The file those types go to.
    #[arg(long, value_name = "FILE", requires = "schema")]
    out: Option<PathBuf>,
    /// The name of their root type, if not the schema's own.
    #[arg(long, value_name = "NAME", requires = "schema")]
    name: Option<String>,
}

impl Codegen {
    /// Does it, in the tree at `root`.
    pub fn run(&self, root: &Path) -> Result<()> {
        let mut report = Vec::new();
        let mut details = Vec::new();
        // The pages of a service tell of its features, so those come first.
        if self.services.iter().any(|id| id == registry::SERVICE) {
            details = registry::generate(root)?;
            if !self.check {
                write(&details, root)?;
            }
        } else if self.check && self.services.is_empty() && self.schema.is_none() {
            report.extend(registry::stale(root)?);
        }
        let (mut files, problems) = match (&self.schema, &self.out) {
            (Some(schema), Some(out)) => (
                vec![foreign_types(schema, out, self.name.as_deref(), root)?],
                Problems::default(),
            ),
            _ => generate(root, &self.services)?,
        };
        files.extend(details);
        let stale: Vec<&Output> = files.iter().filter(|file| file.is_stale()).collect();
        if !problems.is_empty() {
            let head = count(problems.len(), "problem", "problems");
            report.push(format!("{head}:\n{problems}"));
        }
        if !self.check {
            write(&files, root)?;
        } else if !stale.is_empty() {
            let command = match &self.schema {
                Some(_) => "the same without `--check`",
                None if self.services.is_empty() => "`cargo xtask codegen`",
                None => "it with the same services and without `--check`",
            };
            let head = count(stale.len(), "file is", "files are");
            let names: Vec<String> = stale.iter().map(|file| file.shown(root)).collect();
            report.push(format!(
                "{head} out of date; run {command}:\n{}",
                names.join("\n")
            ));
        }
        ensure!(report.is_empty(), "{}", report.join("\n\n"));
        Ok(())
    }
}

/// Writes what is not yet as it must be.
fn write(files: &[Output], root: &Path) -> Result<()> {
    for file in files.iter().filter(|file| file.is_stale()) {
        file.write()?;
        println!("wrote {}", file.shown(root));
    }
    Ok(())
}

/// A file and what must be in it.
#[derive(Debug)]
struct Output {
    path: PathBuf,
    text: String,
}

impl Output {
    fn is_stale(&self) -> bool {
        fs::read_to_string(&self.path).ok().as_ref() != Some(&self.text)
    }

    fn write(&self) -> Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.path, &self.text)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn shown(&self, root: &Path) -> String {
        self.path
            .strip_prefix(root)
            .unwrap_or(&self.path)
            .display()
            .to_string()
    }
}

/// A service's crate, read and found good.
#[derive(Debug)]
struct Crate {
    facts: Facts,
    model: Model,
}

impl Crate {
    fn folder(&self) -> String {
        format!("crates/{}", self.facts.id)
    }
}

/// All files that follow from the tree's schemas, or those of some services; a service with
/// problems has none, and the others have theirs all the same.
fn generate(root: &Path, wanted: &[String]) -> Result<(Vec<Output>, Problems)> {
    let mut problems = Problems::default();
    let facts = services::facts(root, &mut problems)?;
    for id in wanted {
        if !facts.iter().any(|facts| facts.id == *id) {
            bail!("there is no service `{id}` in crates/");
        }
    }
    let mut crates = Vec::new();
    for facts in facts {
        let (model, found) = read(root, &facts)?;
        if found.is_empty() {
            crates.push(Crate { facts, model });
        } else if wanted.is_empty() || wanted.contains(&facts.id) {
            problems.append(found);
        }
    }
    let mut files = Vec::new();
    for service in &crates {
        if wanted.is_empty() || wanted.contains(&service.facts.id) {
            let path = root.join(service.folder()).join("src/generated.rs");
            let text = emit::service(&service.model, &service.facts, root)?;
            files.push(Output { path, text });
            pages::service(root, service, &mut files, &mut problems)?;
        }
    }
    // A table of services from which one is missing would be wrong.
    if problems.is_empty() {
        pages::tables(root, &crates, &mut files, &mut problems)?;
        let text = status::table(root, &crates)?;
        files.push(Output {
            path: root.join("STATUS.md"),
            text,
        });
    }
    Ok((files, problems))
}

/// Reads and checks the schema and samples of one service. A service without events has none.
fn read(root: &Path, facts: &Facts) -> Result<(Model, Problems)> {
    let folder = format!("crates/{}", facts.id);
    let at = At::file(format!("{folder}/schema.json"));
    let path = root.join(&at.file);
    let (mut model, mut problems) = if path.exists() {
        match Node::parse(&fs::read_to_string(&path)?) {
            Ok(document) => {
                let mut unknown = Problems::default();
                let (document, foreign) = import::merge(document, root, &at, &mut unknown)?;
                let (mut model, mut problems) = schema::read(&document, &at);
                model.foreign = foreign;
                problems.append(unknown);
                (model, problems)
            }
            Err(error) => {
                let mut problems = Problems::default();
                problems.add(&at, error);
                (Model::default(), problems)
            }
        }
    } else {
        (Model::default(), Problems::default())
    };
    if problems.is_empty() {
        problems.append(samples::read(&mut model, root, &folder)?);
    }
    Ok((model, problems))
}

/// Types for a schema that belongs to no service.
fn foreign_types(schema: &Path, out: &Path, name: Option<&str>, root: &Path) -> Result<Output> {
    let text =
        fs::read_to_string(schema).with_context(|| format!("cannot read {}", schema.display()))?;
    let source = schema.file_name().unwrap_or_default().to_string_lossy();
    let text = foreign::generate(&text, &source, name, root)?;
    Ok(Output {
        path: out.to_path_buf(),
        text,
    })
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_generated_is_out_of_date() {
        let all = Codegen {
            services: Vec::new(),
            check: true,
            schema: None,
            out: None,
            name: None,
        };
        if let Err(error) = all.run(&crate::process::root()) {
            panic!("{error:#}");
        }
    }
}
