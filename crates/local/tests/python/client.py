"""Calls the engine through boto3, unmodified but for the endpoint."""

import base64
import http.client
import json
import os
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:echo"
client = boto3.client(
    "lambda",
    endpoint_url=sys.argv[1],
    region_name="eu-west-1",
    aws_access_key_id="a",
    aws_secret_access_key="b",
    config=Config(retries={"max_attempts": 0}),
)


def refused(call, code, text, status, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        response = error.response
        assert response["Error"]["Code"] == code, response
        message = response["Error"].get("Message") or response.get("Message") or response.get("message")
        assert text in message, response
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
        assert response["ResponseMetadata"]["RequestId"], response
        return response
    raise AssertionError(f"{call} was not refused")


# Invoke in its three types, by name and by ARN.
for name in ["echo", "123456789012:function:echo", ARN, f"{ARN}:$LATEST"]:
    answer = client.invoke(FunctionName=name, Payload=b'{"a": [1, "\xc3\xa4"]}')
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST", answer
    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == {"a": [1, "ä"]}
assert json.loads(client.invoke(FunctionName="echo")["Payload"].read()) == {}

answer = client.invoke(FunctionName="echo", InvocationType="Event", Payload=b'{"a": 1}')
assert answer["StatusCode"] == 202 and answer["Payload"].read() == b"", answer
assert "ExecutedVersion" not in answer
answer = client.invoke_async(FunctionName="echo", InvokeArgs=b'{"old": 1}')
assert answer["Status"] == answer["ResponseMetadata"]["HTTPStatusCode"] == 202, answer
refused(client.invoke_async, "InvalidRequestContentException", "Could not parse request body into json", 400, FunctionName="echo", InvokeArgs=b"{")
refused(client.invoke_async, "RequestEntityTooLargeException", "smaller than 262144 bytes", 413, FunctionName="echo", InvokeArgs=b'"' + b"x" * 262143 + b'"')
refused(client.invoke_async, "ResourceNotFoundException", "Function not found", 404, FunctionName="nobody", InvokeArgs=b"{}")
answer = client.invoke(FunctionName="echo", InvocationType="DryRun", Payload=b"{}")
assert answer["StatusCode"] == 204 and answer["Payload"].read() == b"", answer

# A megabyte of headers, and no more.
for size, expected in [(900_000, [200]), (1_200_000, [431, None])]:
    connection = http.client.HTTPConnection(sys.argv[1].removeprefix("http://"), timeout=60)
    path, status = "/2015-03-31/functions/echo/invocations", None
    try:
        connection.request("POST", path, b"{}", {f"x-{n}": "x" * 100_000 for n in range(size // 100_000)})
        status = connection.getresponse().status
    except ConnectionError:
        # It was closed while there was still more to be sent.
        pass
    assert status in expected, status

# A connection outlives a refusal, even if the body comes late.
connection = http.client.HTTPConnection(sys.argv[1].removeprefix("http://"), timeout=60)
connection.putrequest("POST", "/2015-03-31/functions/nobody/invocations")
connection.putheader("content-length", "2")
connection.endheaders()
time.sleep(0.2)
connection.send(b"{}")
answer, socket = connection.getresponse(), connection.sock
assert answer.status == 404 and answer.read() and connection.sock is socket, answer.status
connection.request("POST", "/2015-03-31/functions/echo/invocations", b"{}")
assert connection.getresponse().status == 200 and connection.sock is socket

# Log tail and function errors.
answer = client.invoke(FunctionName="echo", LogType="Tail", Payload=b'{"print": "hello"}')
lines = base64.b64decode(answer["LogResult"]).decode().splitlines()
assert lines[0].startswith("START RequestId: ") and lines[1] == "hello", lines
assert lines[0].split()[2] == answer["ResponseMetadata"]["RequestId"], lines
answer = client.invoke(FunctionName="echo", Payload=b'{"fail": "boom"}')
assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled", answer
assert json.loads(answer["Payload"].read())["errorMessage"] == "boom"
context = base64.b64encode(json.dumps({"custom": {"k": "v"}}).encode()).decode()
answer = client.invoke(FunctionName="echo", ClientContext=context, Payload=b'{"context": true}')
assert json.loads(answer["Payload"].read())["client"]["custom"] == {"k": "v"}

# Refusals.
invoke = client.invoke
refused(invoke, "ResourceNotFoundException", "Function not found: arn:aws:lambda:eu-west-1:123456789012:function:nobody:$LATEST", 404, FunctionName="nobody")
refused(invoke, "ResourceNotFoundException", "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')", 404, FunctionName=ARN.replace("eu-west-1", "us-east-1"))
refused(invoke, "InvalidRequestContentException", "Could not parse request body into json: Could not parse payload into json: ", 400, FunctionName="echo", Payload=b"nonsense")
refused(invoke, "InvalidParameterValueException", "The derived qualifier from the function name does not match the specified qualifier.", 400, FunctionName="echo:1", Qualifier="2")
refused(invoke, "ResourceNotFoundException", "Function not found: " + ARN + ":live", 404, FunctionName="echo", Qualifier="live")
refused(invoke, "ResourceNotFoundException", "Function not found: " + ARN + ":7", 404, FunctionName="echo", Qualifier="7")
refused(invoke, "ValidationException", "at 'invocationType'", 400, FunctionName="echo", InvocationType="Sideways")
refused(invoke, "ValidationException", r"1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?", 400, FunctionName="a b")
refused(invoke, "RequestEntityTooLargeException", "Request must be smaller than 6291456 bytes for the InvokeFunction operation", 413, FunctionName="echo", Payload=b'"' + b"x" * 6291456 + b'"')
refused(invoke, "RequestEntityTooLargeException", "1048578 byte payload is too large for the Event invocation type (limit 1048576 bytes)", 413, FunctionName="echo", InvocationType="Event", Payload=b'"' + b"x" * 1048576 + b'"')
answer = refused(invoke, "TooManyRequestsException", "Rate Exceeded.", 429, FunctionName="full")
assert answer["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded", answer
assert answer["ResponseMetadata"]["HTTPHeaders"]["retry-after"]

# Functions.
assert client.get_function(FunctionName="echo")["Configuration"]["FunctionArn"] == ARN
configuration = client.get_function_configuration(FunctionName="echo")
for member, value in [
    ("Architectures", ["arm64" if os.uname().machine == "aarch64" else os.uname().machine]),
    ("LoggingConfig", {"LogFormat": "Text", "LogGroup": "/aws/lambda/echo"}),
    ("SnapStart", {"ApplyOn": "None", "OptimizationStatus": "Off"}),
]:
    assert configuration[member] == value, configuration
assert configuration["CodeSize"] > 1000 and not {"VpcConfig", "DeadLetterConfig"} & set(configuration), configuration
update, dead = client.update_function_configuration, "arn:aws:sqs:eu-west-1:123456789012:dead"
changed = update(FunctionName="echo", DeadLetterConfig={"TargetArn": dead}, VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})
assert changed["DeadLetterConfig"] == {"TargetArn": dead} and changed["VpcConfig"] == {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}, changed
refused(update, "InvalidParameterValueException", "SubnetIds and SecurityIds must coexist or be both empty list.", 400, FunctionName="echo", VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": []})
refused(update, "ValidationException", "'deadLetterConfig.targetArn' failed to satisfy constraint", 400, FunctionName="echo", DeadLetterConfig={"TargetArn": "dead"})
changed = update(FunctionName="echo", DeadLetterConfig={"TargetArn": ""}, VpcConfig={"SubnetIds": [], "SecurityGroupIds": []})
assert not {"VpcConfig", "DeadLetterConfig"} & set(changed), changed
assert client.get_function_configuration(FunctionName="echo")["Timeout"] == 60
assert [f["FunctionName"] for f in client.list_functions()["Functions"]] == ["echo", "full"]

# Policies.
refused(client.get_policy, "ResourceNotFoundException", "The resource you requested does not exist.", 404, FunctionName="echo")
refused(client.remove_permission, "ResourceNotFoundException", "No policy is associated with the given resource.", 404, FunctionName="echo", StatementId="s3")
permission = dict(FunctionName="echo", StatementId="s3", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::uploads")
added = json.loads(client.add_permission(**permission)["Statement"])
expected = {"Sid": "s3", "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "lambda:InvokeFunction", "Resource": ARN, "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::uploads"}}}
assert added == expected and list(added) == list(expected), added
refused(client.add_permission, "ResourceConflictException", "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement.", 409, **permission)
refused(client.add_permission, "ValidationException", "1 validation error detected: Value 'a.b' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)", 400, **{**permission, "StatementId": "a.b"})
refused(client.add_permission, "InvalidParameterValueException", "The provided principal was invalid. Please check the principal and try again.", 400, **{**permission, "StatementId": "t", "Principal": "nobody"})
refused(client.add_permission, "InvalidParameterValueException", "We currently do not support adding policies for $LATEST.", 400, Qualifier="$LATEST", **permission)
refused(client.add_permission, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id", 412, RevisionId="x", **{**permission, "StatementId": "t"})
for qualifier, code, text, status in [
    ("7", "ResourceNotFoundException", f"Function not found: {ARN}:7", 404),
    ("$x", "ResourceNotFoundException", f"Function not found: {ARN}:$x", 404),
    ("live", "ResourceNotFoundException", f"Cannot find alias arn: {ARN}:live", 404),
    ("a?b", "ValidationException", r"regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+", 400),
]:
    refused(client.add_permission, code, text, status, Qualifier=qualifier, **permission)
refused(client.add_permission, "ResourceNotFoundException", "Function not found: " + ARN.replace("echo", "nobody"), 404, **{**permission, "FunctionName": "nobody"})
refused(client.get_policy, "ResourceNotFoundException", "The resource you requested does not exist.", 404, FunctionName="nobody")
refused(client.remove_permission, "ResourceNotFoundException", "No policy found for: " + ARN.replace("echo", "nobody"), 404, FunctionName="nobody", StatementId="s3")
for sid, arguments, principal, condition in [
    ("any", {"Principal": "*", "SourceAccount": "111111111111"}, "*", {"StringEquals": {"AWS:SourceAccount": "111111111111"}}),
    ("account", {"Principal": "111111111111"}, {"AWS": "arn:aws:iam::111111111111:root"}, None),
    ("user", {"Principal": "arn:aws:iam::111111111111:user/ada"}, {"AWS": "arn:aws:iam::111111111111:user/ada"}, None),
    (
        "all",
        {"Principal": "*", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE", "SourceAccount": "111111111111", "PrincipalOrgID": "o-1234567890", "SourceArn": "arn:aws:s3:::uploads"},
        "*",
        {"StringEquals": {"AWS:SourceAccount": "111111111111", "lambda:FunctionUrlAuthType": "NONE", "aws:PrincipalOrgID": "o-1234567890"}, "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::uploads"}},
    ),
    ("alexa", {"Principal": "alexa-appkit.amazon.com", "EventSourceToken": "amzn1.ask.skill.x"}, {"Service": "alexa-appkit.amazon.com"}, {"StringEquals": {"lambda:EventSourceToken": "amzn1.ask.skill.x"}}),
    ("url", {"Principal": "*", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"}, "*", {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}),
]:
    added = json.loads(client.add_permission(**{"FunctionName": "echo", "Action": "lambda:InvokeFunction", "StatementId": sid, **arguments})["Statement"])
    assert added["Principal"] == principal and added.get("Condition") == condition, added
policy = client.get_policy(FunctionName="echo")
document = json.loads(policy["Policy"])
assert [s["Sid"] for s in document["Statement"]] == ["s3", "any", "account", "user", "all", "alexa", "url"] and document["Id"] == "default", document
refused(client.remove_permission, "ResourceNotFoundException", "Statement nobody is not found in resource policy.", 404, FunctionName="echo", StatementId="nobody")
client.remove_permission(FunctionName="echo", StatementId="url", RevisionId=policy["RevisionId"])
for sid in ["s3", "any", "account", "user", "all", "alexa"]:
    client.remove_permission(FunctionName="echo", StatementId=sid)
refused(client.get_policy, "ResourceNotFoundException", "The resource you requested does not exist.", 404, FunctionName="echo")

# Settings for asynchronous events.
get, put = client.get_function_event_invoke_config, client.put_function_event_invoke_config
none = f"The function {ARN}:$LATEST doesn't have an EventInvokeConfig"
refused(get, "ResourceNotFoundException", none, 404, FunctionName="echo")
refused(put, "ResourceNotFoundException", "The function doesn't exist.", 404, FunctionName="nobody", MaximumRetryAttempts=1)
refused(put, "InvalidParameterValueException", "You must specify at least one of error handling or destination setting.", 400, FunctionName="echo")
answer = put(FunctionName="echo", MaximumRetryAttempts=0)
assert answer["MaximumRetryAttempts"] == 0 and answer["FunctionArn"] == f"{ARN}:$LATEST", answer
assert answer["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}} and answer["LastModified"], answer
answer = put(FunctionName="echo", MaximumEventAgeInSeconds=60)
assert answer["MaximumEventAgeInSeconds"] == 60 and "MaximumRetryAttempts" not in answer, answer
answer = client.update_function_event_invoke_config(FunctionName="echo", MaximumRetryAttempts=1)
assert answer["MaximumEventAgeInSeconds"] == 60 and answer["MaximumRetryAttempts"] == 1, answer
for destination, text in [
    (ARN, "You can't specify the function as a destination for itself."),
    (ARN.replace("echo", "nobody"), "The destination ARN " + ARN.replace("echo", "nobody") + " is invalid."),
    ("arn:aws:iam::123456789012:role/x", "The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:iam::123456789012:role/x), onFailure=null) is invalid."),
]:
    refused(put, "InvalidParameterValueException", text, 400, FunctionName="echo", DestinationConfig={"OnSuccess": {"Destination": destination}})
refused(put, "ValidationException", "at 'destinationConfig.onFailure.destination' failed to satisfy constraint: Member must satisfy regular expression pattern: $|kafka://([^.]([a-zA-Z0-9\\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)", 400, FunctionName="echo", DestinationConfig={"OnFailure": {"Destination": "queue"}})
assert len(client.list_function_event_invoke_configs(FunctionName="echo")["FunctionEventInvokeConfigs"]) == 1
client.delete_function_event_invoke_config(FunctionName="echo")
refused(client.delete_function_event_invoke_config, "ResourceNotFoundException", none, 404, FunctionName="echo")

# Loops.
assert client.get_function_recursion_config(FunctionName="echo")["RecursiveLoop"] == "Terminate"
put = client.put_function_recursion_config
refused(put, "ValidationException", "at 'recursiveLoop' failed to satisfy constraint: Member must satisfy enum value set: [Terminate, Allow]", 400, FunctionName="echo", RecursiveLoop="Never")
for wanted in ["Allow", "Terminate"]:
    assert put(FunctionName="echo", RecursiveLoop=wanted)["RecursiveLoop"] == wanted
    assert client.get_function_recursion_config(FunctionName="echo")["RecursiveLoop"] == wanted
print("all well")
