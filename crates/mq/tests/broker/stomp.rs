//! Sending to the ActiveMQ broker.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends one message to each queue: headers as they stand in a frame, and a body.
pub(crate) async fn send(messages: &[(&str, &str, &[u8])]) {
    let mut stream = TcpStream::connect(("127.0.0.1", super::activemq()))
        .await
        .unwrap();
    let hello = b"CONNECT\naccept-version:1.2\nhost:/\nlogin:harbor\npasscode:s3cret\n\n\0";
    stream.write_all(hello).await.unwrap();
    for (queue, headers, body) in messages {
        let head = format!("SEND\ndestination:/queue/{queue}\n{headers}\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream.write_all(b"\0").await.unwrap();
    }
    stream
        .write_all(b"DISCONNECT\nreceipt:bye\n\n\0")
        .await
        .unwrap();
    let (mut answer, mut bytes) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&answer).contains("receipt-id:bye") {
        let read = stream.read(&mut bytes).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend(&bytes[..read]);
    }
}
