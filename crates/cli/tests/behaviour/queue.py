# A queue as an SDK of another language sees it: twelve orders, of which one cannot be accepted.
import json, sys, time

import boto3
from moto.server import ThreadedMotoServer

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


deadline = time.monotonic() + 60
while left() > 1 and time.monotonic() < deadline:
    time.sleep(0.1)
time.sleep(3)
print("one is left" if left() == 1 else f"{left()} are left", flush=True)
sys.stdin.readline()
messages = []
while not messages and time.monotonic() < deadline:
    messages = sqs.receive_message(QueueUrl=queue, AttributeNames=["All"], WaitTimeSeconds=1).get("Messages", [])
for message in messages:
    print(json.dumps({"body": message["Body"], "times": message["Attributes"]["ApproximateReceiveCount"]}), flush=True)
server.stop()
