# What arrives at a queue, a topic, a bus and buckets, as an SDK of another language sees it.
import json, sys, time

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://%s:%d" % server.get_host_and_port()
keys = {"region_name": "eu-west-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
sqs, sns, events, s3, kinesis = (
    boto3.client(name, endpoint_url=endpoint, **keys) for name in ["sqs", "sns", "events", "s3", "kinesis"]
)
queues = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ["failed", "of-topic", "of-bus"]}
arn = "arn:aws:sqs:eu-west-1:123456789012:"
topic = sns.create_topic(Name="failed")["TopicArn"]
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn + "of-topic")
events.create_event_bus(Name="harbor")
events.put_rule(Name="all", EventBusName="harbor", EventPattern='{"source":["lambda"]}')
events.put_targets(Rule="all", EventBusName="harbor", Targets=[{"Id": "1", "Arn": arn + "of-bus"}])
s3.create_bucket(Bucket="failed", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
kinesis.create_stream(StreamName="clicks", ShardCount=1)
print(endpoint, flush=True)


def wait(get):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := get():
            return found
        time.sleep(0.1)


def message(name):
    received = sqs.receive_message(
        QueueUrl=queues[name], MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"], WaitTimeSeconds=1
    )
    return received.get("Messages")


def objects(prefix):
    return s3.list_objects_v2(Bucket="failed", Prefix=prefix).get("Contents")


def received(name):
    return (wait(lambda: message(name)) or [{}])[0]


def written(prefix):
    key = (wait(lambda: objects(prefix)) or [{}])[0]["Key"]
    return {"key": key, "body": json.loads(s3.get_object(Bucket="failed", Key=key)["Body"].read())}


# Without functions to invoke, only what comes of earlier ones is wanted.
if invoke := sys.stdin.readline().strip():
    functions = boto3.client("lambda", endpoint_url=invoke, **keys)
    for name in ["queue", "topic", "bucket", "nowhere"]:
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"fail": name}))
    functions.invoke(FunctionName="queue", InvocationType="Event", Payload=json.dumps({"well": 1}))
    kinesis.put_record(StreamName="clicks", PartitionKey="a", Data=b"fail")
    arrived = {
        "queue": received("failed"),
        "topic": received("of-topic"),
        "bus": received("of-bus"),
        "bucket": written("aws/lambda/async/"),
        "stream": written("aws/lambda/" + functions.list_event_source_mappings()["EventSourceMappings"][0]["UUID"]),
    }
else:
    arrived = {"queue": received("failed")}
print(json.dumps(arrived), flush=True)
server.stop()
