//! Entries that come one by one and go together.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lambda_with::{Error, ErrorKind};
use tokio::sync::oneshot;

/// The most entries of one call, and the most bytes of them.
const ENTRIES: usize = 10;
const BYTES: usize = 1024 * 1024;

/// How many calls are under way at once.
const AT_ONCE: usize = 2;

/// Puts entries into as few calls as can be without letting one wait while fewer than two calls are
/// under way: what comes meanwhile goes with the next.
pub(crate) struct Groups<T>(Arc<Shared<T>>);

/// What a call comes to, for each of its entries.
pub(crate) type Answers = Vec<Result<(), Error>>;

struct Shared<T> {
    state: Mutex<State<T>>,
    call: Call<T>,
}

type Call<T> = Box<dyn Fn(Vec<T>) -> Calling + Send + Sync>;
type Calling = Pin<Box<dyn Future<Output = Answers> + Send>>;

struct State<T> {
    entries: VecDeque<Entry<T>>,
    calls: usize,
}

struct Entry<T> {
    what: T,
    size: usize,
    answer: oneshot::Sender<Result<(), Error>>,
}

impl<T: Send + 'static> Groups<T> {
    pub(crate) fn new<F>(call: impl Fn(Vec<T>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Answers> + Send + 'static,
    {
        let state = State {
            entries: VecDeque::new(),
            calls: 0,
        };
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            call: Box::new(move |entries| Box::pin(call(entries))),
        }))
    }

    /// Sends an entry of so many bytes with the next call.
    pub(crate) async fn add(&self, what: T, size: usize) -> Result<(), Error> {
        let (answer, answered) = oneshot::channel();
        let is_next = {
            let mut state = self.0.state();
            state.entries.push_back(Entry { what, size, answer });
            let is_next = state.calls < AT_ONCE;
            state.calls += usize::from(is_next);
            is_next
        };
        if is_next {
            // In a task of its own, for others' entries are in it.
            tokio::spawn(Self::work(Arc::clone(&self.0)));
        }
        answered.await.unwrap_or_else(|_| {
            let message = "the call to the queue was given up";
            Err(Error::new(ErrorKind::Unavailable, message))
        })
    }

    async fn work(shared: Arc<Shared<T>>) {
        loop {
            let group = shared.state().next();
            if group.is_empty() {
                return;
            }
            let (entries, waiting): (Vec<_>, Vec<_>) = group
                .into_iter()
                .map(|entry| (entry.what, entry.answer))
                .unzip();
            let answers = (shared.call)(entries).await;
            for (waiting, answer) in waiting.into_iter().zip(answers) {
                // Fails when nobody waits for it any more.
                let _ = waiting.send(answer);
            }
        }
    }
}

impl<T> State<T> {
    /// The entries of the next call; without any, a call less is under way.
    fn next(&mut self) -> Vec<Entry<T>> {
        let mut bytes = 0;
        let fit = self.entries.iter().take(ENTRIES).take_while(|entry| {
            bytes += entry.size;
            bytes <= BYTES
        });
        let fit = fit.count().max(1).min(self.entries.len());
        self.calls -= usize::from(fit == 0);
        self.entries.drain(..fit).collect()
    }
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Groups<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Groups")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::JoinSet;

    use super::*;

    /// Adds entries of these sizes at once; gives the calls there were.
    async fn check(sizes: &[usize]) -> Vec<Vec<usize>> {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&calls);
        let groups = Arc::new(Groups::new(move |entries: Vec<usize>| {
            seen.lock().unwrap().push(entries.clone());
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                let odd = |size| match size % 2 {
                    0 => Ok(()),
                    _ => Err(Error::new(ErrorKind::Invalid, format!("{size} is odd"))),
                };
                entries.into_iter().map(odd).collect()
            }
        }));
        let mut adding = JoinSet::new();
        for size in sizes.iter().copied() {
            let groups = Arc::clone(&groups);
            adding.spawn(async move { (size, groups.add(size, size).await) });
            tokio::task::yield_now().await;
        }
        for (size, answer) in adding.join_all().await {
            assert_eq!(answer.is_ok(), size % 2 == 0, "{size}");
        }
        calls.lock().unwrap().clone()
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_during_a_call_goes_with_the_next() {
        assert_eq!(check(&[0]).await, [[0]], "nothing waits for company");
        let many: Vec<usize> = (0..25).collect();
        let calls = check(&many).await;
        let lengths: Vec<usize> = calls.iter().map(Vec::len).collect();
        assert_eq!(lengths, [1, 1, 10, 10, 3]);
        assert_eq!(calls.concat(), many, "each once, and in order");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_holds_a_megabyte() {
        let (large, whole) = (BYTES / 2, BYTES);
        let calls = check(&[2, 4, large, large, 6, whole, whole + 2]).await;
        let expected: [&[usize]; 6] = [&[2], &[4], &[large, large], &[6], &[whole], &[whole + 2]];
        assert_eq!(calls, expected);
    }
}
