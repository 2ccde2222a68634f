//! A function without dependencies: it speaks the Runtime API by itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

fn main() {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    loop {
        let (id, event) = call(&api, "GET /2018-06-01/runtime/invocation/next", "");
        println!("got {} bytes", event.len());
        let slow = event.contains(".slow\"");
        let (result, answer) = if event.contains(".fail\"") {
            println!("about to fail");
            ("error", r#"{"errorType":"Echo.Told","errorMessage":"as told"}"#.to_owned())
        } else {
            ("response", event)
        };
        if slow {
            std::thread::sleep(std::time::Duration::from_secs(3));
        }
        call(&api, &format!("POST /2018-06-01/runtime/invocation/{id}/{result}"), &answer);
    }
}

/// The request id and the body of the answer.
fn call(api: &str, request: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(api).unwrap();
    let length = body.len();
    write!(stream, "{request} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    let mut reader = BufReader::new(stream);
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("lambda-runtime-aws-request-id") => {
                id = value.to_owned();
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap();
            }
            Some(_) => {}
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (id, String::from_utf8(body).unwrap())
}
