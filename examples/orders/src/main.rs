//! Order intake: one function with a queue, an HTTP API and a bucket.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a function prints is its log"
)]

use std::sync::Mutex;

use lambda_with::batch::Batch;
use lambda_with::{Json, Payload};
use lambda_with_api_gateway::{HttpApiRequest, HttpApiResponse};
use lambda_with_runtime::{Error, LambdaEvent, service_fn};
use lambda_with_s3::S3Event;
use lambda_with_sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
    total: f64,
}

/// Where a real function would use a database.
static ORDERS: Mutex<Vec<Order>> = Mutex::new(Vec::new());

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_with_runtime::run(service_fn(handler)).await
}

async fn handler(event: LambdaEvent<Payload>) -> Result<Json, Error> {
    if std::env::var("ORDERS_FAIL").is_ok_and(|fail| fail == "1") {
        return Err("told to fail by ORDERS_FAIL".into());
    }
    let event = event.payload;
    if event.is::<SqsEvent>() {
        let batch: SqsEvent = event.decode()?;
        let report = Batch::default().run(&batch.records, from_queue).await;
        for failure in &report.failures {
            eprintln!("{failure}");
        }
        Ok(Json::encode::<SqsBatchResponse>(&report.response())?)
    } else if event.is::<HttpApiRequest>() {
        Ok(Json::encode(&over_http(&event.decode()?)?)?)
    } else {
        from_bucket(&event.decode()?)?;
        Ok(Json::default())
    }
}

/// A message that fails comes again; the others of its batch are done.
async fn from_queue(message: &SqsMessage) -> Result<(), Error> {
    Ok(accept(message.body.decode()?)?)
}

fn over_http(request: &HttpApiRequest) -> Result<HttpApiResponse, lambda_with::Error> {
    if request.request_context.http.method.as_str() == "GET" {
        let orders = ORDERS
            .lock()
            .map(|orders| orders.clone())
            .unwrap_or_default();
        return HttpApiResponse::json(200, &orders);
    }
    match request.body_json::<Order>() {
        Err(error) => HttpApiResponse::text(400, error.to_string()),
        Ok(order) => match accept(order.clone()) {
            Ok(()) => HttpApiResponse::json(201, &order),
            Err(reason) => HttpApiResponse::text(422, reason),
        },
    }
}

/// Keys arrive encoded as in HTML forms; `decoded_key` gives the name the object really has.
fn from_bucket(event: &S3Event) -> Result<(), Error> {
    for record in &event.records {
        println!(
            "file s3://{}/{}",
            record.s3.bucket.name,
            record.s3.object.decoded_key()?
        );
    }
    Ok(())
}

fn accept(order: Order) -> Result<(), String> {
    if order.total <= 0.0 {
        return Err(format!(
            "order {} has a total of {}",
            order.order_id, order.total
        ));
    }
    println!("accepted order {} over {:.2}", order.order_id, order.total);
    if let Ok(mut orders) = ORDERS.lock() {
        orders.push(order);
    }
    Ok(())
}
