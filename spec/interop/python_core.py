"""The life of a task with the older official Python core: HMAC-SHA1, booleans as True, errors, and a repeated ClientToken."""

import json
import os
import sys
import uuid
from importlib.metadata import version
from pathlib import Path

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

TASK = {"ProjectId": "10000", "TaskType": "DI_REALTIME"}
TABLE = "用户 (a+b)*~'😀"
SCRIPT = Path(__file__).parent.parent / "scripts" / "mysql_to_odps.json"


def connect(secret):
    client = AcsClient(os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], secret, os.environ["ALIBABA_CLOUD_REGION_ID"])

    def call(action, **params):
        request = CommonRequest(
            domain=os.environ["ALIBABA_CLOUD_ENDPOINT"].partition("://")[2], version="2020-05-18", action_name=action
        )
        request.set_protocol_type("http")
        request.set_method("POST")
        for name, value in params.items():
            (request.add_body_params if name == "TaskContent" else request.add_query_param)(name, value)
        return json.loads(client.do_action_with_exception(request))

    return call


def expect(code, call, action, **params):
    try:
        call(action, **params)
    except ServerException as error:
        if error.get_error_code() == code:
            return
        raise
    raise RuntimeError(f"{action} was not answered with {code}")


def check():
    call = connect(os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"])
    script = SCRIPT.read_text("utf-8").replace("molin_di_test_in_pk_v4", TABLE)
    generated = call("GenerateDISyncTaskConfigForCreating", **TASK, TaskParam=script)
    content = None
    while not content:
        polled = call("QueryDISyncTaskConfigProcessResult", **TASK, AsyncProcessId=generated["Data"]["ProcessId"])
        content = (polled.get("Data") or {}).get("TaskContent")
    name, token = f"interop_{uuid.uuid4().hex}", str(uuid.uuid4())
    file_id = call("CreateDISyncTask", **TASK, TaskName=name, TaskContent=content, ClientToken=token)["Data"]["FileId"]
    repeated = call("CreateDISyncTask", **TASK, TaskName=name, TaskContent=content, ClientToken=token)["Data"]["FileId"]
    if repeated != file_id:
        raise RuntimeError(f"the ClientToken made two tasks: {file_id} and {repeated}")
    expect("IdempotentParameterMismatch", call, "CreateDISyncTask", **TASK, TaskContent=content, ClientToken=token)
    files = call("ListFiles", ProjectId=10000, ExactFileName=name, NeedContent=True)["Data"]["Files"]
    if len(files) != 1 or TABLE not in files[0]["Content"]:
        raise RuntimeError(f"the file came back without its tables: {files}")
    life = ["DeployDISyncTask", "StartDISyncInstance", "GetDISyncInstanceInfo", "GetDISyncInstanceInfo",
            "StopDISyncInstance", "GetDISyncInstanceInfo", "GetDISyncInstanceInfo", "TerminateDISyncInstance",
            "DeleteDISyncTask"]
    states = [call(action, **TASK, FileId=file_id)["Data"]["Status"] for action in life]
    if states != ["success", "success", "WAIT", "RUN", "success", "KILLING", "PAUSE", "success", "success"]:
        raise RuntimeError(f"the life of the task was {states}")
    expect("SignatureDoesNotMatch", connect("wrong"), "GetDISyncTask", **TASK, FileId=file_id)
    expect("MissingFileId", call, "GetDISyncTask", **TASK)
    expect("NotServedByEmulator", call, "ListProjects")
    return f"FileId {file_id}, the whole life of a task, 4 refusals"


sdk = f"aliyun-python-sdk-core {version('aliyun-python-sdk-core')}, HMAC-SHA1"
try:
    print(f"ok      {sdk}: {check()}")
except Exception as error:
    print(f"failed  {sdk}: {error!r}")
    sys.exit(1)
