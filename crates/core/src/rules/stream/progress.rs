//! Which records of a shard are done with.

use std::collections::VecDeque;

use crate::Position;

/// Records read of one shard, in order, up to which all are done with.
#[derive(Clone, Debug)]
pub(super) struct Progress {
    /// Where to read on after a restart: all before it is done with.
    pub(super) resume: Position,
    /// Where to read on now.
    pub(super) next: Position,
    /// Whether there is nothing left to read.
    pub(super) ended: bool,
    entries: VecDeque<Entry>,
    /// The number of the first entry.
    first: u64,
}

/// A record, or the end of what one read gave.
#[derive(Clone, Debug)]
struct Entry {
    /// Where to read on when this and all before are done with.
    then: Position,
    done: bool,
}

impl Progress {
    pub(super) fn new(position: Position, ended: bool) -> Self {
        Self {
            resume: position.clone(),
            next: position,
            ended,
            entries: VecDeque::new(),
            first: 0,
        }
    }

    /// Takes note of a record; the number names it from here on.
    pub(super) fn add(&mut self, id: &str, done: bool) -> u64 {
        self.entries.push_back(Entry {
            then: Position::After(id.to_owned()),
            done,
        });
        let number = self.first + self.entries.len() as u64 - 1;
        self.pass();
        number
    }

    /// Takes note of the end of what a read gave.
    pub(super) fn read(&mut self, next: Position, ended: bool) {
        self.next = next.clone();
        self.ended = ended;
        match self.entries.back_mut() {
            None => self.resume = next,
            Some(entry) if entry.done => entry.then = next,
            Some(_) => self.entries.push_back(Entry {
                then: next,
                done: true,
            }),
        }
    }

    /// Takes note that a record is done with.
    pub(super) fn done(&mut self, number: u64) {
        let index = number.checked_sub(self.first).map(usize::try_from);
        if let Some(Ok(index)) = index
            && let Some(entry) = self.entries.get_mut(index)
        {
            entry.done = true;
        }
        self.pass();
    }

    /// Whether everything read is done with.
    pub(super) fn is_idle(&self) -> bool {
        self.entries.is_empty()
    }

    fn pass(&mut self) {
        while let Some(entry) = self.entries.pop_front_if(|entry| entry.done) {
            self.resume = entry.then;
            self.first += 1;
        }
    }
}
