"""Makes, changes and removes event source mappings and reserved concurrency through boto3."""

import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:echo"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:orders"
STREAM = "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026-01-01T00:00:00.000"
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
        message = response["Error"].get("Message") or response.get("Message") or response.get("message")
        assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status), response
        assert text in message, response
        return
    raise AssertionError(f"{call} was not refused")


def without(answer, *more):
    for name in ["ResponseMetadata", "LastModified", "UUID", "EventSourceMappingArn", *more]:
        assert answer.pop(name), name
    return answer


create, get = client.create_event_source_mapping, client.get_event_source_mapping
update, delete = client.update_event_source_mapping, client.delete_event_source_mapping

# What was there from the start.
attached = client.list_event_source_mappings(EventSourceArn=QUEUE.replace("orders", "attached"))["EventSourceMappings"]
assert len(attached) == 1 and attached[0]["State"] == "Disabled" and attached[0]["BatchSize"] == 3, attached

# A queue.
answer = create(FunctionName="echo", EventSourceArn=QUEUE)
assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
uuid = answer["UUID"]
assert answer["EventSourceMappingArn"] == f"arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:{uuid}", answer
assert without(answer) == {
    "BatchSize": 10, "EventSourceArn": QUEUE, "FunctionArn": FUNCTION, "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0, "State": "Creating", "StateTransitionReason": "USER_INITIATED",
}, answer
assert get(UUID=uuid)["State"] == "Enabled"
answer = update(UUID=uuid, BatchSize=5, FunctionResponseTypes=["ReportBatchItemFailures"])
assert (answer["State"], answer["BatchSize"], answer["FunctionResponseTypes"]) == ("Updating", 5, ["ReportBatchItemFailures"]), answer
assert update(UUID=uuid, Enabled=False)["State"] == "Disabling"
assert get(UUID=uuid)["State"] == "Disabled" and get(UUID=uuid)["BatchSize"] == 5
assert update(UUID=uuid, Enabled=True)["State"] == "Enabling" and get(UUID=uuid)["State"] == "Enabled"

# A stream.
answer = create(FunctionName=f"123456789012:function:echo:$LATEST", EventSourceArn=STREAM, StartingPosition="TRIM_HORIZON", FilterCriteria={"Filters": []})
stream = answer["UUID"]
assert without(answer, "FunctionArn") == {
    "BatchSize": 100, "BisectBatchOnFunctionError": False, "DestinationConfig": {"OnFailure": {}}, "EventSourceArn": STREAM,
    "FunctionResponseTypes": [], "LastProcessingResult": "No records processed", "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1, "MaximumRetryAttempts": -1, "ParallelizationFactor": 1, "StartingPosition": "TRIM_HORIZON",
    "State": "Creating", "StateTransitionReason": "User action", "TumblingWindowInSeconds": 0,
}, answer
assert get(UUID=stream)["FunctionArn"] == f"{FUNCTION}:$LATEST"
for _ in range(100):
    if get(UUID=stream)["LastProcessingResult"] == "OK":
        break
    time.sleep(0.05)
else:
    raise AssertionError(get(UUID=stream))
off = create(FunctionName="echo", EventSourceArn=TABLE, StartingPosition="LATEST", Enabled=False)
assert off["State"] == "Disabled", off

# Lists.
pages = client.get_paginator("list_event_source_mappings").paginate(PaginationConfig={"PageSize": 1})
assert [len(page["EventSourceMappings"]) for page in pages] == [1, 1, 1, 1]
assert len(client.list_event_source_mappings(FunctionName="echo", EventSourceArn=STREAM)["EventSourceMappings"]) == 1
assert client.list_event_source_mappings(FunctionName="other")["EventSourceMappings"] == []

# Refusals.
invalid, arguments = "InvalidParameterValueException", {"FunctionName": "echo", "EventSourceArn": STREAM, "StartingPosition": "LATEST"}
refused(create, "ResourceConflictException", f'An event source mapping with SQS arn (" {QUEUE} ") and function (" echo ") already exists. Please update or delete the existing mapping with UUID {uuid}', 409, FunctionName="echo", EventSourceArn=QUEUE)
refused(create, "ResourceConflictException", f'The event source arn (" {TABLE} ") and function (" echo ") provided mapping already exists.', 409, **{**arguments, "EventSourceArn": TABLE})
refused(create, invalid, "Unrecognized event source.", 400, FunctionName="echo")
refused(create, invalid, "Function does not exist", 400, **{**arguments, "FunctionName": "nobody"})
refused(create, invalid, "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.", 400, FunctionName="other", EventSourceArn=STREAM)
refused(create, "ValidationException", "Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]", 400, **{**arguments, "StartingPosition": "invalid"})
refused(create, invalid, f"Unsupported starting position for arn type: {TABLE}", 400, **{**arguments, "EventSourceArn": TABLE, "StartingPosition": "AT_TIMESTAMP"})
refused(create, invalid, "Unsupported DestinationConfig parameter for given event source mapping type.", 400, **arguments, DestinationConfig={"OnSuccess": {"Destination": QUEUE}})
refused(create, invalid, "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10", 400, FunctionName="other", EventSourceArn=QUEUE, BatchSize=15)
refused(update, invalid, "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10", 400, UUID=uuid, BatchSize=15)
for pattern in ["null", "simple string", '{"eventSource":"aws:sqs"}', '{"eventSource":[]}']:
    refused(create, invalid, "Invalid filter pattern definition.", 400, FunctionName="other", EventSourceArn=QUEUE, FilterCriteria={"Filters": [{"Pattern": pattern}]})
refused(create, invalid, "SQS Error Code: AWS.SimpleQueueService.NonExistentQueue.", 400, FunctionName="echo", EventSourceArn=QUEUE.replace("orders", "missing"))
refused(create, invalid, "Stream not found: " + STREAM.replace("clicks", "missing"), 400, **{**arguments, "EventSourceArn": STREAM.replace("clicks", "missing")})
refused(create, invalid, "Required 'sourceAccessConfigurations' parameter is missing.", 400, FunctionName="echo", SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["k.example.com:9092"]}}, Topics=["t"])
nobody = "00000000-0000-4000-8000-000000000000"
for call in [get, update, delete]:
    refused(call, "ResourceNotFoundException", "The resource you requested does not exist.", 404, UUID=nobody)

# What an update takes away: by an empty text, or an object without members.
failed = {"OnFailure": {"Destination": QUEUE}}
changed = update(UUID=stream, DestinationConfig=failed, MaximumRetryAttempts=2, KMSKeyArn="arn:aws:kms:eu-west-1:123456789012:key/1")
assert changed["DestinationConfig"] == failed and changed["KMSKeyArn"], changed
changed = update(UUID=stream, DestinationConfig={"OnFailure": {"Destination": ""}}, KMSKeyArn="")
assert changed["DestinationConfig"] == {"OnFailure": {}} and "KMSKeyArn" not in changed, changed
changed = update(UUID=uuid, ScalingConfig={"MaximumConcurrency": 2}, FilterCriteria={"Filters": [{"Pattern": '{"body":["a"]}'}]})
assert changed["ScalingConfig"] == {"MaximumConcurrency": 2} and changed["FilterCriteria"], changed
refused(update, invalid, "exclude each other", 400, UUID=uuid, ProvisionedPollerConfig={"MinimumPollers": 2})
changed = update(UUID=uuid, ProvisionedPollerConfig={"MinimumPollers": 2}, ScalingConfig={}, FilterCriteria={})
assert changed["ProvisionedPollerConfig"] == {"MinimumPollers": 2}, changed
assert not {"ScalingConfig", "FilterCriteria"} & set(changed), changed
changed = update(UUID=uuid, ProvisionedPollerConfig={}, ScalingConfig={"MaximumConcurrency": 3})
assert "ProvisionedPollerConfig" not in changed and get(UUID=uuid)["ScalingConfig"] == {"MaximumConcurrency": 3}, changed

# The end.
assert delete(UUID=stream)["State"] == "Deleting"
refused(get, "ResourceNotFoundException", "The resource you requested does not exist.", 404, UUID=stream)

# Reserved concurrency.
name = {"FunctionName": "other"}
assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(**name)
assert client.put_function_concurrency(**name, ReservedConcurrentExecutions=0)["ReservedConcurrentExecutions"] == 0
assert client.get_function_concurrency(**name)["ReservedConcurrentExecutions"] == 0
assert client.get_function(**name)["Concurrency"] == {"ReservedConcurrentExecutions": 0}
refused(client.invoke, "TooManyRequestsException", "Rate Exceeded.", 429, **name)
refused(client.put_function_concurrency, invalid, "below its minimum value of [100].", 400, **name, ReservedConcurrentExecutions=901)
refused(client.put_function_concurrency, invalid, "Aliases and versions do not support this operation.", 400, FunctionName="other:$LATEST", ReservedConcurrentExecutions=1)
client.delete_function_concurrency(**name)
assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(**name)
assert client.invoke(**name, Payload=b"7")["Payload"].read() == b"7"
print("all well")
