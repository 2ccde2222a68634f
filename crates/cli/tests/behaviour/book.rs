//! The definitions in README.md and in the book are what the command reads.

use std::path::{Path, PathBuf};

use crate::run::{defined, workspace};

/// Every Markdown file of a folder and of those in it.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let pages = paths.flat_map(|path| match path.is_dir() {
        true => pages(&path),
        false => vec![path],
    });
    pages
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// The blocks of this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let blocks = page.split(fence.as_str()).skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap_or_default())
        .collect()
}

/// A definition, with the function to which a connection alone belongs.
fn whole(block: &str) -> String {
    let function = block
        .split_once("[[functions.")
        .and_then(|(before, name)| Some((before, name.split_once(".with]]")?.0)));
    match function {
        Some((before, name)) if !before.contains("[functions.") => {
            let (head, rest) = block.split_at(before.len());
            format!("{head}[functions.{name}]\nbin = \"{name}\"\n\n{rest}")
        }
        _ => block.to_owned(),
    }
}

#[test]
fn definitions_are_read() {
    let mut pages = pages(&workspace().join("docs/src"));
    pages.push(workspace().join("README.md"));
    let mut checked = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for block in blocks(&text, "toml") {
            if !block.contains("[functions.") {
                continue;
            }
            let ran = defined(&whole(block), ["check"]);
            // What a page warns of may be in its example; a file that cannot be read may not.
            assert_ne!(ran.code, 2, "{}:\n{block}\n{}", page.display(), ran.stderr);
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} definitions were found");
}
