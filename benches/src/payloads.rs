//! The events that are read: made here, the same in every run, of the sizes real ones have.

mod batches;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::variants::{self, Variant};

/// One event and the ways of reading it.
pub(crate) struct Payload {
    pub(crate) name: &'static str,
    #[cfg_attr(
        not(feature = "allocations"),
        expect(dead_code, reason = "a divisor for counts")
    )]
    pub(crate) records: usize,
    pub(crate) variants: &'static [Variant],
    make: fn() -> Value,
}

impl Payload {
    /// The event.
    pub(crate) fn json(&self) -> Bytes {
        (self.make)().to_string().into()
    }
}

/// All of them.
pub(crate) const ALL: &[Payload] = &[
    Payload {
        name: "s3-1",
        records: 1,
        variants: variants::S3,
        make: s3,
    },
    Payload {
        name: "sqs-10x1k",
        records: 10,
        variants: variants::SQS,
        make: || sqs(10, 1024, json_body),
    },
    Payload {
        name: "sqs-10x100k",
        records: 10,
        variants: variants::SQS,
        make: || sqs(10, 100 * 1024, json_body),
    },
    Payload {
        name: "sqs-1000x256",
        records: 1000,
        variants: variants::SQS,
        make: || sqs(1000, 256, json_body),
    },
    Payload {
        name: "sqs-1000x256-text",
        records: 1000,
        variants: variants::SQS,
        make: || sqs(1000, 256, plain_body),
    },
    Payload {
        name: "http-api-1k",
        records: 1,
        variants: variants::HTTP_API,
        make: || http_api(&json_body(0, 1024), false),
    },
    Payload {
        name: "http-api-5m-base64",
        records: 1,
        variants: variants::HTTP_API,
        make: || http_api(&base64_body(5 * 1024 * 1024), true),
    },
    Payload {
        name: "rest-api-1k",
        records: 1,
        variants: variants::REST_API,
        make: || rest_api(&json_body(0, 1024)),
    },
    Payload {
        name: "kinesis-100x1k",
        records: 100,
        variants: variants::KINESIS,
        make: || batches::kinesis(100, 1024),
    },
    Payload {
        name: "kinesis-10000x64",
        records: 10000,
        variants: variants::KINESIS,
        make: || batches::kinesis(10_000, 64),
    },
    Payload {
        name: "dynamodb-100",
        records: 100,
        variants: variants::DYNAMODB,
        make: || batches::dynamodb(100),
    },
    Payload {
        name: "kafka-500x1k",
        records: 500,
        variants: variants::KAFKA,
        make: || batches::kafka(500, 1024),
    },
    Payload {
        name: "firehose-500x1k",
        records: 500,
        variants: variants::FIREHOSE,
        make: || batches::firehose(500, 1024),
    },
    Payload {
        name: "logs-1000",
        records: 1000,
        variants: variants::LOGS,
        make: || batches::logs(1000),
    },
    Payload {
        name: "sns-1",
        records: 1,
        variants: variants::SNS,
        make: || batches::sample(&lambda_with_sns::SERVICE, "s3-put"),
    },
    Payload {
        name: "eventbridge-1",
        records: 1,
        variants: variants::EVENTBRIDGE,
        make: || batches::sample(&lambda_with_eventbridge::SERVICE, "cloudwatch-alarm"),
    },
    Payload {
        name: "cognito-pre-sign-up",
        records: 1,
        variants: variants::PRE_SIGN_UP,
        make: || batches::sample(&lambda_with_cognito::SERVICE, "pre-sign-up"),
    },
    Payload {
        name: "alb-multi-value",
        records: 1,
        variants: variants::ALB,
        make: || batches::sample(&lambda_with_alb::SERVICE, "multi-value"),
    },
];

/// The one of this name.
pub(crate) fn find(name: &str) -> Option<&'static Payload> {
    ALL.iter().find(|payload| payload.name == name)
}

/// Numbers that look random and are the same in every run.
struct Digits(u64);

impl Digits {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn hex(&mut self, length: usize) -> String {
        let mut text = String::new();
        while text.len() < length {
            text.push_str(&format!("{:08x}", self.next()));
        }
        text.truncate(length);
        text
    }
}

/// An order as JSON text of about `size` bytes.
fn json_body(seed: usize, size: usize) -> String {
    let mut digits = Digits(seed as u64);
    let mut body = format!(
        r#"{{"order":"{}","customer":"{}","lines":["#,
        digits.hex(12),
        digits.hex(16)
    );
    while body.len() + 2 < size {
        let line = format!(
            r#"{{"sku":"{}","name":"Lamp, brass, {} cm","quantity":{},"price":"{}.90"}},"#,
            digits.hex(10),
            digits.next() % 90 + 10,
            digits.next() % 9 + 1,
            digits.next() % 200,
        );
        body.push_str(&line);
    }
    body.truncate(body.len() - 1);
    body + "]}"
}

fn plain_body(seed: usize, size: usize) -> String {
    Digits(seed as u64).hex(size)
}

fn base64_body(size: usize) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut digits = Digits(7);
    (0..size)
        .map(|_| char::from(ALPHABET[digits.next() as usize % ALPHABET.len()]))
        .collect()
}

fn s3() -> Value {
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-03-02T10:15:30.123Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDAJDPLRKLG7UEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "203.0.113.5"},
        "responseElements": {
            "x-amz-request-id": "C3D13FE58DE4C810",
            "x-amz-id-2": "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD"
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "thumbnails",
            "bucket": {
                "name": "harbour-uploads",
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": "arn:aws:s3:::harbour-uploads"
            },
            "object": {
                "key": "images/2026/03/lighthouse+at+dusk.jpg",
                "size": 184_320,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": "0055AED6DCD90281E5"
            }
        }
    }]})
}

fn sqs(records: usize, size: usize, body: fn(usize, usize) -> String) -> Value {
    let record = |index: usize| {
        let mut digits = Digits(index as u64 + 1000);
        json!({
            "messageId": format!("{}-{}-4{}-8{}-{}", digits.hex(8), digits.hex(4), digits.hex(3), digits.hex(3), digits.hex(12)),
            "receiptHandle": format!("AQEB{}/{}==", digits.hex(80), digits.hex(80)),
            "body": body(index, size),
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": format!("17724465301{:02}", index % 100),
                "SenderId": "AROAIWPX5BD2BHG722MW4:order-desk",
                "ApproximateFirstReceiveTimestamp": format!("17724465308{:02}", index % 100)
            },
            "messageAttributes": {},
            "md5OfBody": digits.hex(32),
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders",
            "awsRegion": "eu-west-1"
        })
    };
    json!({"Records": (0..records).map(record).collect::<Vec<_>>()})
}

fn http_api(body: &str, base64: bool) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /orders/{id}",
        "rawPath": "/orders/4711",
        "rawQueryString": "expand=lines&lang=en",
        "cookies": ["session=5f3a9c0d7e2b4a61", "theme=dark"],
        "headers": {
            "accept": "application/json, text/plain, */*",
            "accept-encoding": "gzip, deflate, br",
            "accept-language": "en-GB,en;q=0.9",
            "authorization": "Bearer 0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071",
            "content-length": "1024",
            "content-type": "application/json",
            "host": "q1w2e3r4t5.execute-api.eu-west-1.amazonaws.com",
            "origin": "https://shop.example.com",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "x-amzn-trace-id": "Root=1-69a56042-5e1b4d4a2c9f7e6a3b8d1c0f",
            "x-forwarded-for": "203.0.113.10",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https"
        },
        "queryStringParameters": {"expand": "lines", "lang": "en"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "q1w2e3r4t5",
            "domainName": "q1w2e3r4t5.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "q1w2e3r4t5",
            "http": {
                "method": "POST",
                "path": "/orders/4711",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.10",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /orders/{id}",
            "stage": "$default",
            "time": "02/Mar/2026:10:15:30 +0000",
            "timeEpoch": 1_772_446_530_123_i64
        },
        "body": body,
        "pathParameters": {"id": "4711"},
        "isBase64Encoded": base64
    })
}

fn rest_api(body: &str) -> Value {
    let headers = [
        ("Accept", "application/json, text/plain, */*"),
        ("Accept-Encoding", "gzip, deflate, br"),
        (
            "Authorization",
            "Bearer 0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071",
        ),
        ("Content-Type", "application/json"),
        ("Host", "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"),
        (
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        ),
        (
            "X-Amzn-Trace-Id",
            "Root=1-69a56042-5e1b4d4a2c9f7e6a3b8d1c0f",
        ),
        ("X-Forwarded-For", "203.0.113.10, 130.176.1.20"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ];
    let one: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let many: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!([value])))
        .collect();
    json!({
        "resource": "/orders/{id}",
        "path": "/orders/4711",
        "httpMethod": "POST",
        "headers": one,
        "multiValueHeaders": many,
        "queryStringParameters": {"expand": "lines"},
        "multiValueQueryStringParameters": {"expand": ["lines"]},
        "pathParameters": {"id": "4711"},
        "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "httpMethod": "POST",
            "identity": {
                "accessKey": null, "accountId": null, "caller": null,
                "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null,
                "cognitoIdentityId": null, "cognitoIdentityPoolId": null, "principalOrgId": null,
                "sourceIp": "203.0.113.10", "user": null,
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "userArn": null
            },
            "path": "/prod/orders/4711",
            "protocol": "HTTP/1.1",
            "requestId": "2f1c8a70-5b3d-4e6f-8a90-0123456789ab",
            "requestTime": "02/Mar/2026:10:15:30 +0000",
            "requestTimeEpoch": 1_772_446_530_123_i64,
            "resourceId": "r9x8y7",
            "resourcePath": "/orders/{id}",
            "stage": "prod"
        },
        "body": body,
        "isBase64Encoded": false
    })
}
