"""Runs the life of a task with each installed SDK, each of its signatures, and with and without TLS.

Each SDK is in a program of its own. The program prints an object with its title and its signatures, then reads calls and
prints the replies, each a JSON object on a line:

    {"signature": "HMAC-SHA1", "scheme": "http", "host": "127.0.0.1:20000", "id": "...", "secret": "...", "token": "",
     "action": "GetDISyncTask", "params": {"ProjectId": 10000}, "form": ["TaskContent"]}

A reply is {"reply": the body}, {"code": the error code of the service}, or {"failure": what went wrong in the SDK}.
"""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from pathlib import Path

from tap import Tap

HERE, SDKS = Path(__file__).parent, Path(sys.argv[1])
SECONDS = 120  # after which a program that hangs is killed
PLAIN, TLS = os.environ["INTEROP_ENDPOINT"], os.environ["ALIBABA_CLOUD_ENDPOINT"]
KEYS = {name: os.environ[f"ALIBABA_CLOUD_ACCESS_KEY_{name.upper()}"] for name in ("id", "secret")} | {"token": ""}
TEMPORARY = {"id": "STS.emulator", "secret": "emulator-sts-secret", "token": "emulator-security-token"}
TASK = {"ProjectId": 10000, "TaskType": "DI_REALTIME"}
TABLE = "用户 (a+b)*~'😀&=%"
SCRIPT = (HERE.parent / "scripts" / "mysql_to_odps.json").read_text("utf-8").replace("molin_di_test_in_pk_v4", TABLE)
LIFE = [("DeployDISyncTask", "success"), ("StartDISyncInstance", "success"), ("GetDISyncInstanceInfo", "WAIT"),
        ("GetDISyncInstanceInfo", "RUN"), ("StopDISyncInstance", "success"), ("GetDISyncInstanceInfo", "KILLING"),
        ("GetDISyncInstanceInfo", "PAUSE"), ("TerminateDISyncInstance", "success"), ("DeleteDISyncTask", "success")]
# The older SDK for Java replaces this code if the string to sign in the message is its own.
OWN_CODES = {"SDK.InvalidAccessKeySecret": "SignatureDoesNotMatch"}

JAVA = ["java", "-XX:TieredStopAtLevel=1", "-Dslf4j.internal.verbosity=ERROR", "-cp", f"{SDKS}/java:{SDKS}/java/lib/*", "Client"]
PROGRAMS = {
    "python": [[f"{SDKS}/venv/bin/python", HERE / "client.py", name] for name in ("sdk", "core")],
    "python-oldest": [[f"{SDKS}/venv-oldest/bin/python", HERE / "client.py", f"oldest_{name}"] for name in ("sdk", "core")],
    "node": [["node", HERE / "client.js", name] for name in ("core", "older")],
    "java": [JAVA + [name] for name in ("core", "sdk", "older")],
    "go": [[f"{SDKS}/go/client", name] for name in ("core", "older")],
}


class Wrong(Exception):
    """A client or the emulator did something else than expected."""


class Program:
    def __init__(self, command):
        changes = {name: os.environ["DATAWORKS_CA_FILE"] for name in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS")}
        changes |= {"NODE_PATH": f"{SDKS}/node_modules", "PYTHONWARNINGS": "ignore"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                                        env={**os.environ, **changes})
        self.killer = threading.Timer(SECONDS, self.process.kill)
        self.killer.start()
        self.hello = self.read()

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"failure": "the program ended"}

    def ask(self, how):
        self.process.stdin.write(json.dumps(how) + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.killer.cancel()
        self.process.stdin.close()
        self.process.wait(10)


class Caller:
    """Makes calls with one signature to one endpoint. Counts the refusals."""

    def __init__(self, program, signature, endpoint):
        scheme, _, host = endpoint.partition("://")
        self.ask, self.lacks, self.refusals = program.ask, program.hello.get("lacks"), 0
        self.how = {"signature": signature, "scheme": scheme, "host": host, "form": ["TaskContent"]}

    def answer(self, action, keys=None, **params):
        return self.ask({**self.how, **KEYS, **(keys or {}), "action": action, "params": params})

    def reply(self, action, keys=None, **params):
        answer = self.answer(action, keys, **params)
        if "reply" not in answer:
            raise Wrong(f"{action}: {answer}")
        return answer["reply"]

    def call(self, action, keys=None, **params):
        return self.reply(action, keys, **params)["Data"]

    def refused(self, code, action, keys=None, **params):
        answer = self.answer(action, keys, **params)
        if OWN_CODES.get(answer.get("code"), answer.get("code")) != code:
            raise Wrong(f"{action} was not answered with {code} but with {answer}")
        self.refusals += 1


def control(path, body=None):
    request = urllib.request.Request(f"{PLAIN}/_emulator/{path}", None if body is None else json.dumps(body).encode())
    return json.load(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request))


def wait(caller, process_id):
    for _ in range(100):
        data = caller.call("QueryDISyncTaskConfigProcessResult", **TASK, AsyncProcessId=process_id)
        if data and data.get("TaskContent"):
            return data["TaskContent"]
    raise Wrong("the configuration was not ready after 100 queries")


def create(caller, name):
    generated = caller.call("GenerateDISyncTaskConfigForCreating", **TASK, TaskParam=SCRIPT, ClientToken=str(uuid.uuid4()))
    content, token = wait(caller, generated["ProcessId"]), str(uuid.uuid4())
    creating = {**TASK, "TaskName": name, "TaskContent": content, "ClientToken": token}
    ids = [caller.call("CreateDISyncTask", **creating)["FileId"] for _ in range(2)]
    if ids[0] != ids[1]:
        raise Wrong(f"the ClientToken made two tasks: {ids}")
    caller.refused("IdempotentParameterMismatch", "CreateDISyncTask", **{**creating, "TaskName": name + "_2"})
    return ids[0]


def live(caller, name):
    """Creates a task, follows it to its end, and returns its id."""
    file_id = create(caller, name)
    filters = {"Keyword": name} if caller.lacks == "NeedContent" else {"ExactFileName": name, "NeedContent": True}
    files = caller.call("ListFiles", ProjectId=10000, **filters)["Files"]
    if [file["FileId"] for file in files] != [file_id] or "NeedContent" in filters and TABLE not in files[0]["Content"]:
        raise Wrong(f"the file came back without its tables: {files}")
    if TABLE not in caller.call("GetDISyncTask", **TASK, FileId=file_id)["Code"]:
        raise Wrong("the task came back without its tables")
    states = [caller.call(action, **TASK, FileId=file_id)["Status"] for action, _ in LIFE]
    if states != [state for _, state in LIFE]:
        raise Wrong(f"the life of the task was {states}")
    return file_id


def publish(caller, name):
    """Creates a file, brings it into production and deletes it."""
    project = {"ProjectId": 10000}
    file = {**project, "FileId": caller.call("CreateFile", **project, FileName=f"{name}_sql", FileType=10, Content="select 1")}
    caller.reply("UpdateFile", **file, Content=f"select '{TABLE}'")
    for action in ("SubmitFile", "DeployFile"):
        deployment = {**project, "DeploymentId": caller.call(action, **file)}
        states = [caller.call("GetDeployment", **deployment)["Deployment"]["Status"] for _ in range(3)]
        if states != [0, 0, 1]:
            raise Wrong(f"the deployment of {action} had the states {states}")
    shown = caller.call("GetFile", **file)["File"]
    versions = caller.call("ListFileVersions", **file, PageNumber=1, PageSize=10)["FileVersions"]
    if shown["Content"] != f"select '{TABLE}'" or [version["FileVersion"] for version in versions] != [1]:
        raise Wrong(f"the file came back as {shown} with the versions {versions}")
    caller.reply("DeleteFile", **file)
    for action in ("ListResourceGroups", "ListDataSources"):
        if not caller.call(action, **project):
            raise Wrong(f"{action} returned nothing")


def refuse(caller, file_id):
    get = {"action": "GetDISyncTask", **TASK, "FileId": file_id}
    caller.refused("SignatureDoesNotMatch", keys={"secret": "wrong"}, **get)
    caller.refused("InvalidAccessKeyId.NotFound", keys={"id": "nobody"}, **get)
    caller.refused("InvalidAccessKeyId.Inactive", keys={"id": "disabled", "secret": "emulator-disabled-secret"}, **get)
    caller.refused("MissingFileId", "GetDISyncTask", **TASK)
    if caller.call("GetDISyncTask", **TASK, FileId=1)["Status"] != "fail":
        raise Wrong("a task that does not exist was found")
    caller.refused("NotServedByEmulator", "ListCalcEngines", ProjectId=10000, CalcEngineType="ODPS")
    caller.refused("InvalidSecurityToken.Malformed", keys={**TEMPORARY, "token": "wrong"}, **get)
    caller.refused("MissingSecurityToken", keys={**TEMPORARY, "token": ""}, **get)
    caller.call("ListFiles", keys=TEMPORARY, ProjectId=10000)


def work(caller):
    """Follows a job and its alarm rule in both versions of the API, with the classes that an SDK has for them."""
    source = [{"DataSourceName": "mysql_pub", "DataSourceProperties": {"Encoding": "UTF-8", "Timezone": "GMT+8"}}]
    rules = [{"Expression": TABLE, "ObjectType": "Table"}]
    resources = {"RealtimeResourceSettings": {"ResourceGroupIdentifier": "group"}}
    for version, member, name in (("2020-05-18", "Data", "JobName"), ("2024-05-18", "PagingInfo", "Name")):
        caller.how["version"] = version
        job = {"DIJobId": caller.reply(
            "CreateDIJob", ProjectId=10000, MigrationType="FullAndRealtimeIncremental", SourceDataSourceType="MySQL",
            DestinationDataSourceType="Hologres", SourceDataSourceSettings=source,
            DestinationDataSourceSettings=[{"DataSourceName": "holo"}], ResourceSettings=resources,
            TableMappings=[{"SourceObjectSelectionRules": rules}], **{name: f"job_{uuid.uuid4().hex}"})["DIJobId"]}
        alarm = {"DIAlarmRuleId": caller.reply(
            "CreateDIAlarmRule", **job, MetricType="Delay" if version < "2024" else "Heartbeat", Enabled=True, Name="alarm",
            NotificationSettings={"InhibitionInterval": 5}, TriggerConditions=[{"Severity": "Warning", "Threshold": 5}])["DIAlarmRuleId"]}
        shown = caller.reply("GetDIJob", **job, WithDetails=True)[member]
        wanted = [rules, resources, str(job["DIJobId"])]
        if [shown["TableMappings"][0]["SourceObjectSelectionRules"], shown["ResourceSettings"], str(shown["DIJobId"])] != wanted:
            raise Wrong(f"the job came back as {shown}")
        if isinstance(shown["DIJobId"], str) != (version == "2024-05-18"):
            raise Wrong(f"the id of the job came back as {shown['DIJobId']!r}")
        states = []
        for action in ("StartDIJob", "StopDIJob", None):
            if action:
                caller.reply(action, **job)
            states.append(caller.reply("GetDIJob", **job)[member]["JobStatus"])
        caller.reply("DeleteDIAlarmRule", **alarm)
        caller.reply("DeleteDIJob", **job)
        if states != ["Running", "Stopping", "Stopped"]:
            raise Wrong(f"the life of the job was {states}")
    del caller.how["version"]


def exceed(caller):
    """A URL that is too long is refused, and an SDK that sends all parameters in the form sends none."""
    answer = caller.answer("ListFiles", ProjectId=10000, Keyword="x" * 40000)
    if answer.get("code") != "RequestUriTooLong" and "reply" not in answer:
        raise Wrong(f"a URL of 40 KB was answered with {answer}")


def replay(caller, tap, name):
    """Sends a request again, byte by byte."""
    caller.call("ListFiles", ProjectId=10000, ExactFileName=name)
    status, body = tap.replay()
    if status != 400 or json.loads(body)["Code"] != "SignatureNonceUsed":
        raise Wrong(f"the same request was answered with {status} and {body}")
    caller.refusals += 1


def check(program, signature, endpoint):
    control("reset", {})
    name, tap = f"interop_{uuid.uuid4().hex}", None if endpoint == TLS else Tap(endpoint)
    caller = Caller(program, signature, tap.endpoint if tap else endpoint)
    file_id = live(caller, name)
    publish(caller, name)
    refuse(caller, file_id)
    exceed(caller)
    if program.hello.get("has_jobs"):
        work(caller)
    if tap:
        replay(caller, tap, name)
        others = {entry.get("algorithm", signature) for entry in control("journal")} - {signature}
        if others:
            raise Wrong(f"the calls were signed with {others}")
        tap.close()
    return f"the life of task {file_id}, {caller.refusals} refusals"


def run(command):
    program, failed = Program(command), False
    hello = program.hello
    for signature in hello.get("signatures", [None]):
        for endpoint in (PLAIN, TLS):
            scheme, started = endpoint.partition(":")[0], time.monotonic()
            if hello.get("lacks") == "https on other ports" and scheme == "https" and not endpoint.endswith(":443"):
                print(f"skipped {hello['title']}, {scheme}: it knows https on port 443 only")
                continue
            title = f"{hello.get('title', command)}, {signature}, {scheme}"
            try:
                result = check(program, signature, endpoint)
                print(f"ok      {title}: {result}, {time.monotonic() - started:.1f} s", flush=True)
            except Exception as error:
                failed = True
                print(f"failed  {title}: {error!r}", flush=True)
    program.close()
    return failed


installed = [name for name in PROGRAMS if (SDKS / name / "sdks").exists()]
failed = [command for name in installed for command in PROGRAMS[name] if run(command)]
for name in sorted(set(PROGRAMS) - set(installed)):
    print(f"skipped {name}: the SDKs are not installed")
sys.exit(bool(failed) or not installed)
