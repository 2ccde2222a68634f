//! A clock that tests move by hand.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// The clock of a runtime of one thread standing still, until this is dropped.
#[derive(Debug)]
pub struct Frozen(#[expect(dead_code, reason = "it is dropped")] Sender<()>);

/// Has the clock of this runtime stand still but where [`passing`] moves it.
///
/// What waits for a socket has as long as the machine needs: no timer of tokio's runs out meanwhile,
/// as it does where the clock is only paused and moves on whenever nothing runs.
pub fn frozen() -> Frozen {
    tokio::time::pause();
    let (held, until) = channel::<()>();
    // A clock that is paused does not move while there is work that blocks.
    drop(tokio::task::spawn_blocking(move || until.recv()));
    Frozen(held)
}

impl Drop for Frozen {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}

/// Is never done, while time goes by, on a clock that is [`frozen`].
pub async fn passing<T>() -> T {
    loop {
        tokio::time::advance(Duration::from_millis(10)).await;
    }
}
