//! Parents before children.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::Shard;

fn shard(id: &str, parents: &[&str]) -> Shard {
    Shard {
        id: id.into(),
        parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
    }
}

fn list(lineage: &mut Lineage, shards: &[Shard]) -> Vec<String> {
    let ready = lineage.list(shards, &Position::Latest, &Position::TrimHorizon);
    let line = |(id, bookmark): (String, Bookmark)| format!("{id} {:?}", bookmark.position);
    ready.into_iter().map(line).collect()
}

#[test]
fn a_split_and_a_merge() {
    let mut lineage = Lineage::default();
    assert!(list(&mut lineage, &[]).is_empty());
    let mut shards = vec![
        shard("a", &["trimmed"]),
        shard("b", &["a"]),
        shard("c", &["a"]),
    ];
    assert_eq!(list(&mut lineage, &shards), ["a Latest"]);
    assert!(list(&mut lineage, &shards).is_empty(), "it is read already");
    let waiting: Vec<_> = lineage.waiting().map(|(id, _)| id.to_owned()).collect();
    assert_eq!(waiting, ["b", "c"]);
    lineage.finish("a");
    assert_eq!(list(&mut lineage, &shards), ["b Latest", "c Latest"]);

    shards.remove(0);
    assert_eq!(lineage.forget(&shards), ["a"]);
    assert!(lineage.forget(&shards).is_empty());
    // What appears later is read whole, after both its parents.
    shards.push(shard("d", &["b", "c"]));
    assert!(list(&mut lineage, &shards).is_empty());
    lineage.finish("b");
    assert!(list(&mut lineage, &shards).is_empty());
    lineage.finish("c");
    assert_eq!(list(&mut lineage, &shards), ["d TrimHorizon"]);
}

#[test]
fn a_restart_goes_on_where_it_was() {
    let mut finished = Bookmark::at(Position::After("9".into()));
    finished.finished = true;
    let known = [
        ("a".to_owned(), finished),
        ("b".to_owned(), Bookmark::at(Position::After("4".into()))),
        ("gone".to_owned(), Bookmark::at(Position::After("1".into()))),
    ];
    let mut lineage = Lineage::resume(known);
    let shards = [
        shard("a", &[]),
        shard("b", &["a"]),
        shard("c", &["a", "gone"]),
        shard("d", &["b"]),
    ];
    assert_eq!(
        list(&mut lineage, &shards),
        [r#"b After("4")"#, "c TrimHorizon"],
        "a parent that is neither listed nor read counts as finished"
    );
}

#[test]
fn a_parent_that_is_read_holds_its_children_though_it_is_listed_no_more() {
    let mut lineage = Lineage::default();
    list(&mut lineage, &[shard("a", &[])]);
    assert!(list(&mut lineage, &[shard("b", &["a"])]).is_empty());
    lineage.finish("a");
    assert_eq!(list(&mut lineage, &[shard("b", &["a"])]), ["b TrimHorizon"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Every shard of any history is begun once, and after all its parents have been finished.
    #[test]
    fn any_history(parents in prop::collection::vec(prop::collection::vec(0usize..100, 0..3), 1..20),
                   picks in prop::collection::vec(0usize..100, 200)) {
        let shards: Vec<Shard> = parents.iter().enumerate().map(|(index, parents)| Shard {
            id: format!("{index:02}"),
            parents: parents.iter().filter(|_| index > 0).map(|parent| format!("{:02}", parent % index.max(1))).collect(),
        }).collect();
        let mut lineage = Lineage::default();
        let (mut begun, mut reading, mut finished) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
        for pick in picks {
            // Shards become known in their order.
            let listed = &shards[..(1 + pick % shards.len())];
            for (id, _) in lineage.list(listed, &Position::Latest, &Position::TrimHorizon) {
                prop_assert!(begun.insert(id.clone()));
                let shard = shards.iter().find(|shard| shard.id == id).unwrap();
                prop_assert!(shard.parents.iter().all(|parent| finished.contains(parent)));
                reading.push(id);
            }
            if !reading.is_empty() {
                let id = reading.swap_remove(pick % reading.len());
                lineage.finish(&id);
                finished.insert(id);
            }
        }
        for _ in &shards {
            for (id, _) in lineage.list(&shards, &Position::Latest, &Position::TrimHorizon) {
                reading.push(id);
            }
            for id in reading.drain(..) {
                lineage.finish(&id);
                finished.insert(id);
            }
        }
        prop_assert_eq!(finished.len(), shards.len());
    }
}
