//! A WebSocket API, as Python's `websockets` and boto3 see it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::clients::{program, python};
use crate::engine::Server;
use crate::run::venv;

const FUNCTION: &str = r#"
import json, boto3


def note(event):
    with open("noted", "a") as file:
        file.write(json.dumps(event["requestContext"]) + "\n")


def push(context, data):
    endpoint = "http://%s/%s" % (context["domainName"], context["stage"])
    api = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)
    try:
        api.post_to_connection(ConnectionId=context["connectionId"], Data=data)
        return "sent"
    except Exception as error:
        return type(error).__name__ + " " + str(error)


def handler(event, context):
    context = event["requestContext"]
    query = event.get("queryStringParameters") or {}
    if context["eventType"] == "CONNECT":
        if "early" in query:
            note({"requestContext": {"early": push(context, b"too early")}})
        if "fail" in query:
            raise ValueError("as told")
        if "broken" in query:
            return {}
        answer = {"statusCode": int(query.get("status", 200)), "body": "secret"}
        if offered := event["headers"].get("Sec-WebSocket-Protocol"):
            answer["headers"] = {"Sec-WebSocket-Protocol": offered.split(", ")[-1]}
        return answer
    if context["eventType"] == "DISCONNECT":
        note(event)
        return {"statusCode": 200}
    if context["routeKey"] == "fail":
        raise ValueError("as told")
    if context["routeKey"] == "push":
        return {"statusCode": 200, "body": push(context, b"pushed")}
    said = {"length": len(event["body"]), "tier": context["authorizer"]["tier"], "id": context["connectionId"]}
    return {"statusCode": 200, "body": json.dumps(said)}
"#;

const DOORMAN: &str = r#"
def handler(event, context):
    token = event["queryStringParameters"]["token"]
    if token == "unknown":
        raise Exception("Unauthorized")
    effect = "Allow" if token == "gold" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "user-7", "policyDocument": policy, "context": {"tier": token}}
"#;

/// The second API's function may not manage connections.
const DEFINITION: &str = r#"
[functions.chat]
command = [PYTHON, "-m", "awslambdaric", "app.handler"]

[[functions.chat.with]]
service = "api-gateway"
api = "websocket"
name = "chat"
routes = ["$connect", "$disconnect", "ask", "push", "fail"]
two_way = ["ask"]
manage_connections = true
authorizer = "members"

[[functions.chat.with]]
service = "api-gateway"
api = "websocket"
name = "mute"
routes = ["$default", "push"]
two_way = ["push"]

[functions.doorman]
command = [PYTHON, "-m", "awslambdaric", "doorman.handler"]

[[functions.doorman.with]]
service = "api-gateway"
api = "authorizer"
kind = "websocket"
name = "members"
api_name = "chat"
identity_sources = ["route.request.querystring.token"]
"#;

/// Prints what a client and a backend see, as one JSON object.
const STORY: &str = r#"
import asyncio, json, sys, time
import boto3, websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

chat, mute = sys.argv[1:]
gold = chat + "?token=gold"
api = boto3.client(
    "apigatewaymanagementapi", endpoint_url=chat.replace("ws:", "http:"),
    aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret", region_name="eu-west-1",
)
said = {}


def noted(wanted):
    until = time.time() + 30
    while time.time() < until:
        try:
            lines = [json.loads(line) for line in open("noted")]
        except (FileNotFoundError, ValueError):
            lines = []
        if found := [line for line in lines if wanted(line)]:
            return found[0]
        time.sleep(0.05)
    raise TimeoutError("nothing noted")


def ended(id):
    line = noted(lambda line: line.get("connectionId") == id)
    return [line["routeKey"], line["disconnectStatusCode"], line["disconnectReason"]]


def refusal(call):
    try:
        call()
        return "none"
    except Exception as error:
        return [type(error).__name__, error.response["ResponseMetadata"]["HTTPStatusCode"]]


async def status(url):
    try:
        async with websockets.connect(url):
            return 101
    except InvalidStatus as error:
        return [error.response.status_code, bytes(error.response.body).decode()]


async def who(ws):
    await ws.send('{"action":"ask"}')
    return json.loads(await ws.recv())["id"]


async def code(ws):
    try:
        while True:
            await ws.recv()
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006


async def main():
    said["refused"] = {
        "nobody": await status(chat),
        "unknown": await status(chat + "?token=unknown"),
        "silver": await status(chat + "?token=silver"),
        "elsewhere": await status(gold.replace("/prod", "/dev")),
        "teapot": await status(gold + "&status=418"),
        "fails": await status(gold + "&fail=1"),
        "broken": await status(gold + "&broken=1"),
    }
    async with websockets.connect(gold + "&early=1", subprotocols=["v1", "v2"]) as ws:
        said["subprotocol"] = ws.subprotocol
        said["early"] = noted(lambda line: "early" in line)["early"].split(" ")[0]
        await ws.send('{"action":"ask"}')
        answer = json.loads(await ws.recv())
        id = answer.pop("id")
        said["asked"] = answer
        text = json.dumps({"action": "ask", "long": "x" * 100000})
        await ws.send([text[at:at + 32768] for at in range(0, len(text), 32768)])
        said["long"] = json.loads(await ws.recv())["length"]
        await ws.send('{"action":"push"}')
        said["pushed"] = await ws.recv()
        for name, message in [("fails", '{"action":"fail"}'), ("no route", '{"action":"other"}'), ("no json", "hello")]:
            await ws.send(message)
            frame = json.loads(await ws.recv())
            said[name] = [frame["message"], frame["connectionId"] == id, sorted(frame)]
        found = await asyncio.to_thread(api.get_connection, ConnectionId=id)
        identity = found["Identity"]
        said["found"] = [identity["SourceIp"], "websockets" in identity["UserAgent"], found["ConnectedAt"] <= found["LastActiveAt"]]
        await asyncio.to_thread(api.post_to_connection, ConnectionId=id, Data="gr\u00fc\u00df dich".encode() * 9000)
        said["posted"] = len(await ws.recv())
        said["too large"] = refusal(lambda: api.post_to_connection(ConnectionId=id, Data=b"x" * (128 * 1024 + 1)))
        await asyncio.to_thread(api.delete_connection, ConnectionId=id)
        said["deleted"] = await code(ws)
    said["gone"] = [
        refusal(lambda: api.post_to_connection(ConnectionId=id, Data=b"late")),
        refusal(lambda: api.get_connection(ConnectionId=id)),
        refusal(lambda: api.delete_connection(ConnectionId=id)),
    ]
    said["ends"] = {"deleted": await asyncio.to_thread(ended, id)}
    for name, message in [("large frame", "x" * 32769), ("large message", ["x" * 32768] * 5), ("bytes", b"bytes")]:
        async with websockets.connect(gold) as ws:
            id = await who(ws)
            await ws.send(message)
            said[name] = await code(ws)
            said["ends"][name] = await asyncio.to_thread(ended, id)
    async with websockets.connect(gold) as ws:
        id = await who(ws)
        await ws.close(4001, "done")
    said["ends"]["closed"] = await asyncio.to_thread(ended, id)
    async with websockets.connect(gold) as ws:
        id = await who(ws)
        ws.transport.abort()
    said["ends"]["vanished"] = await asyncio.to_thread(ended, id)
    async with websockets.connect(mute) as ws:
        await ws.send('{"action":"push"}')
        said["mute"] = (await ws.recv()).split(" when ")[0]

asyncio.run(main())
print(json.dumps(said))
"#;

/// Stays connected until it is closed: prints a line then, and its code in the end.
const STAYS: &str = r#"
import asyncio, sys, websockets

async def main():
    async with websockets.connect(sys.argv[1] + "?token=gold") as ws:
        await ws.send('{"action":"ask"}')
        print(await ws.recv(), flush=True)
        try:
            await ws.recv()
        except websockets.exceptions.ConnectionClosed as error:
            print(error.rcvd.code, flush=True)

asyncio.run(main())
"#;

/// The server, and where its two APIs are.
fn server(folder: &Path) -> (Server, Vec<String>) {
    std::fs::write(folder.join("app.py"), FUNCTION).unwrap();
    std::fs::write(folder.join("doorman.py"), DOORMAN).unwrap();
    let python = Value::String(venv("bin/python").to_str().unwrap().to_owned());
    let definition = DEFINITION.replace("PYTHON", &python.to_string());
    std::fs::write(folder.join("lambda-with.toml"), definition).unwrap();
    let server = Server::start(folder, &["--port", "0"]);
    let apis = server.up["apis"].as_array().unwrap().iter();
    let urls = apis
        .map(|api| api["url"].as_str().unwrap().to_owned())
        .collect();
    (server, urls)
}

#[test]
fn a_client_and_a_backend_see_what_they_would_on_aws() {
    let folder = tempfile::tempdir().unwrap();
    let (server, urls) = server(folder.path());
    let routes = json!(["$connect", "$disconnect", "ask", "push", "fail"]);
    assert_eq!(server.up["apis"][0]["routes"], routes);
    let script = format!("import os\nos.chdir({:?})\n{STORY}", folder.path());
    let said: Value = serde_json::from_str(&python(&script, &urls)).unwrap();
    let members = json!(["connectionId", "message", "requestId"]);
    let internal = "{\"message\": \"Internal server error\"}";
    let expected = json!({
        "refused": {
            "nobody": [401, "{\"message\":\"Unauthorized\"}"],
            "unknown": [401, "{\"message\":\"Unauthorized\"}"],
            "silver": [403, "{\"message\":\"Forbidden\"}"],
            "elsewhere": [403, "{\"message\":\"Forbidden\"}"],
            "teapot": [418, ""],
            "fails": [502, internal],
            "broken": [502, internal],
        },
        "subprotocol": "v2",
        "early": "GoneException",
        "asked": { "length": 16, "tier": "gold" },
        "long": 100_029,
        "pushed": "pushed",
        "fails": ["Internal server error", true, members],
        "no route": ["Forbidden", true, members],
        "no json": ["Forbidden", true, members],
        "found": ["127.0.0.1", true, true],
        "posted": 81_000,
        "too large": ["PayloadTooLargeException", 413],
        "deleted": 1000,
        "gone": [["GoneException", 410], ["GoneException", 410], ["GoneException", 410]],
        "large frame": 1009,
        "large message": 1009,
        "bytes": 1003,
        "ends": {
            "deleted": ["$disconnect", 1000, ""],
            "large frame": ["$disconnect", 1009, "Message too big"],
            "large message": ["$disconnect", 1009, "Message too big"],
            "bytes": ["$disconnect", 1003, "Binary messages are not supported"],
            "closed": ["$disconnect", 4001, "done"],
            "vanished": ["$disconnect", 1006, "Connection closed abnormally"],
        },
        "mute": "ClientError An error occurred (AccessDeniedException)",
    });
    assert_eq!(said, expected, "{said:#}");
}

#[test]
fn sockets_are_closed_when_dev_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (server, urls) = server(folder.path());
    let mut client = Command::new(program("python"))
        .args(["-c", STAYS, &urls[0]])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(client.stdout.take().unwrap());
    let mut asked = String::new();
    out.read_line(&mut asked).unwrap();
    assert!(asked.contains("gold"), "{asked}");
    assert_eq!(server.end(), Some(0));
    let mut code = String::new();
    out.read_to_string(&mut code).unwrap();
    assert!(client.wait().unwrap().success());
    assert_eq!(code, "1012\n");
    let noted = std::fs::read_to_string(folder.path().join("noted")).unwrap();
    let noted: Value = serde_json::from_str(&noted).unwrap();
    assert_eq!(noted["disconnectStatusCode"], 1012);
}
