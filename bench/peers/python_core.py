"""The calls of the official Python core: see calls.lua."""

import json
import re
import resource
import sys
import time
from pathlib import Path

from alibabacloud_tea_openapi import models
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_util.models import RuntimeOptions

endpoint, count = sys.argv[1].removeprefix("http://"), int(sys.argv[2])
script = json.loads(Path("spec/scripts/mysql_to_odps.json").read_text("utf-8"))
client = Client(models.Config(
    access_key_id="LTAI5tExampleExampleExam", access_key_secret="a-secret-of-thirty-characters-",
    endpoint=endpoint, protocol="http",
))
how = models.Params(
    action="GenerateDISyncTaskConfigForCreating", version="2020-05-18", protocol="HTTPS", pathname="/", method="POST",
    auth_type="AK", style="RPC", req_body_type="formData", body_type="json",
)


def call():
    query = {"ProjectId": "10000", "TaskType": "DI_REALTIME", "TaskParam": json.dumps(script, separators=(",", ":"))}
    reply = client.call_api(how, models.OpenApiRequest(query=query), RuntimeOptions())
    assert reply["body"]["Data"]["ProcessId"] == 10


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


for _ in range(count // 2):
    call()
used, began = cpu(), time.monotonic()
for _ in range(count):
    call()
used, wall = cpu() - used, time.monotonic() - began
peak = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text()).group(1)
print(used / count * 1e6, wall / count * 1e6, peak)
