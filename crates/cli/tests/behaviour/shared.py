# A queue that engines share, and boto3 as what invokes them. Told on standard input, one line each:
# `invoke ENDPOINT FROM TO`, `left`, `drop`.
import json, sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://%s:%d" % server.get_host_and_port()


def client(service, endpoint):
    return boto3.client(service, region_name="eu-west-1", endpoint_url=endpoint,
                        aws_access_key_id="test", aws_secret_access_key="test",
                        config=Config(retries={"total_max_attempts": 1}))


sqs = client("sqs", endpoint)
queue = sqs.create_queue(QueueName="events", Attributes={"VisibilityTimeout": "4"})["QueueUrl"]
print(queue, flush=True)


def invoke(function, number):
    try:
        answer = function.invoke(FunctionName="orders", InvocationType="Event", Payload=str(number))
        return answer["StatusCode"]
    except function.exceptions.ServiceException as error:
        return error.response["Error"]["Code"]


for line in sys.stdin:
    word, *rest = line.split()
    if word == "invoke":
        function = client("lambda", rest[0])
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(lambda number: invoke(function, number), range(int(rest[1]), int(rest[2])))
            print(json.dumps(sorted(set(answers))), flush=True)
    elif word == "left":
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed"]
        values = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        print(sum(int(value) for value in values.values()), flush=True)
    elif word == "drop":
        sqs.delete_queue(QueueUrl=queue)
        print("dropped", flush=True)
server.stop()
