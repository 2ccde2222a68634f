"""Sends messages with boto3, or waits for queues to be empty: `queues.py ENDPOINT send|drained`."""

import json
import sys
import time

import boto3

sqs = boto3.client(
    "sqs",
    endpoint_url=sys.argv[1],
    region_name="eu-west-1",
    aws_access_key_id="a",
    aws_secret_access_key="b",
)


def send():
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    orders = sqs.create_queue(
        QueueName="orders", Attributes={"VisibilityTimeout": "5", "RedrivePolicy": redrive}
    )["QueueUrl"]
    for start in range(0, 50, 10):
        entries = [
            {"Id": str(n), "MessageBody": json.dumps({"number": n, "kind": "order" if n % 5 else "other"})}
            for n in range(start, start + 10)
        ]
        assert not sqs.send_message_batch(QueueUrl=orders, Entries=entries).get("Failed")


def drained():
    """Waits until nothing is left of the orders, and prints the bodies of the dead."""
    orders = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    for _ in range(300):
        counts = sqs.get_queue_attributes(QueueUrl=orders, AttributeNames=names)["Attributes"]
        if all(counts[name] == "0" for name in names):
            break
        time.sleep(0.1)
    else:
        raise AssertionError(counts)
    dead = sqs.get_queue_url(QueueName="dead")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages", [])
    print(json.dumps([json.loads(message["Body"])["number"] for message in messages]))


{"send": send, "drained": drained}[sys.argv[2]]()
