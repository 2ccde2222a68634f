"""A Python function: answers with what it was given or nothing, or raises."""

import os


def handler(event, context):
    if event.get("print"):
        print(event["print"])
    if event.get("raise"):
        raise ValueError(event["raise"])
    if event.get("nothing"):
        return None
    return {
        "event": event,
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "remaining": context.get_remaining_time_in_millis(),
        "memory": os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    }
