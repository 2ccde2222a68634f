"""Takes an order over HTTP and queues it; takes it from the queue and has it billed. Tells X-Ray."""

import json
import os
import secrets
import socket
import time

import boto3


def handler(event, context):
    if "Records" in event:
        with subsegment("Lambda", "Invoke"):
            boto3.client("lambda").invoke(FunctionName="bill", Payload=b"{}")
        return {}
    with subsegment("SQS", "SendMessage") as header:
        attribute = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}}
        boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody="{}",
                                         MessageSystemAttributes=attribute)
    return {"statusCode": 202, "body": "queued"}


def bill(event, context):
    return {"billed": True}


class subsegment:
    """A call, told to the daemon when it is done; what it calls hangs below it."""

    def __init__(self, name, operation):
        self.name, self.operation, self.id = name, operation, secrets.token_hex(8)

    def __enter__(self):
        self.start, self.before = time.time(), os.environ["_X_AMZN_TRACE_ID"]
        self.of = dict(part.split("=") for part in self.before.split(";"))
        os.environ["_X_AMZN_TRACE_ID"] = self.before.replace(self.of["Parent"], self.id)
        return os.environ["_X_AMZN_TRACE_ID"]

    def __exit__(self, kind, error, trace):
        os.environ["_X_AMZN_TRACE_ID"] = self.before
        document = {"name": self.name, "id": self.id, "type": "subsegment", "namespace": "aws",
                    "trace_id": self.of["Root"], "parent_id": self.of["Parent"],
                    "start_time": self.start, "end_time": time.time(),
                    "aws": {"operation": self.operation}, "annotations": {"ok": error is None}}
        text = '{"format": "json", "version": 1}\n' + json.dumps(document)
        host, port = os.environ["AWS_XRAY_DAEMON_ADDRESS"].split(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
            daemon.sendto(text.encode(), (host, int(port)))
