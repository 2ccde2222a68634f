//! Beside OpenTelemetry, on the same spans.

use opentelemetry::trace::{SpanId, TracerProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing_subscriber::Registry;

use super::*;

#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

fn work() {
    info_span!("price", tenant = "blue").in_scope(|| {
        info_span!("discounts").in_scope(|| tracing::error!("no such discount"));
    });
}

/// Without what differs from run to run.
fn lasting(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|name, _| !matches!(name.as_str(), "id" | "start_time" | "end_time"));
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(lasting),
        Value::Array(values) => values.iter_mut().for_each(lasting),
        _ => {}
    }
}

fn documents(sent: &[IndependentSubsegment]) -> Vec<Value> {
    let mut documents: Vec<Value> = sent.iter().map(json).collect();
    documents.iter_mut().for_each(lasting);
    documents
}

#[test]
fn each_layer_does_what_it_does_alone() {
    let alone = documents(&spans(HEADER, work));
    for x_ray_first in [true, false] {
        let (kept, (x_ray, sent)) = (Kept::default(), layer());
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(kept.clone())
            .build();
        let tracer = provider.tracer("orders");
        let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = vec![
            x_ray.boxed(),
            tracing_opentelemetry::layer().with_tracer(tracer).boxed(),
        ];
        if !x_ray_first {
            layers.reverse();
        }
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layers), || {
            info_span!(
                "Lambda runtime invoke",
                requestId = "r1",
                xrayTraceId = HEADER
            )
            .in_scope(work);
        });
        assert_eq!(documents(&read(&sent)), alone);
        let kept = kept.0.lock().unwrap();
        let [discounts, price, invoke] = &kept[..] else {
            panic!("{kept:?}")
        };
        let names = [discounts, price, invoke].map(|span| &*span.name);
        assert_eq!(names, ["discounts", "price", "Lambda runtime invoke"]);
        let parents = [discounts, price, invoke].map(|span| span.parent_span_id);
        let id = |span: &SpanData| span.span_context.span_id();
        assert_eq!(parents, [id(price), id(invoke), SpanId::INVALID]);
        let has = |name: &str| price.attributes.iter().any(|it| it.key.as_str() == name);
        assert!(has("tenant"), "{price:?}");
    }
}
