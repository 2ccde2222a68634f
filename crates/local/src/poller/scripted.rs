//! Sources for tests: what they hold and when is up to the test.

mod queue;
mod stream;

pub use self::queue::ScriptedSource;
pub use self::stream::ScriptedStream;
