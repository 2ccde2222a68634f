# Two processes connect two functions to one bucket at once: both entries stand at the end.
import io, json, logging, os, pathlib, subprocess, sys, zipfile

import boto3
from moto.server import ThreadedMotoServer

command, folder = sys.argv[1:]
logging.getLogger("werkzeug").setLevel(logging.ERROR)
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "false"
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://%s:%d" % server.get_host_and_port()
keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def client(service):
    return boto3.client(service, region_name="eu-west-1", endpoint_url=endpoint, **keys)


iam, functions, s3 = client("iam"), client("lambda"), client("s3")
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = iam.create_role(RoleName="shared", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("bootstrap", "")
s3.create_bucket(Bucket="shared-files", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
topic = {"Id": "theirs", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:audit", "Events": ["s3:ObjectRemoved:*"]}
s3.put_bucket_notification_configuration(Bucket="shared-files", NotificationConfiguration={"TopicConfigurations": [topic]}, SkipDestinationValidation=True)

names = ["images", "videos", "sounds"]
for name in names:
    functions.create_function(FunctionName=name, Runtime="provided.al2023", Role=role, Handler="bootstrap", Code={"ZipFile": code.getvalue()})
    place = pathlib.Path(folder) / name
    place.mkdir()
    (place / "lambda-with.toml").write_text(f"""
account = "123456789012"
region = "eu-west-1"
[functions.{name}]
arn = "arn:aws:lambda:eu-west-1:123456789012:function:{name}"
[[functions.{name}.with]]
service = "s3"
bucket = "shared-files"
account = "123456789012"
prefix = "{name}/"
""")


def all_at_once(*args):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    running = [
        subprocess.Popen([command, *args, "--yes", "--endpoint-url", endpoint], cwd=pathlib.Path(folder) / name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for name in names
    ]
    for process in running:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors


def standing():
    found = s3.get_bucket_notification_configuration(Bucket="shared-files")
    assert [entry["Id"] for entry in found["TopicConfigurations"]] == ["theirs"], found
    return sorted(entry["LambdaFunctionArn"].split(":")[-1] for entry in found.get("LambdaFunctionConfigurations", []))


all_at_once("connect")
assert standing() == sorted(names), standing()
all_at_once("disconnect")
assert standing() == [], standing()
print("three processes, nothing lost")
