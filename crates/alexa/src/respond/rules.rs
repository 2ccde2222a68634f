//! What Alexa demands of a custom skill's answer.

use lambda_with::{Error, ErrorKind, Json, Text};

use crate::{
    AudioStream, Card, CardType, OutputSpeech, PlayBehavior, SkillDirective, SkillRequestType,
    SkillResponse, SkillResponseBody, SpeechType,
};

/// Bytes of a whole answer.
const MAX_ANSWER: usize = 120 * 1024;
/// Characters of speech, and of a card's texts together.
const MAX_TEXT: usize = 8_000;
const MAX_IMAGE_URL: usize = 2_000;
const MAX_STREAM_URL: usize = 8_000;
const MAX_TOKEN: usize = 1_024;

const VERSION: &str = "an answer has version 1.0";
const SIZE: &str = "an answer has at most 120 KB as JSON";
const UNANSWERED: &str = "the end of a session and events outside of one take no answer";
const PLAYBACK: &str = "playback is answered with AudioPlayer directives and nothing else";
const FULFILL: &str = "CanFulfillIntentRequest is answered with canFulfillIntent and nothing else";
const API: &str = "apiResponse answers Dialog.API.Invoked and nothing else";
const SPEECH: &str = "speech has at most 8,000 characters";
const KIND: &str = "speech and cards have what their type needs";
const SSML: &str = "SSML is one speak element";
const CARD: &str = "a card's texts have at most 8,000 characters together";
const IMAGE: &str = "a card's picture has an https URL of at most 2,000 characters";
const REPROMPT: &str = "a reprompt needs an open session";
const DIALOG: &str = "a dialog goes on only in an open session";
const MEMBERS: &str = "a directive has the members its type needs";
const ONE_PLAY: &str = "an answer has one AudioPlayer.Play directive";
const STREAM: &str = "a stream has an https URL of at most 8,000 characters";
const TOKEN: &str = "a stream's token has 1 to 1,024 characters";
const ENQUEUE: &str = "expectedPreviousToken stands with ENQUEUE and nowhere else";
const VIDEO: &str = "an answer with VideoApp.Launch leaves shouldEndSession out";
const PROGRESSIVE: &str = "progressive responses go with LaunchRequest and IntentRequest";

pub(super) fn check(answer: &SkillResponse, to: &SkillRequestType) -> Result<(), Error> {
    if answer.version != "1.0" {
        return refuse(VERSION, "version", format!("it is `{}`", answer.version));
    }
    let body = &answer.response;
    fits(answer, to)?;
    if let Some(said) = &body.output_speech {
        speech(said, "response.outputSpeech")?;
    }
    if let Some(shown) = &body.card {
        card(shown)?;
    }
    if let Some(reprompt) = &body.reprompt {
        if body.should_end_session == Some(true) {
            return refuse(REPROMPT, "response.reprompt", "the session ends".into());
        }
        if let Some(said) = &reprompt.output_speech {
            speech(said, "response.reprompt.outputSpeech")?;
        }
        for (index, item) in reprompt.directives.iter().flatten().enumerate() {
            directive(item).map_err(|error| at(error, "response.reprompt.directives", index))?;
        }
    }
    directives(body)?;
    let bytes = Json::encode(answer)?.as_str().len();
    if bytes > MAX_ANSWER {
        return limit(SIZE, "", format!("the answer has {bytes} bytes"));
    }
    Ok(())
}

pub(super) fn progressive(to: &SkillRequestType, said: &Text) -> Result<(), Error> {
    use SkillRequestType::{IntentRequest, LaunchRequest};
    if !matches!(to, IntentRequest | LaunchRequest) {
        let what = format!("the request is `{}`", to.as_str());
        return refuse(PROGRESSIVE, "directive", what);
    }
    speech(&OutputSpeech::ssml(said.clone()), "directive.speech")
}

/// Whether the answer is one to this kind of request.
fn fits(answer: &SkillResponse, to: &SkillRequestType) -> Result<(), Error> {
    let body = &answer.response;
    let to_fulfill = *to == SkillRequestType::CanFulfillIntentRequest;
    let to_api = *to == SkillRequestType::DialogApiInvoked;
    let speaks = body.output_speech.is_some() || body.card.is_some() || body.reprompt.is_some();
    let steers = speaks || body.should_end_session.is_some();
    let acts = body.directives.iter().flatten().next().is_some();
    let what = format!("the request is `{}`", to.as_str());
    let asked = body.can_fulfill_intent.is_some() || !body.api_response.is_missing();
    if to.is_unanswered() && (steers || acts || asked) {
        return refuse(UNANSWERED, "response", what);
    }
    let foreign = |item: &SkillDirective| !item.kind.starts_with("AudioPlayer.");
    if to.is_playback() && (steers || body.directives.iter().flatten().any(foreign)) {
        return refuse(PLAYBACK, "response", what);
    }
    if body.can_fulfill_intent.is_some() != to_fulfill || (to_fulfill && (steers || acts)) {
        return refuse(FULFILL, "response.canFulfillIntent", what);
    }
    if !body.api_response.is_missing() && !to_api {
        return refuse(API, "response.apiResponse", what);
    }
    Ok(())
}

fn speech(said: &OutputSpeech, path: &'static str) -> Result<(), Error> {
    let text = match (&said.kind, &said.text, &said.ssml) {
        (SpeechType::PlainText, Some(text), None) | (SpeechType::Ssml, None, Some(text)) => text,
        (kind, _, _) => {
            let what = "PlainText has text, SSML has ssml";
            return refuse(KIND, path, format!("it is `{}`: {what}", kind.as_str()));
        }
    };
    if said.kind == SpeechType::Ssml {
        let inner = text.trim();
        let opens = inner.starts_with("<speak>") || inner.starts_with("<speak ");
        if !opens || !inner.ends_with("</speak>") || inner.matches("<speak").count() != 1 {
            return refuse(SSML, path, "write <speak>…</speak>".into());
        }
    }
    within(SPEECH, path, text.chars().count(), MAX_TEXT)
}

fn card(shown: &Card) -> Result<(), Error> {
    const PATH: &str = "response.card";
    let (content, text, image) = (&shown.content, &shown.text, &shown.image);
    let asked = shown.permissions.iter().flatten().count();
    let fits = match shown.kind {
        CardType::Simple => text.is_none() && image.is_none() && asked == 0,
        CardType::Standard => content.is_none() && asked == 0,
        CardType::LinkAccount => content.is_none() && text.is_none() && asked == 0,
        CardType::AskForPermissionsConsent => asked > 0,
        CardType::Other(_) => true,
    };
    if !fits {
        let what = format!("a card of type `{}` is not like this", shown.kind.as_str());
        return refuse(KIND, PATH, what);
    }
    let texts = [&shown.title, content, text];
    let characters = texts
        .into_iter()
        .flatten()
        .map(|text| text.chars().count())
        .sum();
    within(CARD, PATH, characters, MAX_TEXT)?;
    let urls = image
        .iter()
        .flat_map(|image| [&image.small_image_url, &image.large_image_url]);
    for url in urls.flatten() {
        secure(IMAGE, "response.card.image", url, MAX_IMAGE_URL)?;
    }
    Ok(())
}

fn directives(body: &SkillResponseBody) -> Result<(), Error> {
    let all = body.directives.as_deref().unwrap_or_default();
    for (index, item) in all.iter().enumerate() {
        let inside = |error| at(error, "response.directives", index);
        directive(item).map_err(inside)?;
        let plays = |item: &&SkillDirective| item.kind == "AudioPlayer.Play";
        if all[..=index].iter().filter(plays).count() > 1 {
            return refuse(ONE_PLAY, "", "this is another".into()).map_err(inside);
        }
        let end = body.should_end_session;
        if item.kind == "VideoApp.Launch" && end.is_some() {
            return refuse(VIDEO, "", "it is there".into()).map_err(inside);
        }
        let asks = ["Delegate", "ElicitSlot", "ConfirmSlot", "ConfirmIntent"];
        let name = item.kind.strip_prefix("Dialog.").unwrap_or_default();
        if asks.contains(&name) && end == Some(true) {
            return refuse(DIALOG, "", "the session ends".into()).map_err(inside);
        }
    }
    Ok(())
}

fn directive(item: &SkillDirective) -> Result<(), Error> {
    let members: Vec<(&'static str, bool)> = match item.kind.as_str() {
        "Dialog.ElicitSlot" => vec![("slotToElicit", item.slot_to_elicit.is_some())],
        "Dialog.ConfirmSlot" => vec![("slotToConfirm", item.slot_to_confirm.is_some())],
        "Dialog.UpdateDynamicEntities" => {
            let behavior = item.update_behavior.as_ref().map(Text::as_str);
            vec![
                ("updateBehavior", behavior.is_some()),
                (
                    "types",
                    item.types.is_some() == (behavior == Some("REPLACE")),
                ),
            ]
        }
        "Dialog.DelegateRequest" => vec![
            ("target", item.target.is_some()),
            ("period", item.period.is_some()),
        ],
        "AudioPlayer.Play" => vec![
            ("playBehavior", item.play_behavior.is_some()),
            ("audioItem", item.audio_item.is_some()),
        ],
        "AudioPlayer.ClearQueue" => vec![("clearBehavior", item.clear_behavior.is_some())],
        "Connections.SendRequest" => vec![
            ("name", item.name.is_some()),
            ("token", item.token.is_some()),
        ],
        "Connections.StartConnection" => vec![("uri", item.uri.is_some())],
        "Connections.SendResponse" | "Tasks.CompleteTask" => {
            vec![("status", item.status.is_some())]
        }
        "VideoApp.Launch" => vec![("videoItem", item.video_item.is_some())],
        kind => vec![("type", !kind.is_empty())],
    };
    for (name, right) in members {
        if !right {
            let what = format!("`{name}` of {} is missing or not wanted", item.kind);
            return refuse(MEMBERS, "", what);
        }
    }
    match &item.audio_item {
        Some(audio) => stream(&audio.stream, item.play_behavior.as_ref()),
        None => Ok(()),
    }
}

fn stream(stream: &AudioStream, behavior: Option<&PlayBehavior>) -> Result<(), Error> {
    secure(STREAM, "", &stream.url, MAX_STREAM_URL)?;
    if stream.token.is_empty() {
        return refuse(TOKEN, "", "it is empty".into());
    }
    within(TOKEN, "", stream.token.chars().count(), MAX_TOKEN)?;
    let follows = behavior == Some(&PlayBehavior::Enqueue);
    if stream.expected_previous_token.is_some() != follows {
        let behavior = behavior.map_or("missing", PlayBehavior::as_str);
        return refuse(ENQUEUE, "", format!("playBehavior is {behavior}"));
    }
    Ok(())
}

fn secure(rule: &'static str, path: &'static str, url: &str, most: usize) -> Result<(), Error> {
    if !url.starts_with("https://") {
        return refuse(rule, path, format!("`{url}` is not https"));
    }
    within(rule, path, url.chars().count(), most)
}

fn within(rule: &'static str, path: &'static str, found: usize, most: usize) -> Result<(), Error> {
    match found <= most {
        true => Ok(()),
        false => limit(rule, path, format!("it has {found} characters")),
    }
}

fn refuse(rule: &'static str, path: &'static str, message: String) -> Result<(), Error> {
    Err(broken(ErrorKind::Invalid, rule, path, message))
}

fn limit(rule: &'static str, path: &'static str, message: String) -> Result<(), Error> {
    Err(broken(ErrorKind::Limit, rule, path, message))
}

fn broken(kind: ErrorKind, rule: &'static str, path: &'static str, message: String) -> Error {
    let error = Error::new(kind, message).with("rule", rule);
    match path {
        "" => error,
        path => error.with("path", path),
    }
}

fn at(error: Error, path: &'static str, index: usize) -> Error {
    error.with("path", format!("{path}[{index}]"))
}
