//! Trees and spans that no single document holds.

use std::collections::HashSet;

use serde_json::Value;
use tracing::info_span;

use crate::{HEADER, json, spans};

#[test]
fn many_parts_are_streamed() {
    let sent = spans(HEADER, || {
        info_span!("whole").in_scope(|| {
            for _ in 0..250 {
                info_span!("part", text = "x".repeat(900)).in_scope(|| ());
            }
        });
    });
    let whole = sent.iter().find(|sent| sent.name == "whole").unwrap();
    let parts = sent.iter().filter(|sent| sent.name == "part");
    assert!(parts.clone().all(|part| part.parent_id == whole.id));
    assert_eq!(
        parts.count() + whole.subsegments.as_ref().map_or(0, Vec::len),
        250
    );
}

#[test]
fn a_deep_or_a_wide_tree_arrives_whole() {
    fn nest(depth: usize) {
        if depth > 0 {
            info_span!("deep").in_scope(|| nest(depth - 1));
        }
    }
    let check = |work: fn(), spans_made: usize| {
        let sent = spans(HEADER, work);
        let ids: HashSet<String> = sent.iter().flat_map(|part| ids(&json(part))).collect();
        assert_eq!(ids.len(), spans_made);
        let roots = sent
            .iter()
            .filter(|part| !ids.contains(part.parent_id.as_str()));
        assert_eq!(roots.count(), 1);
    };
    check(|| nest(200), 200);
    check(
        || {
            info_span!("whole").in_scope(|| {
                for _ in 0..40 {
                    info_span!("middle").in_scope(|| {
                        (0..40).for_each(|_| info_span!("part").in_scope(|| ()));
                    });
                }
            });
        },
        1 + 40 + 40 * 40,
    );
}

#[test]
fn what_is_too_large_loses_its_fields_and_not_its_place() {
    let sent = spans(HEADER, || {
        // Six bytes in JSON for each character: 50 of 1,000 are more than a document takes.
        let text = "\u{1}".repeat(2000);
        let text = text.as_str();
        let whole = info_span!(
            "whole", text, a = %text, b = %text, c = %text, d = %text, e = %text, f = %text,
            g = %text, h = %text, i = %text, j = %text, k = %text, l = %text,
        );
        whole.in_scope(|| {
            info_span!("part", text).in_scope(|| {
                for number in 0..1000 {
                    tracing::error!("{number} {text}");
                }
            });
        });
    });
    let [part, whole] = &sent[..] else {
        panic!(
            "{:?}",
            sent.iter()
                .map(|s| (&s.name, json(s).to_string().len()))
                .collect::<Vec<_>>()
        )
    };
    assert_eq!((part.name.as_str(), &part.parent_id), ("part", &whole.id));
    assert_eq!((whole.name.as_str(), &whole.metadata), ("whole", &None));
    let text = whole.annotations.as_ref().unwrap().get("text").unwrap();
    assert_eq!(text.to_string().len(), 1000);
    assert_eq!(part.fault, Some(true));
}

/// The ids in a subsegment.
fn ids(subsegment: &Value) -> Vec<String> {
    let mut found = vec![subsegment["id"].as_str().unwrap().to_owned()];
    let parts = subsegment["subsegments"].as_array().into_iter().flatten();
    found.extend(parts.flat_map(ids));
    found
}
