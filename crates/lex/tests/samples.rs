//! Every sample is read and written back exactly, and the points on which public sources disagree
//! are read either way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::Nullable;
use lambda_with_lex::{
    LexDialogActionType, LexEvent, LexInterpretationSource, LexResponse, LexSlotShape, LexV1Event,
    LexV1Response, SERVICE,
};
use lambda_with_testing::{Root, edit, exact, samples};
use serde_json::{Value, json};

fn json(id: &str) -> &'static str {
    SERVICE.sample(id).unwrap().json
}

#[test]
fn samples_are_exact_and_recognised() {
    samples(
        &SERVICE,
        &[
            Root::of::<LexEvent>(),
            Root::of::<LexV1Event>(),
            Root::of::<LexResponse>(),
            Root::of::<LexV1Response>(),
        ],
    );
}

#[test]
fn samples_of_answers_pass() {
    for sample in SERVICE.samples {
        match sample.of {
            "LexResponse" => exact::<LexResponse>(sample.json).check().unwrap(),
            "LexV1Response" => exact::<LexV1Response>(sample.json).check().unwrap(),
            _ => {}
        }
    }
}

#[test]
fn every_step_has_a_sample() {
    let steps: Vec<String> = SERVICE
        .samples
        .iter()
        .filter_map(|sample| {
            let document: Value = serde_json::from_str(sample.json).unwrap();
            let action = match sample.of {
                "LexResponse" => &document["sessionState"]["dialogAction"],
                _ => &document["dialogAction"],
            };
            Some(format!("{} {}", sample.of, action["type"].as_str()?))
        })
        .collect();
    for of in ["LexResponse", "LexV1Response"] {
        for step in [
            "Close",
            "ConfirmIntent",
            "Delegate",
            "ElicitIntent",
            "ElicitSlot",
        ] {
            assert!(steps.contains(&format!("{of} {step}")), "{of} {step}");
        }
    }
}

#[test]
fn members_that_sources_leave_out_or_set_to_null() {
    for name in ["timeToLiveInSeconds", "turnsToLive"] {
        let pointer = format!("/sessionState/activeContexts/0/timeToLive/{name}");
        exact::<LexEvent>(&edit(&SERVICE, "context", &pointer, None));
    }
    for name in [
        "invocationLabel",
        "proposedNextState",
        "requestAttributes",
        "transcriptions",
    ] {
        exact::<LexEvent>(&edit(&SERVICE, "dialog", &format!("/{name}"), None));
        exact::<LexEvent>(&edit(
            &SERVICE,
            "dialog",
            &format!("/{name}"),
            Some(Value::Null),
        ));
    }
    for (pointer, value) in [
        ("/bot/aliasName", None),
        ("/interpretations/0/nluConfidence", None),
        ("/interpretations/0/nluConfidence", Some(json!(1))),
        ("/interpretations/0/nluConfidence", Some(json!(1.0))),
        (
            "/interpretations/0/nluConfidence",
            Some(json!({ "score": 0.5 })),
        ),
        ("/interpretations/0/interpretationSource", None),
        (
            "/interpretations/0/interpretationSource",
            Some(json!("Oracle")),
        ),
        ("/interpretations/1/intent/slots", Some(Value::Null)),
        ("/responseContentType", Some(json!("audio/anything"))),
        ("/sessionState/activeContexts", Some(Value::Null)),
        (
            "/sessionState/dialogAction",
            Some(json!({ "type": "Delegate" })),
        ),
        ("/sessionState/originatingRequestId", None),
        ("/sessionState/sessionAttributes", None),
        ("/sessionState/intent/state", Some(json!("Dreaming"))),
        (
            "/sessionState/intent/slots/Port",
            Some(json!({ "value": null })),
        ),
        // Members nobody has described yet.
        (
            "/sessionState/intent/bedrockAgent",
            Some(json!({ "id": "A" })),
        ),
        ("/sessionState/mood", Some(json!([1, null]))),
    ] {
        exact::<LexEvent>(&edit(&SERVICE, "dialog", pointer, value));
    }
    for name in [
        "alternativeIntents",
        "recentIntentSummaryView",
        "activeContexts",
    ] {
        exact::<LexV1Event>(&edit(&SERVICE, "v1-dialog", &format!("/{name}"), None));
        exact::<LexV1Event>(&edit(
            &SERVICE,
            "v1-dialog",
            &format!("/{name}"),
            Some(Value::Null),
        ));
    }
    for pointer in [
        "/currentIntent/slots",
        "/currentIntent/slotDetails/Port",
        "/requestAttributes",
    ] {
        exact::<LexV1Event>(&edit(&SERVICE, "v1-dialog", pointer, Some(Value::Null)));
    }
    exact::<LexV1Event>(&edit(
        &SERVICE,
        "v1-dialog",
        "/currentIntent/confirmationStatus",
        None,
    ));
    // Public examples name the values of resolutions anew.
    let resolutions = json!([{ "value1": "Skerry" }, { "value2": "Holm" }]);
    let pointer = "/currentIntent/slotDetails/Port/resolutions";
    exact::<LexV1Event>(&edit(&SERVICE, "v1-dialog", pointer, Some(resolutions)));
}

#[test]
fn what_other_libraries_drop_is_kept() {
    let console: LexV1Event = exact(json("v1-test-console"));
    let details = console.current_intent.slot_details.as_ref().unwrap();
    assert_eq!(details.get("Sailing"), Some(&None));
    assert_eq!(console.kendra_response, Nullable::Null);
    assert_eq!(console.bot.alias, Nullable::Null);

    let dialog: LexV1Event = exact(json("v1-dialog"));
    assert_eq!(
        dialog.sentiment_response.as_ref().unwrap().sentiment_label,
        "NEUTRAL"
    );
    assert_eq!(dialog.active_contexts.as_ref().unwrap()[0].name, "asked");
    assert_eq!(dialog.recent_intent_summary_view.as_ref().unwrap().len(), 1);

    let fallback: LexEvent = exact(json("dialog"));
    let intent = &fallback.interpretations[1].intent;
    assert_eq!((&intent.state, &intent.confirmation_state), (&None, &None));

    let bedrock: LexEvent = exact(json("bedrock"));
    let source = bedrock.interpretations[0].interpretation_source.clone();
    assert_eq!(source, Some(LexInterpretationSource::Bedrock));

    let composite: LexEvent = exact(json("composite"));
    let seats = composite.intent().unwrap().slot("Seats").unwrap();
    assert_eq!(seats.shape, Some(LexSlotShape::Composite));
    let next = composite.proposed_next_state.as_ref().unwrap();
    assert_eq!(next.prompt.as_ref().unwrap().attempt, "Retry1");
    assert_eq!(next.dialog_action.r#type, LexDialogActionType::ElicitSlot);

    let context: LexEvent = exact(json("context"));
    let hints = context.session_state.runtime_hints.as_ref().unwrap();
    assert!(hints.slot_hints.get("BookFerry").unwrap().contains("Seats"));
}

#[test]
fn an_answer_of_version_1_has_no_nulls() {
    let event: LexV1Event = exact(json("v1-dialog"));
    let answer = event.answer().elicit_intent().unwrap();
    let expected = json!({
        "sessionAttributes": { "customer": "C-2207" },
        "dialogAction": { "type": "ElicitIntent" },
    });
    assert_eq!(serde_json::to_value(answer).unwrap(), expected);
}
