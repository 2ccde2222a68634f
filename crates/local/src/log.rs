//! What a function's log holds: its own output, and the platform's lines around each invocation.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Receives every log line as it is written; must not block.
pub type LogSink = Arc<dyn Fn(&LogLine<'_>) + Send + Sync>;

/// Who wrote a log line.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LogKind {
    /// The platform: `START`, `END`, `REPORT`, `INIT_REPORT`, `EXTENSION`, and why a process ended.
    Platform,
    /// The function or an extension of it, on its standard output or standard error.
    Function,
}

/// One line of a function's log, without its line end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LogLine<'a> {
    /// The function's name.
    pub function: &'a str,
    /// Who wrote it.
    pub kind: LogKind,
    /// The text.
    pub text: &'a str,
}

/// Where log lines go.
#[derive(Clone, Default)]
pub(crate) struct Log(Option<LogSink>);

impl Log {
    pub(crate) fn new(sink: Option<LogSink>) -> Self {
        Self(sink)
    }

    /// Whether anybody reads along, so that lines nobody wants are not even put together.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_some() || tracing::enabled!(tracing::Level::DEBUG)
    }

    pub(crate) fn write(&self, function: &str, kind: LogKind, text: &str) {
        match &self.0 {
            Some(sink) => sink(&LogLine {
                function,
                kind,
                text,
            }),
            None => tracing::debug!(function, ?kind, "{text}"),
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&self.0.is_some()).finish()
    }
}

/// The figures of one `REPORT` line.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) duration: Duration,
    pub(crate) memory: u32,
    pub(crate) used: Option<u64>,
    pub(crate) init: Option<Duration>,
    pub(crate) status: Option<&'a str>,
}

impl Report<'_> {
    /// The milliseconds that would be billed.
    pub(crate) fn billed(&self) -> u64 {
        let millis = self.duration.as_micros().div_ceil(1000).max(1);
        u64::try_from(millis).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let billed = self.billed();
        write!(
            f,
            "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {billed} ms\tMemory Size: {} MB\t",
            self.request_id,
            millis(self.duration),
            self.memory
        )?;
        if let Some(used) = self.used {
            write!(f, "Max Memory Used: {used} MB\t")?;
        }
        if let Some(init) = self.init {
            write!(f, "Init Duration: {:.2} ms\t", millis(init))?;
        }
        match self.status {
            Some(status) => write!(f, "Status: {status}\t"),
            None => Ok(()),
        }
    }
}

/// The figures of one `INIT_REPORT` line, which only a failed initialization has.
#[derive(Debug)]
pub(crate) struct InitReport<'a> {
    pub(crate) duration: Duration,
    pub(crate) phase: &'static str,
    pub(crate) status: &'a str,
}

impl fmt::Display for InitReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "INIT_REPORT Init Duration: {:.2} ms\tPhase: {}\tStatus: {}\t",
            self.duration.as_secs_f64() * 1000.0,
            self.phase,
            self.status
        )
    }
}

/// The end of a log, kept within the 4 KB that come back with an answer.
#[derive(Debug, Default)]
pub(crate) struct Tail(String);

impl Tail {
    const MAX: usize = 4096;

    pub(crate) fn push(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
        if self.0.len() > 2 * Self::MAX {
            self.cut();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn take(&mut self) -> String {
        self.cut();
        std::mem::take(&mut self.0)
    }

    fn cut(&mut self) {
        let mut from = self.0.len().saturating_sub(Self::MAX);
        while !self.0.is_char_boundary(from) {
            from += 1;
        }
        self.0.drain(..from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_lines() {
        fn check(
            duration: u64,
            used: Option<u64>,
            init: Option<u64>,
            status: Option<&str>,
            text: &str,
        ) {
            let report = Report {
                request_id: "r",
                duration: Duration::from_micros(duration),
                memory: 128,
                used,
                init: init.map(Duration::from_micros),
                status,
            };
            assert_eq!(report.to_string(), text);
        }
        check(
            3_010,
            Some(36),
            None,
            None,
            "REPORT RequestId: r\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t",
        );
        check(
            2_900,
            None,
            Some(84_200),
            None,
            "REPORT RequestId: r\tDuration: 2.90 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tInit Duration: 84.20 ms\t",
        );
        check(
            1_000_000,
            None,
            None,
            Some("timeout"),
            "REPORT RequestId: r\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\tStatus: timeout\t",
        );
    }

    #[test]
    fn a_tail_is_the_last_four_kilobytes_whole_characters() {
        for (line, times) in [("x", 1), ("ä", 3_000), ("a longer line of text", 1_000)] {
            let mut tail = Tail::default();
            let mut all = String::new();
            for _ in 0..times {
                tail.push(line);
                all.push_str(line);
                all.push('\n');
            }
            let end = tail.take();
            assert!(all.ends_with(&end) && end.len() <= Tail::MAX, "{line}");
            assert!(
                end.len() + 4 > all.len().min(Tail::MAX),
                "{line}: {}",
                end.len()
            );
        }
    }
}
