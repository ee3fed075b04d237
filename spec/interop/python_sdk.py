"""The create flow with the official Python SDK, with both of its signatures."""

import os
import sys
import time
import uuid
from importlib.metadata import version
from pathlib import Path

from alibabacloud_dataworks_public20200518 import models
from alibabacloud_dataworks_public20200518.client import Client
from alibabacloud_tea_openapi import models as openapi

PROJECT = 10000
TASK = "DI_REALTIME"
TABLE = "用户 (a+b)*~'😀"
SCRIPT = Path(__file__).parent.parent / "scripts" / "mysql_to_odps.json"
SIGNATURES = {"ACS3-HMAC-SHA256": None, "HMAC-SHA1": "v2"}


def connect(algorithm, secret=None):
    return Client(
        openapi.Config(
            access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            access_key_secret=secret or os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            endpoint=os.environ["ALIBABA_CLOUD_ENDPOINT"].partition("://")[2],
            region_id=os.environ["ALIBABA_CLOUD_REGION_ID"],
            protocol="http",
            signature_algorithm=algorithm,
        )
    )


def generate(client):
    return client.generate_disync_task_config_for_creating(
        models.GenerateDISyncTaskConfigForCreatingRequest(
            project_id=PROJECT,
            task_type=TASK,
            task_param=SCRIPT.read_text("utf-8").replace("molin_di_test_in_pk_v4", TABLE),
            client_token=str(uuid.uuid4()),
        )
    ).body.data.process_id


def wait(client, process_id):
    request = models.QueryDISyncTaskConfigProcessResultRequest(
        project_id=PROJECT, task_type=TASK, async_process_id=process_id
    )
    for _ in range(100):
        data = client.query_disync_task_config_process_result(request).body.data
        if data and data.task_content:
            return data.task_content
        time.sleep(0.1)
    raise RuntimeError("the configuration was not ready after 100 queries")


def create(client, task_content):
    return client.create_disync_task(
        models.CreateDISyncTaskRequest(
            project_id=PROJECT,
            task_type=TASK,
            task_name=f"interop_{uuid.uuid4().hex}",
            task_content=task_content,
            client_token=str(uuid.uuid4()),
        )
    ).body.data.file_id


def get(client, file_id):
    request = models.GetDISyncTaskRequest(project_id=PROJECT, task_type=TASK, file_id=file_id)
    return client.get_disync_task(request).body.data


def code_with_wrong_secret(algorithm):
    try:
        generate(connect(algorithm, secret="wrong"))
    except Exception as error:  # the errors of the SDK have no common base class
        return getattr(error, "code", str(error))
    return "none"


def check(name, algorithm):
    client = connect(algorithm)
    process_id = generate(client)
    file_id = create(client, wait(client, process_id))
    task = get(client, file_id)
    if not task.code or TABLE not in task.code:
        raise RuntimeError(f"the task came back without its tables: {task}")
    refused = code_with_wrong_secret(algorithm)
    if refused != "SignatureDoesNotMatch":
        raise RuntimeError(f"a wrong secret was answered with {refused}")
    return f"ProcessId {process_id}, FileId {file_id}, wrong secret: {refused}"


failed = False
for name, algorithm in SIGNATURES.items():
    sdk = f"alibabacloud-dataworks-public20200518 {version('alibabacloud-dataworks-public20200518')}, {name}"
    try:
        print(f"ok      {sdk}: {check(name, algorithm)}")
    except Exception as error:
        failed = True
        print(f"failed  {sdk}: {error}")
sys.exit(failed)
