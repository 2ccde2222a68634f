# A mapping that is made while the engine runs, of a queue that is made while the engine runs.
import json, sys, time

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://%s:%d" % server.get_host_and_port()
print(endpoint, flush=True)
keys = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
functions = boto3.client("lambda", endpoint_url=sys.stdin.readline().strip(), **keys)
sqs = boto3.client("sqs", endpoint_url=endpoint, **keys)
# A read that was under way when the mapping was switched off takes a message with it for so long.
queue = sqs.create_queue(QueueName="late", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def left():
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    values = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in values.values())


def drained():
    deadline = time.monotonic() + 300
    while left() and time.monotonic() < deadline:
        time.sleep(0.1)
    return left() == 0


mapping = functions.create_event_source_mapping(FunctionName="app", EventSourceArn=arn, BatchSize=2)
for number in range(4):
    sqs.send_message(QueueUrl=queue, MessageBody=str(number))
print("first", drained(), flush=True)
functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
sqs.send_message(QueueUrl=queue, MessageBody="4")
time.sleep(2)
print("disabled", left(), flush=True)
functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
print("enabled", drained(), flush=True)
functions.delete_event_source_mapping(UUID=mapping["UUID"])
print("mappings", len(functions.list_event_source_mappings()["EventSourceMappings"]), flush=True)
try:
    functions.create_event_source_mapping(FunctionName="app", EventSourceArn=arn.replace("late", "missing"))
except functions.exceptions.InvalidParameterValueException as error:
    print("missing", "NonExistentQueue" in str(error), flush=True)
server.stop()
