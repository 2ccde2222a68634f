"""Reads streamed answers through boto3, unmodified but for the endpoint."""

import base64
import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client(
    "lambda",
    endpoint_url=sys.argv[1],
    region_name="eu-west-1",
    aws_access_key_id="a",
    aws_secret_access_key="b",
    config=Config(retries={"max_attempts": 0}),
)


END = b"\0" * 8


def stream(function="echo", event=None, **arguments):
    """The answer's pieces with the times they came at, how it was completed, and the response.

    The first two pieces of `lambda_runtime` are status and headers, for function URLs; they are left out.
    """
    begun = time.monotonic()
    answer = client.invoke_with_response_stream(FunctionName=function, Payload=json.dumps(event), **arguments)
    pieces, complete = [], None
    for event in answer["EventStream"]:
        assert complete is None, "nothing comes after the end"
        if "PayloadChunk" in event:
            pieces.append((event["PayloadChunk"]["Payload"], time.monotonic() - begun))
        else:
            complete = event["InvokeComplete"]
    if pieces and pieces[0][0].startswith(b'{"statusCode":200'):
        assert pieces[1][0] == END, pieces[1]
        pieces = pieces[2:]
    return pieces, complete, answer


def sometime(check):
    """Whether it is in time, at least once in twenty times: a machine that is slow is no defect."""
    assert any(check() for _ in range(20)), check()


# Pieces arrive as they are written.
stream(event={"pieces": 1})
pieces, complete, answer = stream(event={"pieces": 4, "size": 3, "pause": 400})
assert [piece for piece, _ in pieces] == [b"aaa", b"bbb", b"ccc", b"ddd"], pieces
assert complete == {}, complete
assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST", answer
assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream", answer


def as_written():
    pieces, *_ = stream(event={"pieces": 4, "size": 3, "pause": 400})
    assert all(number * 0.4 - 0.05 <= at for number, (_, at) in enumerate(pieces)), pieces
    return all(at <= number * 0.4 + 0.3 for number, (_, at) in enumerate(pieces))


sometime(as_written)

# More than a buffered answer may hold, at the pace of Lambda: 6 MB at once, 2 MB a second then.
def at_pace():
    begun = time.monotonic()
    pieces, complete, _ = stream(event={"pieces": 80, "size": 100 * 1024})
    took = time.monotonic() - begun
    assert sum(len(piece) for piece, _ in pieces) == 80 * 100 * 1024 and complete == {}
    assert took >= 0.85, took
    return took <= 3 and pieces[30][1] < 0.7


sometime(at_pace)

# The log, and errors before and after the beginning.
pieces, complete, _ = stream(event={"pieces": 1}, LogType="Tail")
assert base64.b64decode(complete["LogResult"]).decode().startswith("START RequestId: "), complete
pieces, complete, _ = stream(event={"fail": "boom"})
assert pieces == [] and complete["ErrorCode"] == "Unhandled", (pieces, complete)
assert json.loads(complete["ErrorDetails"])["errorMessage"] == "boom", complete
pieces, complete, _ = stream(event={"pieces": 2, "pause": 100, "exit": True})
assert [piece for piece, _ in pieces] == [b"a", b"b"], pieces
kind = json.loads(complete["ErrorDetails"])["errorType"]
assert complete["ErrorCode"] == "Unhandled" and kind in ["Runtime.TruncatedResponse", "Runtime.ExitError"], complete


def cut_off():
    pieces, complete, _ = stream(event={"pieces": 100, "pause": 100}, function="short")
    assert len(pieces) <= 12 and "Task timed out after 1.00 seconds" in complete["ErrorDetails"], (pieces, complete)
    return len(pieces) >= 5


sometime(cut_off)

# A function that does not stream, and one that streams and is invoked as ever.
pieces, complete, _ = stream(event={"a": 1}, function="plain")
assert b"".join(piece for piece, _ in pieces) == b'{"a":1}' and complete == {}, (pieces, complete)
whole = client.invoke(FunctionName="echo", Payload=b'{"pieces": 3, "size": 2}')["Payload"].read()
assert whole.split(END)[1] == b"aabbcc", whole
answer = client.invoke(FunctionName="echo", Payload=json.dumps({"pieces": 70, "size": 100 * 1024}))
assert answer["FunctionError"] == "Unhandled", answer
assert json.loads(answer["Payload"].read())["errorType"] == "Function.ResponseSizeTooLarge"

# A client that goes away does not stop the function.
answer = client.invoke_with_response_stream(FunctionName="echo", Payload=json.dumps({"pieces": 30, "size": 10, "pause": 20, "done": sys.argv[2]}))
next(iter(answer["EventStream"]))
answer["EventStream"].close()

# What is refused is refused before anything streams.
for arguments, code in [
    ({"FunctionName": "nobody"}, "ResourceNotFoundException"),
    ({"FunctionName": "full"}, "TooManyRequestsException"),
    ({"FunctionName": "echo", "Payload": b"nonsense"}, "InvalidRequestContentException"),
    ({"FunctionName": "echo", "InvocationType": "Event"}, "ValidationException"),
]:
    try:
        client.invoke_with_response_stream(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
    else:
        raise AssertionError(f"{arguments} was not refused")
answer = client.invoke_with_response_stream(FunctionName="echo", InvocationType="DryRun")
assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204, answer
print("all well")
