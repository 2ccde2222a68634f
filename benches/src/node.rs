//! Node's `JSON.parse`, timed inside Node.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use bytes::Bytes;

// Reads the payload's length and the payload, then for every line "N" parses it N times and answers
// with the nanoseconds that took. Like a Lambda runtime it starts from bytes, not from a string; log
// lines are unpacked as every function does that wants them.
const SCRIPT: &str = r"
const fs = require('fs');
const zlib = require('zlib');
const json = fs.readFileSync(process.argv[1]);
const parse = bytes => {
  const event = JSON.parse(bytes.toString('utf8'));
  if (!event.awslogs) return event;
  return JSON.parse(zlib.gunzipSync(Buffer.from(event.awslogs.data, 'base64')).toString('utf8'));
};
let kept;
require('readline').createInterface({input: process.stdin}).on('line', line => {
  const times = Number(line);
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) kept = parse(json);
  console.log(String(process.hrtime.bigint() - start));
});";

/// A Node process that holds one payload.
pub(crate) struct Node {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    file: std::path::PathBuf,
}

impl Node {
    /// `None` when there is no Node on this machine.
    pub(crate) fn start(name: &str, json: &Bytes) -> Result<Option<Self>> {
        let file = std::env::temp_dir().join(format!("benches-{}-{name}.json", std::process::id()));
        std::fs::write(&file, json).context("cannot write the payload for Node")?;
        let child = Command::new("node")
            .args(["-e", SCRIPT])
            .arg(&file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = child else {
            let _ = std::fs::remove_file(&file);
            return Ok(None);
        };
        let input = child.stdin.take().context("Node has no standard input")?;
        let output = BufReader::new(child.stdout.take().context("Node has no standard output")?);
        Ok(Some(Self {
            child,
            input,
            output,
            file,
        }))
    }

    /// Nanoseconds of one parse, the mean over `times`.
    pub(crate) fn parse(&mut self, times: u32) -> Result<f64> {
        writeln!(self.input, "{times}").context("Node has gone")?;
        let mut line = String::new();
        self.output.read_line(&mut line).context("Node has gone")?;
        let nanos: f64 = line
            .trim()
            .parse()
            .with_context(|| format!("Node answered `{line}`"))?;
        Ok(nanos / f64::from(times))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.file);
    }
}
