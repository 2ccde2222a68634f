# The connections of one function on an account that others use too: what the command prints, and
# what boto3 sees afterwards.
import io, json, logging, os, subprocess, sys, zipfile

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


def run(*args, code=0):
    ran = subprocess.run(
        [command, *args, "--endpoint-url", endpoint],
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env={**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret-test", "AWS_EC2_METADATA_DISABLED": "true"},
    )
    assert ran.returncode == code, (args, ran.returncode, ran.stdout, ran.stderr)
    assert "secret" not in ran.stdout + ran.stderr
    return ran


# No function yet: one clear message, nothing written.
ran = run("connect", "--yes", code=1)
assert "orders" in ran.stderr and "Traceback" not in ran.stderr, ran.stderr

iam, functions, s3, sqs = client("iam"), client("lambda"), client("s3"), client("sqs")
trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
role = iam.create_role(RoleName="orders", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("bootstrap", "")
for name in ["orders", "others"]:
    functions.create_function(FunctionName=name, Runtime="provided.al2023", Role=role, Handler="bootstrap", Code={"ZipFile": code.getvalue()})
sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "180"})
s3.create_bucket(Bucket="acme-order-files", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
foreign = {"Id": "theirs", "LambdaFunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:others", "Events": ["s3:ObjectRemoved:*"]}
s3.put_bucket_notification_configuration(Bucket="acme-order-files", NotificationConfiguration={"LambdaFunctionConfigurations": [foreign]}, SkipDestinationValidation=True)
functions.add_permission(FunctionName="orders", StatementId="theirs", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn="arn:aws:sns:eu-west-1:123456789012:news")
iam.put_role_policy(RoleName="orders", PolicyName="theirs", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::theirs/*"}]}))


def there(call):
    """What a call answers, without the address and what AWS counts up; nothing where it is not there."""
    try:
        answer = call(FunctionName="orders")
    except functions.exceptions.ResourceNotFoundException:
        return None
    keep = ["AuthType", "Cors", "InvokeMode", "DestinationConfig", "MaximumRetryAttempts"]
    return {member: answer[member] for member in keep if member in answer}


def account():
    """Everything the command may touch, without what AWS counts up by itself."""
    return json.dumps({
        "notifications": s3.get_bucket_notification_configuration(Bucket="acme-order-files").get("LambdaFunctionConfigurations", []),
        "policy": json.loads(functions.get_policy(FunctionName="orders")["Policy"]),
        "role": sorted(iam.list_role_policies(RoleName="orders")["PolicyNames"]),
        "mappings": [mapping["EventSourceArn"] for mapping in functions.list_event_source_mappings()["EventSourceMappings"]],
        "url": there(functions.get_function_url_config),
        "asynchronous": there(functions.get_function_event_invoke_config),
    }, indent=1, sort_keys=True)


before = account()
diff = run("diff").stdout
assert diff.count("  + ") == 6, diff
# What comes with the code is not connect's to set, and values of variables are not shown.
assert "Environment has other values for TOKEN; Timeout is 3, not 30\n" in diff, diff
ran = run("connect", code=1)
assert "--yes" in ran.stderr, ran.stderr
run("connect", "--dry-run")
run("status", code=1)
assert account() == before, "something was written unasked"

ran = run("connect", "--yes")
print(ran.stderr, end="")
after = json.loads(account())
assert {entry["Id"] for entry in after["notifications"]} > {"theirs"}, after
assert len(after["mappings"]) == 1 and len(after["policy"]["Statement"]) == 2 and len(after["role"]) == 2, after
assert after["url"] == {"AuthType": "AWS_IAM", "Cors": {"AllowOrigins": ["https://app.example.com"]}, "InvokeMode": "BUFFERED"}, after
assert after["asynchronous"]["MaximumRetryAttempts"] == 1, after
assert after["asynchronous"]["DestinationConfig"]["OnFailure"]["Destination"].endswith(":orders-failed"), after
address = functions.get_function_url_config(FunctionName="orders")["FunctionUrl"]
assert f"connected URL of orders ({address})" in run("status").stdout
assert "no changes" in run("connect", "--yes").stdout and "no changes" in run("diff").stdout
assert json.loads(run("diff", "--output", "json").stdout)[0]["goal"] == "connect"
decision = json.loads(account())
assert decision == after, "a second connect wrote something"

run("disconnect", "--yes")
assert account() == before, (before, account())
run("status", code=1)
assert "no changes" in run("disconnect", "--yes").stdout
server.stop()
