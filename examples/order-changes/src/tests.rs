//! What Lambda does with a record the function cannot read: minutes there, milliseconds here.

use std::error::Error;
use std::time::Duration;

use lambda_with::rules::mapping::Mapping;
use lambda_with::rules::stream::Settings;
use lambda_with::{Function, Outcome};
use lambda_with_dynamodb::{DynamoDb, DynamoDbEvent, DynamoDbFailureRecord, DynamoDbRecord};
use lambda_with_local::{FunctionOptions, Local, Options, Run, ScriptedStream, What};
use lambda_with_runtime::LambdaEvent;
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_bad_record_is_found_given_up_and_reported() -> Result<(), Box<dyn Error>> {
    let function =
        Function::new("arn:aws:lambda:eu-west-1:123456789012:function:order-changes".parse()?)?;
    let (mapping, kind) = Mapping::of_connection(&connection()?, &function)?;
    let run = Run::typed(|event, _| crate::handler(LambdaEvent::new(event, Default::default())));
    let mut options = Options::in_memory();
    options.functions.push(FunctionOptions::new(function, run));
    let local = Local::start(options).await?;

    // Eight orders; the total of the sixth is missing.
    let table = ScriptedStream::new(["shard"]);
    for number in 1..=8 {
        table.put(
            "shard",
            [ScriptedStream::record_of(&order(number, number != 6)?)?],
        );
    }
    let function = local.handle().function("order-changes")?;
    function.stream("orders", table.clone(), Settings::of(&mapping, kind)?);
    tokio::time::sleep(Duration::from_secs(3600)).await;

    let history = local.handle().history();
    let mut done = Vec::new();
    let mut reports = Vec::new();
    for happening in &history {
        match &happening.what {
            What::Ran { payload, outcome } => {
                let event: DynamoDbEvent = lambda_with::decode(payload.clone())?;
                let numbers = event
                    .records
                    .iter()
                    .map(|record| record.dynamodb.sequence_number.to_string());
                let numbers: Vec<String> = numbers.collect();
                let went_well = matches!(outcome, Outcome::Success { .. });
                println!(
                    "{} {numbers:?} {}",
                    happening.at,
                    if went_well { "done" } else { "failed" }
                );
                done.extend(numbers.into_iter().filter(|_| went_well));
            }
            What::Sent { to: Some(to), body } => {
                println!("{} reported to {to}", happening.at);
                reports.push(lambda_with::decode::<DynamoDbFailureRecord>(body.clone())?);
            }
            _ => {}
        }
    }
    assert_eq!(done, ["1", "2", "3", "4", "5", "7", "8"]);
    assert_eq!(reports.len(), 1);
    let (request, batch) = (&reports[0].request_context, &reports[0].batch_info);
    assert_eq!(request.condition.as_str(), "RetryAttemptsExhausted");
    assert_eq!(
        (batch.batch_size, batch.start_sequence_number.as_str()),
        (1, "6")
    );
    assert_eq!(table.checkpoints()["shard"], "8");
    Ok(())
}

/// The connection as it stands in the file that is checked, exported and deployed.
fn connection() -> Result<DynamoDb, Box<dyn Error>> {
    let mut file: toml::Table = toml::from_str(include_str!("../lambda-with.toml"))?;
    let connection = &mut file["functions"]["order-changes"]["with"][0];
    let connection = connection.as_table_mut().ok_or("no connection")?;
    connection.remove("service");
    Ok(connection.clone().try_into()?)
}

fn order(number: u32, is_whole: bool) -> Result<DynamoDbRecord, lambda_with::Error> {
    let id = json!({ "S": format!("A-{number}") });
    let mut image = json!({ "orderId": id, "total": { "N": "12.50" } });
    if !is_whole {
        image = json!({ "orderId": id });
    }
    let record = json!({
        "eventID": format!("change-{number}"),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_772_447_731,
            "Keys": { "orderId": id },
            "NewImage": image,
            "SequenceNumber": number.to_string(),
            "SizeBytes": 82,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-03-02T10:00:00.123",
    });
    lambda_with::decode(record.to_string())
}
