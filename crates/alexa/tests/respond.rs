//! Answers of custom skills: what can be built, and a case for every rule.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use lambda_with::{Error, ErrorKind, decode};
use lambda_with_alexa::{
    AudioStream, CanFulfill, CanFulfillIntent, Card, DynamicEntityType, OutputSpeech, Playback,
    Reply, SERVICE, SkillDirective, SkillRequest, SkillResponse,
};
use lambda_with_testing::read;
use serde_json::{Value, json};

fn request(id: &str) -> SkillRequest {
    read(&SERVICE, id)
}

fn rule(error: &Error) -> &str {
    error.context("rule").unwrap()
}

/// What is wrong with `answer`, made by hand, to the sample `to`.
fn broken(to: &str, answer: &Value) -> Result<(), Error> {
    let answer: SkillResponse = decode(answer.to_string()).unwrap();
    answer.check(&request(to))
}

fn body(response: &Value) -> Value {
    json!({ "version": "1.0", "response": response })
}

fn with(directive: Value) -> Value {
    body(&json!({ "directives": Value::Array(vec![directive]) }))
}

fn play(edit: Value) -> Value {
    let mut stream = json!({ "url": "https://a", "token": "t", "offsetInMilliseconds": 0 });
    if let (Value::Object(stream), Value::Object(edit)) = (&mut stream, edit) {
        stream.extend(edit);
    }
    let item = json!({ "stream": stream });
    json!({ "type": "AudioPlayer.Play", "playBehavior": "REPLACE_ALL", "audioItem": item })
}

#[test]
fn every_rule_has_an_answer_that_breaks_it() {
    let long = "é".repeat(8_001);
    let speech = |text: &str| json!({ "type": "PlainText", "text": text });
    let ssml = |text: &str| body(&json!({ "outputSpeech": { "type": "SSML", "ssml": text } }));
    let card = |card: Value| body(&json!({ "card": card }));
    let size = "an answer has at most 120 KB as JSON";
    let attributes = json!({ "tea": "x".repeat(120 * 1024) });
    let kind = "speech and cards have what their type needs";
    let image = "a card's picture has an https URL of at most 2,000 characters";
    let members = "a directive has the members its type needs";
    let stream = "a stream has an https URL of at most 8,000 characters";
    let token = "a stream's token has 1 to 1,024 characters";
    let enqueue = "expectedPreviousToken stands with ENQUEUE and nowhere else";
    let unanswered = "the end of a session and events outside of one take no answer";
    let playback = "playback is answered with AudioPlayer directives and nothing else";
    let fulfill = "CanFulfillIntentRequest is answered with canFulfillIntent and nothing else";
    let speak = "SSML is one speak element";
    let characters = "speech has at most 8,000 characters";
    let video = json!({ "type": "VideoApp.Launch", "videoItem": { "source": "https://a" } });
    for (to, answer, expected) in [
        (
            "intent",
            json!({ "version": "2.0", "response": {} }),
            "an answer has version 1.0",
        ),
        (
            "intent",
            json!({ "version": "1.0", "sessionAttributes": attributes, "response": {} }),
            size,
        ),
        (
            "session-ended",
            body(&json!({ "outputSpeech": speech("Bye") })),
            unanswered,
        ),
        (
            "skill-enabled",
            body(&json!({ "shouldEndSession": true })),
            unanswered,
        ),
        (
            "system-exception",
            with(json!({ "type": "AudioPlayer.Stop" })),
            unanswered,
        ),
        (
            "message-received",
            body(&json!({ "card": { "type": "Simple" } })),
            unanswered,
        ),
        (
            "playback-started",
            body(&json!({ "outputSpeech": speech("Next") })),
            playback,
        ),
        (
            "playback-stopped",
            body(&json!({ "shouldEndSession": true })),
            playback,
        ),
        ("command-next", body(&json!({ "reprompt": {} })), playback),
        (
            "command-play",
            with(json!({ "type": "Dialog.Delegate" })),
            playback,
        ),
        ("can-fulfill-intent", body(&json!({})), fulfill),
        (
            "intent",
            body(&json!({ "canFulfillIntent": { "canFulfill": "YES" } })),
            fulfill,
        ),
        (
            "can-fulfill-intent",
            body(
                &json!({ "canFulfillIntent": { "canFulfill": "NO" }, "outputSpeech": speech("a") }),
            ),
            fulfill,
        ),
        (
            "intent",
            body(&json!({ "apiResponse": 7 })),
            "apiResponse answers Dialog.API.Invoked and nothing else",
        ),
        (
            "intent",
            body(&json!({ "outputSpeech": speech(&long) })),
            characters,
        ),
        (
            "intent",
            body(&json!({ "reprompt": { "outputSpeech": speech(&long) } })),
            characters,
        ),
        (
            "intent",
            body(&json!({ "outputSpeech": { "type": "SSML", "text": "a" } })),
            kind,
        ),
        (
            "intent",
            body(&json!({ "outputSpeech": { "type": "PlainText" } })),
            kind,
        ),
        ("intent", ssml("Tea"), speak),
        ("intent", ssml("<speak>Tea"), speak),
        ("intent", ssml("<speak>a</speak><speak>b</speak>"), speak),
        ("intent", ssml("<speaker>a</speak>"), speak),
        (
            "intent",
            card(json!({ "type": "Simple", "text": "a" })),
            kind,
        ),
        (
            "intent",
            card(json!({ "type": "Standard", "content": "a" })),
            kind,
        ),
        (
            "intent",
            card(json!({ "type": "LinkAccount", "content": "a" })),
            kind,
        ),
        (
            "intent",
            card(json!({ "type": "AskForPermissionsConsent", "permissions": [] })),
            kind,
        ),
        (
            "intent",
            card(json!({ "type": "Simple", "title": "a", "content": "é".repeat(8_000) })),
            "a card's texts have at most 8,000 characters together",
        ),
        (
            "intent",
            card(json!({ "type": "Standard", "image": { "smallImageUrl": "http://a" } })),
            image,
        ),
        (
            "intent",
            card(
                json!({ "type": "Standard", "image": { "largeImageUrl": format!("https://{long}") } }),
            ),
            image,
        ),
        (
            "intent",
            body(&json!({ "reprompt": { "outputSpeech": speech("a") }, "shouldEndSession": true })),
            "a reprompt needs an open session",
        ),
        (
            "intent",
            body(
                &json!({ "directives": [{ "type": "Dialog.Delegate" }], "shouldEndSession": true }),
            ),
            "a dialog goes on only in an open session",
        ),
        (
            "intent",
            with(json!({ "type": "Dialog.ElicitSlot" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "Dialog.ConfirmSlot", "slotToElicit": "size" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "Dialog.UpdateDynamicEntities" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "Dialog.UpdateDynamicEntities", "updateBehavior": "REPLACE" })),
            members,
        ),
        (
            "intent",
            with(
                json!({ "type": "Dialog.UpdateDynamicEntities", "updateBehavior": "CLEAR", "types": [] }),
            ),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "Dialog.DelegateRequest", "target": "skill" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "AudioPlayer.Play" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "AudioPlayer.ClearQueue" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "Connections.SendRequest", "name": "Buy" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "Connections.StartConnection" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "Connections.SendResponse" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "Tasks.CompleteTask" })),
            members,
        ),
        (
            "intent",
            with(json!({ "type": "VideoApp.Launch" })),
            members,
        ),
        ("intent", with(json!({ "type": "" })), members),
        ("intent", with(play(json!({ "url": "http://a" }))), stream),
        (
            "intent",
            with(play(json!({ "url": format!("https://{long}") }))),
            stream,
        ),
        ("intent", with(play(json!({ "token": "" }))), token),
        (
            "intent",
            with(play(json!({ "token": "t".repeat(1_025) }))),
            token,
        ),
        (
            "playback-started",
            with(play(json!({ "expectedPreviousToken": "s" }))),
            enqueue,
        ),
        (
            "intent",
            body(&json!({ "directives": [play(json!({})), play(json!({}))] })),
            "an answer has one AudioPlayer.Play directive",
        ),
        (
            "intent",
            body(&json!({ "directives": [video], "shouldEndSession": false })),
            "an answer with VideoApp.Launch leaves shouldEndSession out",
        ),
    ] {
        let error = broken(to, &answer).expect_err(expected);
        assert_eq!(rule(&error), expected, "{to}: {error}");
        let of_size = error.kind() == ErrorKind::Limit;
        assert!(!of_size || error.message().contains("has"), "{error}");
    }
}

#[test]
fn answers_up_to_the_limits_are_taken() {
    let text = "é".repeat(8_000);
    let intent = request("intent");
    assert!(Reply::say(text.clone()).end().to(&intent).is_ok());
    let card = Card::simple("a", "é".repeat(7_999));
    assert!(Reply::silent().card(card).to(&intent).is_ok());
    let stream = AudioStream::new("https://a", "t".repeat(1_024));
    assert!(Playback::play(stream).to(&request("command-play")).is_ok());

    // {"version":"1.0","sessionAttributes":{"a":""},"response":{}} has 60 bytes.
    let filled = |bytes: usize| Reply::silent().attribute("a", &"x".repeat(bytes)).unwrap();
    assert!(filled(122_880 - 60).to(&intent).is_ok());
    let error = filled(122_880 - 59).to(&intent).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
}

#[test]
fn samples_of_answers_pass() {
    for sample in SERVICE.samples.iter().filter(|s| s.of == "SkillResponse") {
        let to = match sample.id {
            "nothing" => "session-ended",
            "play-next" => "playback-nearly-finished",
            "stop" | "clear-queue" => "command-pause",
            "can-fulfill" => "can-fulfill-intent",
            "api-response" => "dialog-api-invoked",
            _ => "intent",
        };
        let answer: SkillResponse = decode(sample.json).unwrap();
        answer.check(&request(to)).unwrap();
    }
    // What SDKs write for nothing.
    let empty = body(&json!({ "directives": [] }));
    broken("system-exception", &empty).unwrap();
}

#[test]
fn a_reply_is_what_the_sample_shows() {
    let sample = |id: &str| read::<SkillResponse>(&SERVICE, id);
    let intent = request("intent");
    let kettle = AudioStream::new("https://example.com/cups.mp3", "track-8");
    let fulfilled = CanFulfillIntent::new(CanFulfill::Yes).slot("size", CanFulfill::Yes, true);
    let menu = json!({
        "token": "tea-menu",
        "document": { "type": "Link", "src": "doc://alexa/apl/documents/tea-menu" },
        "datasources": { "teas": { "type": "object", "names": ["assam"] } },
    });
    for (id, answer) in [
        (
            "say",
            Reply::say("One large tea, coming up.")
                .card(Card::simple("Tea", "1 × large"))
                .attribute("step", &2)
                .unwrap()
                .end()
                .to(&intent),
        ),
        (
            "elicit-slot",
            Reply::say("Which size?")
                .directive(SkillDirective::elicit_slot("size"))
                .listen()
                .to(&intent),
        ),
        (
            "confirm-slot",
            Reply::say("Large, is that right?")
                .directive(SkillDirective::confirm_slot("size"))
                .listen()
                .to(&intent),
        ),
        (
            "confirm-intent",
            Reply::say("One large tea. Shall I order it?")
                .directive(SkillDirective::confirm_intent())
                .listen()
                .to(&intent),
        ),
        (
            "link-account",
            Reply::say("Please link your account in the Alexa app.")
                .card(Card::link_account())
                .end()
                .to(&intent),
        ),
        (
            "ask-for-permissions",
            Reply::say("Please let me know where you are.")
                .card(Card::ask_for_permissions([
                    "alexa::devices:all:geolocation:read",
                ]))
                .end()
                .to(&intent),
        ),
        (
            "render-document",
            Reply::say("Here is the menu.")
                .directive(
                    SkillDirective::of("Alexa.Presentation.APL.RenderDocument", &menu).unwrap(),
                )
                .to(&intent),
        ),
        (
            "complete-task",
            Reply::silent()
                .directive(
                    SkillDirective::complete_task(200, "OK", &json!({ "brewed": true })).unwrap(),
                )
                .end()
                .to(&intent),
        ),
        (
            "play-next",
            Playback::enqueue(kettle, "track-7").to(&request("playback-nearly-finished")),
        ),
        ("stop", Playback::stop().to(&request("command-pause"))),
        (
            "clear-queue",
            Playback::clear(false).to(&request("command-pause")),
        ),
        (
            "nothing",
            Playback::unchanged().to(&request("playback-started")),
        ),
        ("nothing", Ok(SkillResponse::nothing())),
        (
            "can-fulfill",
            Reply::can_fulfill(fulfilled).to(&request("can-fulfill-intent")),
        ),
        (
            "api-response",
            Reply::api(&json!({ "price": "2.40" }))
                .unwrap()
                .to(&request("dialog-api-invoked")),
        ),
    ] {
        assert_eq!(answer.unwrap(), sample(id), "{id}");
    }
}

#[test]
fn a_conversation_goes_on() {
    let dialog = request("intent-dialog");
    let teas = DynamicEntityType::new("TEA", [("a", "assam"), ("d", "darjeeling")]);
    let answer = Reply::say(OutputSpeech::ssml("<speak>Which tea?</speak>"))
        .directive(SkillDirective::replace_entities([teas]))
        .attribute("step", &3)
        .unwrap()
        .keep(&dialog)
        .ask("Assam or darjeeling?")
        .to(&dialog)
        .unwrap();
    let attributes = serde_json::to_value(&answer.session_attributes).unwrap();
    assert_eq!(attributes, json!({ "step": 3, "history": ["launch"] }));
    assert_eq!(answer.response.should_end_session, Some(false));
    assert!(answer.response.reprompt.is_some());
    assert!(Reply::say("Bye").ask("Tea?").end().to(&dialog).is_err());
}

#[test]
fn progressive_responses() {
    let body = request("intent")
        .progressive("<speak>Wait.</speak>")
        .unwrap();
    let id = "amzn1.echo-api.request.2b8e4f10-0000-4000-8000-0000000000b4";
    assert_eq!(
        serde_json::to_value(&body).unwrap(),
        json!({
            "header": { "requestId": id },
            "directive": { "type": "VoicePlayer.Speak", "speech": "<speak>Wait.</speak>" },
        })
    );
    let goes = "progressive responses go with LaunchRequest and IntentRequest";
    for (to, speech, expected) in [
        ("playback-started", "<speak>Wait.</speak>", goes),
        ("session-ended", "<speak>Wait.</speak>", goes),
        ("launch", "Wait.", "SSML is one speak element"),
    ] {
        let error = request(to).progressive(speech).unwrap_err();
        assert_eq!(rule(&error), expected, "{to}");
    }
}

#[test]
fn a_request_for_another_skill_is_denied() {
    let error = request("intent").verify("amzn1.ask.skill.tea").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}
