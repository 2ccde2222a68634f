# A queue as an SDK of another language sees it: twelve orders, of which one cannot be accepted.
import json, sys, time

import boto3
from moto.server import ThreadedMotoServer
from moto.sqs.models import sqs_backends

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://%s:%d" % server.get_host_and_port()
sqs = boto3.client("sqs", region_name="eu-west-1", endpoint_url=endpoint,
                   aws_access_key_id="test", aws_secret_access_key="test")
queue = sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
for number in range(12):
    order = {"orderId": f"M-{number}", "total": 0 if number == 3 else 1}
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(order))
print(endpoint, flush=True)


def left():
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    values = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(value) for value in values.values())


def times():
    """How often the message that is left was received."""
    messages = sqs_backends["123456789012"]["eu-west-1"].queues["orders"]._messages
    return max((message.approximate_receive_count for message in messages), default=0)


deadline = time.monotonic() + 300
while (left() > 1 or times() < 3) and time.monotonic() < deadline:
    time.sleep(0.1)
print("one is left" if left() == 1 else f"{left()} are left", flush=True)
sys.stdin.readline()
messages = []
while not messages and time.monotonic() < deadline:
    messages = sqs.receive_message(QueueUrl=queue, AttributeNames=["All"], WaitTimeSeconds=1).get("Messages", [])
for message in messages:
    print(json.dumps({"body": message["Body"], "times": message["Attributes"]["ApproximateReceiveCount"]}), flush=True)
server.stop()
