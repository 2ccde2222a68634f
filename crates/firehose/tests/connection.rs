//! What follows from a transformation: its role, its infrastructure, its form in a file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::expect;
use lambda_with::policy::Policy;
use lambda_with::{CallerRole, Function, Integration, Permission, Statement};
use lambda_with_firehose::Firehose;
use lambda_with_testing::{check, definitions, delivered};

fn function(arn: &str) -> Function {
    Function::new(arn.parse().unwrap()).unwrap()
}

fn clean() -> Function {
    function("arn:aws:lambda:eu-west-1:123456789012:function:clean")
}

fn connection(toml: &str) -> Firehose {
    toml::from_str(toml).unwrap()
}

const CLICKS: &str = r#"
    stream = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks"
"#;

const PARTITIONED: &str = r#"
    stream = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/clicks"
    bucket = "harbor-clicks"
    source = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
    buffer_size = 0.5
    buffer_interval = 30
    dynamic_partitioning = true
    prefix = "page=!{partitionKeyFromLambda:page}/"
    error_prefix = "failed/"
"#;

fn role(firehose: &Firehose, function: &Function) -> Policy {
    let permissions = firehose.permissions(function);
    let Permission::CallerRole(CallerRole { trusts, allows, .. }) = &permissions[0] else {
        panic!("{permissions:?}")
    };
    assert_eq!(trusts, "firehose.amazonaws.com");
    Policy::of_role(allows)
}

#[test]
fn the_role_invokes_the_function_and_reads_its_configuration() {
    check(
        &role(&connection(CLICKS), &clean()),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "lambda:GetFunctionConfiguration",
                "lambda:InvokeFunction"
              ],
              "Resource": [
                "arn:aws:lambda:eu-west-1:123456789012:function:clean",
                "arn:aws:lambda:eu-west-1:123456789012:function:clean:*"
              ]
            }
          ]
        }"#]],
    );
    let live = function("arn:aws:lambda:eu-west-1:123456789012:function:clean:live");
    let permissions = connection(CLICKS).permissions(&live);
    let [Permission::CallerRole(CallerRole { allows, .. })] = permissions.as_slice() else {
        panic!("{permissions:?}")
    };
    assert_eq!(allows[0].resources, [live.arn.to_string()]);
}

#[test]
fn the_role_of_a_whole_stream_delivers_too() {
    check(
        &role(&connection(PARTITIONED), &clean()),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "lambda:GetFunctionConfiguration",
                "lambda:InvokeFunction"
              ],
              "Resource": [
                "arn:aws:lambda:eu-west-1:123456789012:function:clean",
                "arn:aws:lambda:eu-west-1:123456789012:function:clean:*"
              ]
            },
            {
              "Effect": "Allow",
              "Action": [
                "s3:AbortMultipartUpload",
                "s3:GetBucketLocation",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:ListBucketMultipartUploads",
                "s3:PutObject"
              ],
              "Resource": [
                "arn:aws:s3:::harbor-clicks",
                "arn:aws:s3:::harbor-clicks/*"
              ]
            },
            {
              "Effect": "Allow",
              "Action": [
                "kinesis:DescribeStream",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards"
              ],
              "Resource": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
            }
          ]
        }"#]],
    );
}

#[test]
fn a_function_of_another_account_lets_the_role_in() {
    let function = function("arn:aws:lambda:eu-west-1:210987654321:function:clean");
    let firehose = Firehose {
        role: Some("arn:aws:iam::123456789012:role/firehose".parse().unwrap()),
        ..connection(PARTITIONED)
    };
    let statements: Vec<Statement> = firehose
        .permissions(&function)
        .into_iter()
        .filter_map(|permission| match permission {
            Permission::ResourceBased(statement) => Some(statement),
            _ => None,
        })
        .collect();
    check(
        &Policy::of_function(&function.arn, &statements),
        &expect![[r#"
        {
          "Version": "2012-10-17",
          "Id": "default",
          "Statement": [
            {
              "Sid": "firehose-clicks-9dac10da",
              "Effect": "Allow",
              "Principal": {
                "AWS": "arn:aws:iam::123456789012:role/firehose"
              },
              "Action": "lambda:InvokeFunction",
              "Resource": "arn:aws:lambda:eu-west-1:210987654321:function:clean"
            },
            {
              "Sid": "firehose-clicks-9dac10da-configuration",
              "Effect": "Allow",
              "Principal": {
                "AWS": "arn:aws:iam::123456789012:role/firehose"
              },
              "Action": "lambda:GetFunctionConfiguration",
              "Resource": "arn:aws:lambda:eu-west-1:210987654321:function:clean"
            }
          ]
        }"#]],
    );
    assert_eq!(firehose.resources(&function), []);
    assert_eq!(
        connection(CLICKS).permissions(&function).len(),
        1,
        "no role is known"
    );
}

#[test]
fn the_stream() {
    check(
        &connection(PARTITIONED).resources(&clean()),
        &expect![[r#"
            [
              {
                "id": "FirehoseClicks9dac10daStream",
                "Type": "AWS::KinesisFirehose::DeliveryStream",
                "properties": {
                  "DeliveryStreamName": "clicks",
                  "DeliveryStreamType": "KinesisStreamAsSource",
                  "ExtendedS3DestinationConfiguration": {
                    "BucketARN": "arn:aws:s3:::harbor-clicks",
                    "BufferingHints": {
                      "IntervalInSeconds": 300,
                      "SizeInMBs": 64
                    },
                    "DynamicPartitioningConfiguration": {
                      "Enabled": true
                    },
                    "ErrorOutputPrefix": "failed/",
                    "Prefix": "page=!{partitionKeyFromLambda:page}/",
                    "ProcessingConfiguration": {
                      "Enabled": true,
                      "Processors": [
                        {
                          "Parameters": [
                            {
                              "ParameterName": "LambdaArn",
                              "ParameterValue": "${Function}:$LATEST"
                            },
                            {
                              "ParameterName": "NumberOfRetries",
                              "ParameterValue": "3"
                            },
                            {
                              "ParameterName": "BufferSizeInMBs",
                              "ParameterValue": "0.5"
                            },
                            {
                              "ParameterName": "BufferIntervalInSeconds",
                              "ParameterValue": "30"
                            }
                          ],
                          "Type": "Lambda"
                        }
                      ]
                    },
                    "RoleARN": "${FirehoseClicks9dac10daRole.Arn}"
                  },
                  "KinesisStreamSourceConfiguration": {
                    "KinesisStreamARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks",
                    "RoleARN": "${FirehoseClicks9dac10daRole.Arn}"
                  }
                },
                "depends_on": []
              }
            ]"#]],
    );
    assert_eq!(connection(CLICKS).resources(&clean()), []);
}

#[test]
fn a_definition_is_read_and_written_back() {
    let clicks = connection(CLICKS);
    assert_eq!((clicks.retries, clicks.buffer_size), (3, None));
    definitions::<Firehose>(
        &[CLICKS, PARTITIONED],
        &[
            ("bucket = 'b'", "missing field `stream`"),
            ("stream = 'clicks'", "not an ARN"),
            (&format!("{CLICKS}buffer = 3"), "unknown field `buffer`"),
        ],
    );
}

#[test]
fn records_of_the_stream() {
    let stream = "arn:aws:firehose:us-west-2:210987654321:deliverystream/tides";
    let tides = Firehose::new(stream.parse().unwrap());
    let event = delivered(tides.example(&clean()));
    assert_eq!(event["deliveryStreamArn"], stream);
    assert_eq!(event["region"], "us-west-2");
    assert_eq!(event.get("sourceKinesisStreamArn"), None);

    let source = "arn:aws:kinesis:us-west-2:210987654321:stream/gauges";
    let read = Firehose {
        source: Some(source.parse().unwrap()),
        retries: 5,
        ..tides
    };
    let event = delivered(read.example(&clean()));
    assert_eq!(event["sourceKinesisStreamArn"], source);
    let patience = read.patience();
    assert_eq!((patience.attempts, patience.errors), (6, false));
}
