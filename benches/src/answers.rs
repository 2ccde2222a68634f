//! Writing answers, from the bytes a function has made to the JSON that goes to Lambda.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use aws_lambda_events::encodings::Body;
use aws_lambda_events::{apigw, firehose};
use lambda_with_api_gateway::HttpApiResponse;
use lambda_with_firehose::{Answers, FirehoseEvent, Output};
use serde::Serialize;

use crate::decode::warm_allocator;
use crate::payloads;
use crate::table::{Table, mean, median};

/// How often each way has its turn.
const ROUNDS: usize = 31;

/// How long a turn lasts, about.
const TURN: Duration = Duration::from_millis(8);

/// An answer, as it is written today and by us; both return the JSON.
struct Answer {
    name: &'static str,
    today: Box<dyn Fn() -> Vec<u8>>,
    ours: Box<dyn Fn() -> Vec<u8>>,
}

/// Prints the times of both ways, measured in turns, and their ratio.
pub(crate) fn run(json: bool) -> Result<()> {
    warm_allocator();
    let mut table = Table::new(&["bytes", "today µs", "ours µs", "today ÷ ours"]);
    let mut ratios = Vec::new();
    for answer in [
        firehose()?,
        binary(15 * 1024 * 1024 / 4),
        text(1024),
        text(30),
    ] {
        let ways = [&answer.today, &answer.ours];
        let mut samples = [const { Vec::new() }; 2];
        for _ in 0..ROUNDS {
            for (way, samples) in ways.iter().zip(&mut samples) {
                samples.push(timed(way));
            }
        }
        let [today, ours] = samples.map(|mut samples| median(&mut samples) / 1000.0);
        ratios.push(today / ours);
        let bytes = (answer.ours)().len() as f64;
        table.row(answer.name, vec![bytes, today, ours, today / ours]);
    }
    let none = f64::NAN;
    table.row("geometric mean", vec![none, none, none, mean(ratios)]);
    if !json {
        println!("time of one answer in microseconds, median of {ROUNDS} turns");
    }
    table.print(json);
    Ok(())
}

/// Nanoseconds of one answer.
fn timed(write: &dyn Fn() -> Vec<u8>) -> f64 {
    let start = Instant::now();
    let mut times = 0;
    while times == 0 || start.elapsed() < TURN {
        black_box(write());
        times += 1;
    }
    start.elapsed().as_nanos() as f64 / f64::from(times)
}

/// A batch of Firehose's with every record given back under its id.
fn firehose() -> Result<Answer> {
    let payload = payloads::find("firehose-500x1k").context("there is no such payload")?;
    let event: FirehoseEvent = lambda_with::decode(payload.json())?;
    let records = event.records.iter().map(|record| {
        let id = record.record_id.as_str().to_owned();
        Ok((id, record.bytes()?))
    });
    let records = records.collect::<Result<Vec<(String, Vec<u8>)>>>()?;
    let same = records.clone();
    Ok(Answer {
        name: "firehose-500x1k",
        today: Box::new(move || {
            let record = |(id, bytes): &(String, Vec<u8>)| {
                let mut record = firehose::KinesisFirehoseResponseRecord::default();
                record.record_id = Some(id.clone());
                record.result = Some("Ok".to_owned());
                record.data.0 = bytes.clone();
                record
            };
            let mut response = firehose::KinesisFirehoseResponse::default();
            response.records = records.iter().map(record).collect();
            json(&response)
        }),
        ours: Box::new(move || {
            let mut answers = Answers::new(&event);
            for (id, bytes) in &same {
                checked(answers.add(id, Output::new(bytes)));
            }
            json(&checked(answers.finish()))
        }),
    })
}

/// A file through an HTTP API.
fn binary(size: usize) -> Answer {
    let bytes: Vec<u8> = (0..size).map(|index| (index * 31 % 251) as u8).collect();
    let same = bytes.clone();
    Answer {
        name: "http-api-5m-base64",
        today: Box::new(move || {
            let mut response = apigw::ApiGatewayV2httpResponse::default();
            response.status_code = 200;
            response.body = Some(Body::Binary(bytes.clone()));
            response.is_base64_encoded = true;
            json(&response)
        }),
        ours: Box::new(move || json(&checked(HttpApiResponse::binary(200, "image/jpeg", &same)))),
    }
}

/// A page through an HTTP API.
fn text(size: usize) -> Answer {
    let page = "The tide is in at noon. ".repeat(size.div_ceil(24));
    let same = page.clone();
    Answer {
        name: if size < 100 {
            "http-api-30"
        } else {
            "http-api-1k"
        },
        today: Box::new(move || {
            let mut response = apigw::ApiGatewayV2httpResponse::default();
            response.status_code = 200;
            response.headers.insert(
                "content-type",
                "text/plain; charset=utf-8"
                    .parse()
                    .unwrap_or_else(|_| unreachable!()),
            );
            response.body = Some(Body::Text(page.clone()));
            json(&response)
        }),
        ours: Box::new(move || json(&checked(HttpApiResponse::text(200, same.clone())))),
    }
}

fn json(answer: &impl Serialize) -> Vec<u8> {
    checked(serde_json::to_vec(answer))
}

/// An answer that cannot be written would be measured wrongly.
fn checked<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the answer cannot be written: {error}"),
    }
}
