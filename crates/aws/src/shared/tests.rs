use std::sync::Mutex;

use self::Answer::{Fails, Half, Overwritten};
use super::*;
use crate::change::Action;
use crate::plan::Goal::{Connect, Disconnect};
use crate::wire::Options;

/// A list of words in which ours are to stand; `answers` are what happens at each write, first to
/// last.
#[derive(Debug)]
struct Words {
    stored: Mutex<Vec<&'static str>>,
    answers: Mutex<Vec<Answer>>,
    writes: Mutex<u32>,
}

#[derive(Clone, Debug)]
enum Answer {
    /// The write fails.
    Fails(ErrorKind),
    /// It is overwritten with these right after.
    Overwritten(&'static [&'static str]),
    /// It goes through half.
    Half(ErrorKind),
}

const OURS: [&str; 2] = ["ours", "ours too"];

impl<const UNGUARDED: bool> Shared for Case<UNGUARDED> {
    type Document = Vec<&'static str>;

    const UNGUARDED: bool = UNGUARDED;

    fn title(&self) -> String {
        "the list".into()
    }

    async fn read(&self, _goal: Goal) -> Result<Self::Document, Error> {
        let stored = self.0.stored.lock().unwrap().clone();
        match stored.as_slice() {
            ["gone"] => Err(Error::new(ErrorKind::NotFound, "no list")),
            _ => Ok(stored),
        }
    }

    fn compare(&self, found: &Self::Document, aim: Aim) -> (Reading, Self::Document) {
        let (mut reading, mut next) = (Reading::default(), found.clone());
        if found.contains(&"rival's") {
            reading.refusals.push("overlap".into());
        }
        for word in OURS {
            let action = match (aim.goal, found.contains(&word)) {
                (Connect, true) => Action::Keep,
                (Connect, false) => Action::Create,
                (Disconnect, true) => Action::Remove,
                (Disconnect, false) => continue,
            };
            match action {
                Action::Create => next.push(word),
                Action::Remove => next.retain(|other| *other != word),
                _ => {}
            }
            reading.changes.push(Change::new(action, word));
        }
        (reading, next)
    }

    async fn write(&self, found: &Self::Document, next: &Self::Document) -> Result<(), Error> {
        *self.0.writes.lock().unwrap() += 1;
        let mut answers = self.0.answers.lock().unwrap();
        let answer = (!answers.is_empty()).then(|| answers.remove(0));
        let mut stored = self.0.stored.lock().unwrap();
        *stored = match &answer {
            None => next.clone(),
            Some(Fails(_)) => found.clone(),
            Some(Overwritten(words)) => words.to_vec(),
            Some(Half(_)) => next[..next.len() - 1].to_vec(),
        };
        match answer {
            Some(Fails(kind) | Half(kind)) => Err(Error::new(kind, "refused")),
            _ => Ok(()),
        }
    }
}

#[derive(Debug)]
struct Case<const UNGUARDED: bool>(Words);

/// Runs one goal; gives how it ended, how often it wrote, what stands, and what it says was done.
async fn run<const UNGUARDED: bool>(
    goal: Goal,
    stored: &[&'static str],
    answers: &[Answer],
) -> (Result<(), ErrorKind>, u32, Vec<&'static str>, String) {
    let case = Reconciled(Case::<UNGUARDED>(Words {
        stored: Mutex::new(stored.to_vec()),
        answers: Mutex::new(answers.to_vec()),
        writes: Mutex::default(),
    }));
    let options = Options {
        prune: false,
        replace: false,
        wait: Duration::from_millis(250),
        settle: Duration::ZERO,
    };
    let mut done = Vec::new();
    let result = case.apply(Aim { goal, options }, &mut done).await;
    let words = case.0.0;
    (
        result.map_err(|error| error.kind()),
        words.writes.into_inner().unwrap(),
        words.stored.into_inner().unwrap(),
        done.iter().map(|change| format!("{change}; ")).collect(),
    )
}

/// A case that ends the same whether the list is guarded or not.
#[track_caller]
fn check(
    goal: Goal,
    stored: &[&'static str],
    answers: &[Answer],
    expected: (Result<(), ErrorKind>, u32, &[&str], &str),
) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let guarded = runtime.block_on(run::<false>(goal, stored, answers));
    let unguarded = runtime.block_on(run::<true>(goal, stored, answers));
    for (result, writes, stands, done) in [guarded, unguarded] {
        assert_eq!((result, writes, &*stands, &*done), expected);
    }
}

#[test]
fn what_stands_is_left_and_what_is_missing_comes_beside_it() {
    let both = "= ours; = ours too; ";
    let all = ["a", "ours", "ours too"];
    check(Connect, &all, &[], (Ok(()), 0, &all, both));
    check(
        Connect,
        &["a"],
        &[],
        (Ok(()), 1, &all, "+ ours; + ours too; "),
    );
    check(
        Connect,
        &all[..2],
        &[],
        (Ok(()), 1, &all, "= ours; + ours too; "),
    );
    check(
        Disconnect,
        &all,
        &[],
        (Ok(()), 1, &["a"], "- ours; - ours too; "),
    );
    check(Disconnect, &["a"], &[], (Ok(()), 0, &["a"], ""));
}

#[test]
fn a_list_that_is_not_there() {
    check(
        Connect,
        &["gone"],
        &[],
        (Err(ErrorKind::NotFound), 0, &["gone"], ""),
    );
    check(Disconnect, &["gone"], &[], (Ok(()), 0, &["gone"], ""));
    let gone = [Fails(ErrorKind::NotFound), Overwritten(&["gone"])];
    check(
        Disconnect,
        &["ours"],
        &gone[1..],
        (Ok(()), 1, &["gone"], "- ours; "),
    );
}

#[test]
fn lost_races_are_run_again_and_what_the_other_wrote_stays() {
    let rival = [Overwritten(&["a", "b"])];
    let all = ["a", "b", "ours", "ours too"];
    check(
        Connect,
        &["a"],
        &rival,
        (Ok(()), 2, &all, "+ ours; + ours too; "),
    );
    let conflict = [Fails(ErrorKind::Conflict)];
    let all = ["a", "ours", "ours too"];
    check(
        Connect,
        &["a"],
        &conflict,
        (Ok(()), 2, &all, "+ ours; + ours too; "),
    );
    let refused = [Overwritten(&["rival's"])];
    let unsure = "+ ours (written, not confirmed); + ours too (written, not confirmed); ";
    check(
        Connect,
        &["a"],
        &refused,
        (Err(ErrorKind::Conflict), 1, &["rival's"], unsure),
    );
}

#[test]
fn what_is_refused_is_not_written() {
    let rivals = ["rival's"];
    check(
        Connect,
        &rivals,
        &[],
        (Err(ErrorKind::Conflict), 0, &rivals, ""),
    );
    let denied = [Fails(ErrorKind::Denied)];
    check(
        Connect,
        &["a"],
        &denied,
        (Err(ErrorKind::Denied), 1, &["a"], ""),
    );
}

#[test]
fn what_stands_after_a_failure_half_way_is_named() {
    let half = [Half(ErrorKind::Throttled)];
    let stands = ["a", "ours"];
    check(
        Connect,
        &["a"],
        &half,
        (Err(ErrorKind::Throttled), 1, &stands, "+ ours; "),
    );
}

#[tokio::test(start_paused = true)]
async fn a_change_that_does_not_show() {
    // With a version to guard it, it is awaited; without one, somebody else took it back.
    let back = vec![Overwritten(&["a"]); 20];
    let (result, writes, ..) = run::<false>(Connect, &["a"], &back).await;
    assert_eq!((result, writes), (Err(ErrorKind::Unavailable), 1));
    let (result, writes, ..) = run::<true>(Connect, &["a"], &back).await;
    assert_eq!((result, writes), (Err(ErrorKind::Conflict), WRITES));
}
