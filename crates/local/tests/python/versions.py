"""Publishes versions and moves aliases through boto3; a second run finds them after a restart."""

import base64
import json
import os
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:echo"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
[_, endpoint, code, program, native, run] = sys.argv
client = boto3.client(
    "lambda",
    endpoint_url=endpoint,
    region_name="eu-west-1",
    aws_access_key_id="a",
    aws_secret_access_key="b",
    config=Config(retries={"max_attempts": 0}, parameter_validation=False, read_timeout=120),
)
ECHO = {"FunctionName": "echo"}
MISSING, INVALID, TAKEN = "ResourceNotFoundException", "InvalidParameterValueException", "ResourceConflictException"


def refused(call, code, text, status, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        response = error.response
        message = response["Error"].get("Message") or response.get("Message") or response.get("message")
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status), response
        assert message == text, response
        return
    raise AssertionError(f"{call} was not refused")


def answered(event, version, **arguments):
    answer = client.invoke(Payload=json.dumps(event), **{**ECHO, **arguments})
    assert answer["ExecutedVersion"] == version and "FunctionError" not in answer, answer
    return json.loads(answer["Payload"].read())


def variable(name, version, **arguments):
    return answered({"variable": name}, version, **arguments)


def deploy(mark):
    """New code, as a build would leave it; the configuration changes, so that it is taken up."""
    with open(code + ".new", "w") as script:
        script.write(f"#!/bin/sh\nexport MARK={mark}\nexec '{program}'\n")
    os.chmod(code + ".new", 0o755)
    os.rename(code + ".new", code)
    return client.update_function_configuration(**ECHO, Description=f"made of {mark}")


def listed(**arguments):
    return [version["Version"] for version in client.list_versions_by_function(**ECHO, **arguments)["Versions"]]


def without(answer, *names):
    answer = {name: value for name, value in answer.items() if name not in ("ResponseMetadata", "RevisionId", *names)}
    return answer


def after_restart():
    assert listed() == ["$LATEST", "1", "3"], listed()
    for version, mark in [("1", "one"), ("3", "three")]:
        assert variable("MARK", version, Qualifier=version) == mark
    assert variable("PLACE", "3", Qualifier="3") == "harbor" and variable("PLACE", "1", Qualifier="1") is None
    third = client.get_function_configuration(**ECHO, Qualifier="3")
    assert (third["Timeout"], third["MemorySize"], third["Description"]) == (77, 256, "made of three"), third
    # What was changed of the function itself is again as it was defined.
    latest = client.get_function_configuration(**ECHO)
    assert latest["Timeout"] == 60 and latest["Description"] == "" and "PLACE" not in str(latest), latest
    live = client.get_alias(**ECHO, Name="live")
    assert live["FunctionVersion"] == "1" and live["RoutingConfig"] == {"AdditionalVersionWeights": {"3": 1.0}}, live
    assert variable("MARK", "3", Qualifier="live") == "three"
    policy = json.loads(client.get_policy(**ECHO, Qualifier="live")["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["s3"], policy
    assert answered([1], "1", FunctionName="native:1") == [1]
    config = client.get_function_event_invoke_config(**ECHO, Qualifier="live")
    assert config["MaximumRetryAttempts"] == 0 and config["LastModified"], config
    refused(client.get_function_event_invoke_config, MISSING, f"The function {ARN}:$LATEST doesn't have an EventInvokeConfig", 404, **ECHO)
    # Numbers are not used again, even if they belong to nothing.
    assert client.publish_version(**ECHO)["Version"] == "5"
    assert client.publish_version(**ECHO)["Version"] == "5"


if run == "again":
    after_restart()
    print("all well")
    sys.exit()

# A first version.
deploy("one")
assert listed() == ["$LATEST"]
latest = client.get_function(**ECHO)["Configuration"]
assert latest["Version"] == "$LATEST" and latest["Description"] == "made of one" and latest["FunctionArn"] == ARN, latest
refused(client.publish_version, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id", 412, **ECHO, RevisionId="wrong")
refused(client.publish_version, INVALID, f"CodeSHA256 (x) is different from current CodeSHA256 in $LATEST ({latest['CodeSha256']}). Please try again with the CodeSHA256 in $LATEST.", 400, **ECHO, CodeSha256="x")
refused(client.publish_version, MISSING, "Function not found: " + ARN.replace("echo", "nobody"), 404, FunctionName="nobody")
first = client.publish_version(**ECHO, Description="First", RevisionId=latest["RevisionId"], CodeSha256=latest["CodeSha256"])
assert first["ResponseMetadata"]["HTTPStatusCode"] == 201
assert (first["Version"], first["FunctionArn"], first["Description"]) == ("1", f"{ARN}:1", "First"), first
assert (first["State"], first["LastUpdateStatus"], first["CodeSha256"]) == ("Active", "Successful", latest["CodeSha256"]), first
assert client.get_function_configuration(**ECHO)["RevisionId"] not in (latest["RevisionId"], first["RevisionId"])
again = client.publish_version(**ECHO, Description="Again")
assert without(again) == without(first) and again["RevisionId"] == first["RevisionId"], again

# It keeps its code and its settings.
changed = deploy("two")
assert changed["Description"] == "made of two" and changed["Version"] == "$LATEST", changed
second = client.publish_version(**ECHO)
assert (second["Version"], second["Description"]) == ("2", "made of two"), second
deploy("three")
changed = client.update_function_configuration(**ECHO, Timeout=77, MemorySize=256, Environment={"Variables": {"PLACE": "harbor"}})
assert (changed["Timeout"], changed["MemorySize"], changed["Environment"]) == (77, 256, {"Variables": {"PLACE": "harbor"}}), changed
assert client.publish_version(**ECHO)["Version"] == "3"
for version, mark, place, memory in [("1", "one", None, "128"), ("2", "two", None, "128"), ("3", "three", "harbor", "256"), ("$LATEST", "three", "harbor", "256")]:
    there = {"Qualifier": version}
    assert variable("MARK", version, **there) == mark, version
    assert variable("PLACE", version, **there) == place
    assert variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", version, **there) == memory
    assert variable("AWS_LAMBDA_FUNCTION_VERSION", version, **there) == version
    assert f"[{version}]" in variable("AWS_LAMBDA_LOG_STREAM_NAME", version, **there)
    assert answered({"context": True}, version, **there)["arn"] == f"{ARN}:{version}"
    assert client.get_function(**ECHO, **there)["Configuration"]["FunctionArn"] == f"{ARN}:{version}"
assert variable("MARK", "1", FunctionName=f"{ARN}:1") == variable("MARK", "1", FunctionName="echo:1") == "one"
tail = client.invoke(**ECHO, Qualifier="2", LogType="Tail", Payload="{}")["LogResult"]
assert base64.b64decode(tail).decode().splitlines()[0].endswith(" Version: 2"), tail
stream = client.invoke_with_response_stream(**ECHO, Qualifier="2", Payload="{}")
assert stream["ExecutedVersion"] == "2" and list(stream["EventStream"]), stream
assert [client.get_function_configuration(**ECHO, Qualifier=version)["Timeout"] for version in "123"] == [60, 60, 77]
assert listed() == ["$LATEST", "1", "2", "3"]
pages = client.get_paginator("list_versions_by_function").paginate(**ECHO, PaginationConfig={"PageSize": 3})
assert [[version["FunctionArn"] for version in page["Versions"]] for page in pages] == [[f"{ARN}:$LATEST", f"{ARN}:1", f"{ARN}:2"], [f"{ARN}:3"]]
assert "State" not in client.list_versions_by_function(**ECHO)["Versions"][1]
every = [function["FunctionArn"] for function in client.list_functions(FunctionVersion="ALL")["Functions"]]
assert [arn for arn in every if ":echo" in arn] == [f"{ARN}:{version}" for version in ["$LATEST", "1", "2", "3"]], every
assert len([f for f in client.list_functions()["Functions"] if f["FunctionName"] == "echo"]) == 1
for call in [client.invoke, client.get_function, client.get_function_configuration]:
    for nowhere in ["9", "nowhere"]:
        refused(call, MISSING, f"Function not found: {ARN}:{nowhere}", 404, **ECHO, Qualifier=nowhere)
update = client.update_function_configuration
refused(update, "ValidationException", "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1", 400, **ECHO, Timeout=0)
refused(update, INVALID, "the local engine cannot change `Handler`: change it where the function is defined", 400, **ECHO, Handler="a.b")

# A program is code by itself: the version runs a copy.
published = client.publish_version(FunctionName="native")
assert published["Version"] == "1" and published["CodeSha256"], published
os.remove(native)
update(FunctionName="native", Description="without its program")
assert "CodeSha256" not in client.get_function_configuration(FunctionName="native")
failed = client.invoke(FunctionName="native", Payload="{}")
assert json.loads(failed["Payload"].read())["errorType"] == "Runtime.InvalidEntrypoint", failed
assert answered([1], "1", FunctionName="native:1") == [1]

# Aliases.
create, get, move = client.create_alias, client.get_alias, client.update_alias
alias = create(**ECHO, Name="live", FunctionVersion="1")
assert alias["ResponseMetadata"]["HTTPStatusCode"] == 201
assert without(alias) == {"AliasArn": f"{ARN}:live", "Name": "live", "FunctionVersion": "1", "Description": ""}, alias
assert without(get(**ECHO, Name="live")) == without(alias)
live = {"Qualifier": "live"}
assert variable("MARK", "1", **live) == variable("MARK", "1", FunctionName=f"{ARN}:live") == "one"
assert answered({"context": True}, "1", **live)["arn"] == f"{ARN}:live"
shown = client.get_function(**ECHO, **live)["Configuration"]
assert (shown["FunctionArn"], shown["Version"], shown["RevisionId"]) == (f"{ARN}:live", "1", first["RevisionId"]), shown
moved = move(**ECHO, Name="live", FunctionVersion="2", Description="moved", RevisionId=alias["RevisionId"])
assert without(moved) == {**without(alias), "FunctionVersion": "2", "Description": "moved"} and moved["RevisionId"] != alias["RevisionId"], moved
assert variable("MARK", "2", **live) == "two"
for weight, version, mark in [(0.0, "2", "two"), (1.0, "3", "three")]:
    split = move(**ECHO, Name="live", RoutingConfig={"AdditionalVersionWeights": {"3": weight}})
    assert split["RoutingConfig"] == {"AdditionalVersionWeights": {"3": weight}} and split["Description"] == "moved", split
    assert {variable("MARK", version, **live) for _ in range(5)} == {mark}
refused(move, INVALID, "Invalid function version 3. Function version 3 is already included in routing configuration.", 400, **ECHO, Name="live", FunctionVersion="3")
assert "RoutingConfig" not in move(**ECHO, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
assert without(create(**ECHO, Name="2024-01-02", FunctionVersion="$LATEST"))["FunctionVersion"] == "$LATEST"
assert variable("MARK", "$LATEST", Qualifier="2024-01-02") == "three"
assert create(**ECHO, Name="both", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.5}}
names = lambda **arguments: [alias["Name"] for alias in client.list_aliases(**ECHO, **arguments)["Aliases"]]
assert names() == ["2024-01-02", "both", "live"] and names(FunctionVersion="2") == ["both", "live"] and names(FunctionVersion="3") == []
pages = client.get_paginator("list_aliases").paginate(**ECHO, PaginationConfig={"PageSize": 2})
assert [len(page["Aliases"]) for page in pages] == [2, 1]

some = {**ECHO, "Name": "custom", "FunctionVersion": "1"}
weights = lambda **weights: {"RoutingConfig": {"AdditionalVersionWeights": {name.strip("v"): weight for name, weight in weights.items()}}}
refused(create, INVALID, "Number of items in AdditionalVersionWeights cannot be greater than 1", 400, **some, **weights(v1=0.8, v2=0.2))
refused(create, "ValidationException", "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]", 400, **some, **weights(v2=2))
refused(create, INVALID, "Invalid function version 1. Function version 1 is already included in routing configuration.", 400, **some, **weights(v1=0.5))
refused(create, MISSING, f"Function not found: {ARN}:10", 404, **{**some, "FunctionVersion": "10"}, **weights(v2=0.5))
refused(create, MISSING, f"Function not found: {ARN}:10", 404, **some, **weights(v10=0.5))
refused(create, INVALID, "$LATEST is not supported for an alias pointing to more than 1 version", 400, **{**some, "FunctionVersion": "$LATEST"}, **weights(v1=0.5))
refused(create, MISSING, "Function not found: " + ARN.replace("echo", "nobody") + ":1", 404, **{**some, "FunctionName": "nobody"}, **weights(v2=0.5))
refused(create, TAKEN, f"Alias already exists: {ARN}:live", 409, **{**some, "Name": "live"})
refused(create, "ValidationException", "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)", 400, **{**some, "Name": "2024"})
refused(create, "ValidationException", r"1 validation error detected: Value 'live' at 'functionVersion' failed to satisfy constraint: Member must satisfy regular expression pattern: (\$LATEST(\.PUBLISHED)?|[0-9]+)", 400, **{**some, "FunctionVersion": "live"})
refused(get, MISSING, f"Cannot find alias arn: {ARN}:nowhere", 404, **ECHO, Name="nowhere")
refused(move, MISSING, f"Alias not found: {ARN}:nowhere", 404, **ECHO, Name="nowhere")
refused(move, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id", 412, **ECHO, Name="live", RevisionId="wrong")
update(**ECHO, Role="arn:aws:iam::123456789012:role/other")
client.publish_version(**ECHO)
refused(create, INVALID, "Specified versions must be associated with the same execution role", 400, **some, **weights(v4=0.5))

# Each has settings of its own.
permission = {"StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::uploads"}
for qualifier in ["live", "1"]:
    refused(client.get_policy, MISSING, "The resource you requested does not exist.", 404, **ECHO, Qualifier=qualifier)
    added = json.loads(client.add_permission(**ECHO, **permission, Qualifier=qualifier)["Statement"])
    assert added["Resource"] == f"{ARN}:{qualifier}", added
refused(client.get_policy, MISSING, "The resource you requested does not exist.", 404, **ECHO)
refused(client.add_permission, MISSING, f"Cannot find alias arn: {ARN}:nowhere", 404, **ECHO, **permission, Qualifier="nowhere")
config, put = client.get_function_event_invoke_config, client.put_function_event_invoke_config
for qualifier in ["live", "1", "nowhere", "9"]:
    none = f"The function {ARN}:{qualifier} doesn't have an EventInvokeConfig"
    refused(config, MISSING, none, 404, **ECHO, Qualifier=qualifier)
    refused(client.delete_function_event_invoke_config, MISSING, none, 404, **ECHO, Qualifier=qualifier)
refused(put, MISSING, "The function doesn't exist.", 404, **ECHO, Qualifier="nowhere", MaximumRetryAttempts=1)
refused(client.update_function_event_invoke_config, MISSING, f"The function {ARN}:live doesn't have an EventInvokeConfig", 404, **ECHO, **live, MaximumRetryAttempts=1)
for qualifier in [{}, {"Qualifier": "1"}, live]:
    answer = put(**ECHO, **qualifier, MaximumRetryAttempts=0)
    assert answer["FunctionArn"] == f"{ARN}:{qualifier.get('Qualifier', '$LATEST')}", answer
configs = client.list_function_event_invoke_configs(**ECHO)["FunctionEventInvokeConfigs"]
assert [config["FunctionArn"] for config in configs] == [f"{ARN}:$LATEST", f"{ARN}:1", f"{ARN}:live"], configs
client.delete_function_event_invoke_config(**ECHO)
assert config(**ECHO, **live)["MaximumRetryAttempts"] == 0
mapping = client.create_event_source_mapping(FunctionName=f"{ARN}:live", EventSourceArn=QUEUE, Enabled=False)
assert mapping["FunctionArn"] == f"{ARN}:live", mapping
refused(client.create_event_source_mapping, INVALID, "Function does not exist", 400, FunctionName="echo:nowhere", EventSourceArn=QUEUE)

# The end of versions and aliases.
delete = client.delete_function
refused(delete, INVALID, "$LATEST version cannot be deleted without deleting the function.", 400, **ECHO, Qualifier="$LATEST")
refused(delete, TAKEN, "Unable to delete version because the following aliases reference it: [both, live]", 409, **ECHO, Qualifier="2")
refused(delete, INVALID, "Deletion of aliases is not currently supported.", 400, **ECHO, Qualifier="live")
assert delete(**ECHO, Qualifier="9")["ResponseMetadata"]["HTTPStatusCode"] == 204
for _ in range(2):
    assert client.delete_alias(**ECHO, Name="both")["ResponseMetadata"]["HTTPStatusCode"] == 204
client.delete_alias(**ECHO, Name="2024-01-02")
move(**ECHO, Name="live", FunctionVersion="1", **weights(v3=1.0))
for version in ["2", "4"]:
    delete(**ECHO, Qualifier=version)
    refused(client.invoke, MISSING, f"Function not found: {ARN}:{version}", 404, **ECHO, Qualifier=version)
assert listed() == ["$LATEST", "1", "3"]
assert variable("MARK", "3", **live) == "three"
print("all well")
