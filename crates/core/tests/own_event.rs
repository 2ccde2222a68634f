//! Types that `cargo xtask codegen --schema` made for a schema of one's own, as it made them.

#[allow(unreachable_pub, reason = "a library would export it")]
#[path = "../../../xtask/tests/golden/order_placed.rs"]
mod order_placed;

use lambda_with::{Payload, decode, rewrite};

use crate::order_placed::OrderPlacedEvent;

const EVENT: &str = r#"{
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "OrderPlaced",
    "source": "shop.orders",
    "account": "123456789012",
    "time": "2026-03-02T10:15:30Z",
    "region": "eu-west-1",
    "resources": [],
    "detail": DETAIL
}"#;

const DETAIL: &str = r#"{
    "orderId": "A-1001",
    "placedAt": "2026-03-02T10:15:29Z",
    "channel": "kiosk",
    "customer": {"id": 9, "type": "private", "referredBy": {"id": 3}},
    "lines": [{"sku": "mug", "quantity": 2, "gift": null}, {"sku": "lid", "quantity": 2}],
    "total": {"amount": "19.80", "currency": "EUR"},
    "discount": null
}"#;

#[test]
fn a_generated_event_is_recognised_read_and_written_back() {
    let detail = r#"{"orderId":"A-1001","placedAt":"2026-03-02T10:15:29Z","channel":"kiosk"}"#;
    let error = decode::<OrderPlacedEvent>(EVENT.replace("DETAIL", detail)).unwrap_err();
    assert_eq!(error.context("path"), Some("detail"), "{error}");

    let payload = Payload::from(EVENT.replace("DETAIL", DETAIL));
    assert!(payload.is::<OrderPlacedEvent>());
    let event: OrderPlacedEvent = payload.decode().unwrap();
    assert_eq!(event.detail.order_id, "A-1001");
    let written = rewrite::<OrderPlacedEvent>(payload.into_bytes()).unwrap();
    let exact: serde_json::Value = serde_json::from_str(&EVENT.replace("DETAIL", DETAIL)).unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&written).unwrap(),
        exact
    );
}
