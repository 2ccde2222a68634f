//! Follows the changes of a table of orders.

#![allow(clippy::print_stdout, reason = "what a function prints is its log")]

#[cfg(test)]
mod tests;

use lambda_with_dynamodb::{DynamoDbEvent, Image};
use lambda_with_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
    total: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_with_runtime::run(service_fn(handler)).await
}

/// The first order that cannot be read fails the whole batch, as it does in many functions.
async fn handler(event: LambdaEvent<DynamoDbEvent>) -> Result<(), Error> {
    for record in &event.payload.records {
        let order: Option<Order> = record.dynamodb.new_image.decode()?;
        if let Some(Order { order_id, total }) = order {
            println!("order {order_id} is now {total:.2}");
        }
    }
    Ok(())
}
