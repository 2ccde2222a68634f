"""Provisions and reserves concurrency through boto3; a second run finds it after a restart."""

import json
import os
import sys
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

[_, endpoint, folder, run] = sys.argv
client = boto3.client(
    "lambda",
    endpoint_url=endpoint,
    region_name="eu-west-1",
    aws_access_key_id="a",
    aws_secret_access_key="b",
    config=Config(retries={"max_attempts": 0}, parameter_validation=False, read_timeout=120),
)
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:echo"
ECHO = {"FunctionName": "echo"}
INVALID, MISSING, TAKEN = "InvalidParameterValueException", "ResourceNotFoundException", "ResourceConflictException"
NONE = "ProvisionedConcurrencyConfigNotFoundException"
UNFIT = "The function resource provided must be an alias or a published version."
put, get = client.put_provisioned_concurrency_config, client.get_provisioned_concurrency_config
delete, reserve = client.delete_provisioned_concurrency_config, client.put_function_concurrency


def refused(call, code, text, status, typed=True, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        response = error.response
        message = response.get("message") or response.get("Message") or response["Error"]["Message"]
        found = response["Error"]["Code"], message, response["ResponseMetadata"]["HTTPStatusCode"]
        assert found == (code, text, status), response
        assert (response.get("Type") == "User") == typed, response
        return response
    raise AssertionError(f"{call} was not refused")


def kind(**arguments):
    event = {"variable": "AWS_LAMBDA_INITIALIZATION_TYPE"}
    answer = client.invoke(Payload=json.dumps(event), **{**ECHO, **arguments})
    return json.loads(answer["Payload"].read())


def numbers(config):
    names = ["Requested", "Available", "Allocated"]
    counts = [config[f"{name}ProvisionedConcurrentExecutions"] for name in names]
    return [*counts, config["Status"], config.get("StatusReason")]


def settled(name="echo", **arguments):
    for _ in range(1200):
        config = get(FunctionName=name, **arguments)
        if config["Status"] != "IN_PROGRESS":
            return numbers(config)
        time.sleep(0.05)
    raise AssertionError(config)


def provision(count, name="echo", **arguments):
    config = put(FunctionName=name, ProvisionedConcurrentExecutions=count, **arguments)
    assert config["ResponseMetadata"]["HTTPStatusCode"] == 202, config
    assert numbers(config)[0] == count and config["Status"] == "IN_PROGRESS", config
    return numbers(config)


def account():
    return client.get_account_settings()


one, live = {"Qualifier": "1"}, {"Qualifier": "live"}
if run == "again":
    assert settled(**live) == [2, 2, 2, "READY", None]
    assert kind(**live) == "provisioned-concurrency"
    refused(get, NONE, "No Provisioned Concurrency Config found for this function", 404, **ECHO, **one)
    print("all well")
    sys.exit()

# What an account has.
settings = account()
assert settings["AccountLimit"] == {
    "TotalCodeSize": 80530636800,
    "CodeSizeUnzipped": 262144000,
    "CodeSizeZipped": 52428800,
    "ConcurrentExecutions": 250,
    "UnreservedConcurrentExecutions": 250,
}, settings
size = client.get_function_configuration(**ECHO)["CodeSize"]
assert settings["AccountUsage"] == {"TotalCodeSize": size, "FunctionCount": 3} and size > 1000, settings
for name in ["echo", "slow", "broken"]:
    assert client.publish_version(FunctionName=name)["Version"] == "1"
client.create_alias(**ECHO, Name="live", FunctionVersion="1")
assert account()["AccountUsage"]["TotalCodeSize"] == 2 * size

# An initialization takes longer than ten seconds; until it is over, versions run on demand.
assert provision(1, "slow", **one) == [1, 0, 0, "IN_PROGRESS", None]
begun = time.monotonic()
assert kind(FunctionName="slow", **one) == "on-demand"

# What there is not.
refused(get, NONE, "No Provisioned Concurrency Config found for this function", 404, **ECHO, **one)
assert client.list_provisioned_concurrency_configs(**ECHO)["ProvisionedConcurrencyConfigs"] == []
refused(client.list_provisioned_concurrency_configs, MISSING, ARN.replace("echo", "nobody").join(["Function not found: ", ""]), 404, FunctionName="nobody")
for call, more, unfit in [(get, {}, UNFIT), (delete, {}, UNFIT), (put, {"ProvisionedConcurrentExecutions": 1}, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")]:
    for function in ["echo", "nobody"]:
        arn = ARN.replace("echo", function)
        refused(call, MISSING, f"Cannot find alias arn: {arn}:nowhere", 404, FunctionName=function, Qualifier="nowhere", **more)
        refused(call, MISSING, f"Function not found: {arn}:10", 404, FunctionName=function, Qualifier="10", **more)
    refused(call, INVALID, unfit, 400, **ECHO, Qualifier="$LATEST", **more)
assert delete(**ECHO, **one)["ResponseMetadata"]["HTTPStatusCode"] == 204
refused(put, "ValidationException", "1 validation error detected: Value '0' at 'provisionedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 1", 400, False, **ECHO, **one, ProvisionedConcurrentExecutions=0)

# Either a version has it, or aliases that lead there.
assert provision(1, **one) == [1, 0, 0, "IN_PROGRESS", None]
assert settled(**one) == [1, 1, 1, "READY", None]
refused(put, TAKEN, "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version", 409, **ECHO, **live, ProvisionedConcurrentExecutions=1)
assert kind(**one) == kind(**live) == "provisioned-concurrency" and kind() == "on-demand"

# What is too much for it runs on demand.
release, kinds = os.path.join(folder, "release"), []


def holds():
    event = {"until": release, "variable": "AWS_LAMBDA_INITIALIZATION_TYPE"}
    answer = client.invoke(Payload=json.dumps(event), **ECHO, **one)
    kinds.append(json.loads(answer["Payload"].read()))


held = []
while not held or kind(**one) != "on-demand":
    # One that came while `kind` ran is not on what is provisioned.
    held.append(threading.Thread(target=holds))
    held[-1].start()
    time.sleep(0.1)
open(release, "w").close()
for thread in held:
    thread.join()
assert kinds.count("provisioned-concurrency") == 1, kinds
for _ in range(1200):
    if kind(**one) == "provisioned-concurrency":
        break
    time.sleep(0.05)
else:
    raise AssertionError("it is not used again")
assert client.invoke(**ECHO, **one, Payload=b'{"exit": 1}')["FunctionError"] == "Unhandled"
for _ in range(1200):
    if kind(**one) == "provisioned-concurrency":
        break
    time.sleep(0.05)
else:
    raise AssertionError("what ended is not there again")

delete(**ECHO, **one)
assert kind(**one) == "on-demand"
provision(2, **live)
assert settled(**live) == [2, 2, 2, "READY", None]
refused(put, TAKEN, "Version is pointed by a Provisioned Concurrency alias", 409, **ECHO, **one, ProvisionedConcurrentExecutions=1)
assert kind(**one) == kind(**live) == "provisioned-concurrency"
listed = client.list_provisioned_concurrency_configs(**ECHO)["ProvisionedConcurrencyConfigs"]
assert [config["FunctionArn"] for config in listed] == [f"{ARN}:live"] and numbers(listed[0]) == [2, 2, 2, "READY", None], listed

# It moves with the alias.
client.update_function_configuration(**ECHO, Description="another")
assert client.publish_version(**ECHO)["Version"] == "2"
two = {"Qualifier": "2"}
client.update_alias(**ECHO, Name="live", FunctionVersion="2")
assert numbers(get(**ECHO, **live))[:3] == [2, 2, 2]
assert settled(**live) == [2, 2, 2, "READY", None]
assert kind(**live) == kind(**two) == "provisioned-concurrency" and kind(**one) == "on-demand"
refused(get, NONE, "No Provisioned Concurrency Config found for this function", 404, **ECHO, **two)
refused(client.update_alias, INVALID, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.", 400, **ECHO, Name="live", FunctionVersion="$LATEST")

# With what is reserved.
refused(reserve, INVALID, " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].", 400, False, **ECHO, ReservedConcurrentExecutions=1)
reserve(**ECHO, ReservedConcurrentExecutions=2)
assert account()["AccountLimit"]["UnreservedConcurrentExecutions"] == 248
response = refused(client.invoke, "TooManyRequestsException", "Rate Exceeded.", 429, **ECHO, Payload="{}")
assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded", response
assert kind(**live) == "provisioned-concurrency"
much = "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
refused(put, INVALID, much, 400, **ECHO, **one, ProvisionedConcurrentExecutions=1)
refused(put, INVALID, much, 400, **ECHO, **live, ProvisionedConcurrentExecutions=3)
client.delete_function_concurrency(**ECHO)
least = "decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
refused(put, INVALID, "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [247].", 400, False, **ECHO, **one, ProvisionedConcurrentExecutions=251)
refused(put, INVALID, f"Specified ConcurrentExecutions for function {least}", 400, False, **ECHO, **one, ProvisionedConcurrentExecutions=148)
refused(reserve, INVALID, f"Specified ReservedConcurrentExecutions for function {least}", 400, False, FunctionName="broken", ReservedConcurrentExecutions=148)

# One that does not start.
provision(1, "broken", **one)
assert kind(FunctionName="broken", **one) == "on-demand"
assert settled("broken", **one) == [1, 0, 0, "FAILED", "FUNCTION_ERROR_INIT_FAILURE"]
assert kind(FunctionName="broken", **one) == "on-demand"
client.create_alias(FunctionName="broken", Name="gone", FunctionVersion="1")
delete(FunctionName="broken", **one)
put(FunctionName="broken", Qualifier="gone", ProvisionedConcurrentExecutions=1)
client.delete_alias(FunctionName="broken", Name="gone")
refused(get, MISSING, f"Cannot find alias arn: {ARN.replace('echo', 'broken')}:gone", 404, FunctionName="broken", Qualifier="gone")
assert client.list_provisioned_concurrency_configs(FunctionName="broken")["ProvisionedConcurrencyConfigs"] == []

time.sleep(max(0, begun + 11 - time.monotonic()))
assert numbers(get(FunctionName="slow", **one)) == [1, 0, 0, "IN_PROGRESS", None]
open(os.path.join(folder, "started"), "w").close()
assert settled("slow", **one) == [1, 1, 1, "READY", None]
assert kind(FunctionName="slow", **one) == "provisioned-concurrency"
print("all well")
