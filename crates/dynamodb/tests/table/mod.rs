//! Tables with streams, on a server.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use lambda_with_aws::Session;

/// Makes a table with the key `id` and a stream of both images; gives the stream's ARN.
pub(crate) async fn create(session: &Session, name: &str) -> String {
    let key = KeySchemaElement::builder()
        .attribute_name("id")
        .key_type(KeyType::Hash);
    let attribute = AttributeDefinition::builder().attribute_name("id");
    let attribute = attribute.attribute_type(ScalarAttributeType::S);
    let stream = StreamSpecification::builder().stream_enabled(true);
    let stream = stream.stream_view_type(StreamViewType::NewAndOldImages);
    let request = Client::new(session.config())
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key.build().unwrap())
        .attribute_definitions(attribute.build().unwrap())
        .stream_specification(stream.build().unwrap());
    let table = request.send().await.unwrap().table_description.unwrap();
    table.latest_stream_arn.unwrap()
}
