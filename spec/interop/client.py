"""Makes calls with an official SDK for Python, which the first argument names. See scenario.py for the input and output."""

import json
import os
import sys
from importlib import import_module
from importlib.metadata import version
from urllib.parse import urlsplit

VERSION = "2020-05-18"
REGION = "cn-shanghai"


class Refused(Exception):
    """The service refused a call. The argument is the code."""


def sdk(how):
    """The newest SDKs of both versions with their classes of requests and replies."""
    package = f"alibabacloud_dataworks_public{how.get('version', VERSION).replace('-', '')}"
    client, models = import_module(f"{package}.client"), import_module(f"{package}.models")
    from alibabacloud_tea_openapi.models import Config
    from darabonba.exceptions import DaraException
    from darabonba.runtime import RuntimeOptions

    connection = client.Client(Config(
        access_key_id=how["id"], access_key_secret=how["secret"], security_token=how["token"], endpoint=how["host"],
        protocol=how["scheme"], signature_algorithm={"HMAC-SHA1": "v2"}.get(how["signature"]), region_id=REGION,
        ca=os.environ["DATAWORKS_CA_FILE"]))
    wanted = how["action"].lower() + "withoptions"
    method = next(getattr(connection, name) for name in dir(connection) if name.replace("_", "") == wanted)
    request = getattr(models, how["action"] + "Request")().from_map(how["params"])
    try:
        return method(request, RuntimeOptions()).body.to_map()
    except DaraException as error:
        raise Refused(error.code) from error


def oldest_sdk(how):
    """The oldest SDK. It lacks the actions of synchronization tasks, so the method below its actions is called."""
    from alibabacloud_dataworks_public20200518.client import Client
    from alibabacloud_tea_rpc.models import Config
    from alibabacloud_tea_util.models import RuntimeOptions
    from Tea.exceptions import TeaException

    connection = Client(Config(
        access_key_id=how["id"], access_key_secret=how["secret"], security_token=how["token"], endpoint=how["host"],
        protocol=how["scheme"], region_id=REGION))
    runtime = RuntimeOptions(ignore_ssl=True)  # the SDK accepts no file with certificates
    try:
        return connection.do_request(how["action"], "HTTPS", "POST", VERSION, "AK", None, how["params"], runtime)
    except TeaException as error:
        raise Refused(error.code) from error


def core(how):
    """The newest version of the older core."""
    from aliyunsdkcore.acs_exception.exceptions import ServerException
    from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkcore.http import protocol_type
    from aliyunsdkcore.request import CommonRequest

    keys = StsTokenCredential(how["id"], how["secret"], how["token"]) if how["token"] else AccessKeyCredential(how["id"], how["secret"])
    connection = AcsClient(region_id=REGION, credential=keys, verify=os.environ["DATAWORKS_CA_FILE"])
    request = CommonRequest(domain=how["host"], version=VERSION, action_name=how["action"])
    request.set_protocol_type(getattr(protocol_type, how["scheme"].upper()))
    request.set_method("POST")
    for name, value in how["params"].items():
        (request.add_body_params if name in how["form"] else request.add_query_param)(name, value)
    try:
        return json.loads(connection.do_action_with_exception(request))
    except ServerException as error:
        raise Refused(error.get_error_code()) from error


def oldest_core(how):
    """The oldest core that runs on Python 3. It knows https on port 443 only, and no security tokens."""
    from aliyunsdkcore.acs_exception.exceptions import ServerException
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkcore.http import protocol_type
    from aliyunsdkcore.profile import region_provider
    from aliyunsdkcore.request import RpcRequest

    address = urlsplit("//" + how["host"])
    region_provider.modify_point("dataworks", REGION, address.hostname)
    request = RpcRequest("dataworks", VERSION, how["action"], protocol=getattr(protocol_type, how["scheme"].upper()))
    request.set_method("POST")
    if how["token"]:
        request.add_query_param("SecurityToken", how["token"])
    for name, value in how["params"].items():
        (request.add_body_params if name in how["form"] else request.add_query_param)(name, value)
    try:
        connection = AcsClient(how["id"], how["secret"], REGION, port=address.port)
        return json.loads(connection.do_action_with_exception(request))
    except ServerException as error:
        raise Refused(error.get_error_code()) from error


BOTH, OLD = ["ACS3-HMAC-SHA256", "HMAC-SHA1"], ["HMAC-SHA1"]
SDKS = {
    "sdk": (sdk, BOTH, "alibabacloud-dataworks-public20200518", "alibabacloud-dataworks-public20240518", "alibabacloud-tea-openapi"),
    "oldest_sdk": (oldest_sdk, OLD, "alibabacloud-dataworks-public20200518", "alibabacloud-tea-rpc"),
    "core": (core, OLD, "aliyun-python-sdk-core"),
    "oldest_core": (oldest_core, OLD, "aliyun-python-sdk-core-v3"),
}
LACKS = {"oldest_core": "https on other ports"}


def answer(act, how):
    try:
        return {"reply": act(how)}
    except Refused as refused:
        return {"code": refused.args[0]}
    except Exception as error:  # the SDK failed, and the scenario shows why
        return {"failure": repr(error)}


act, signatures, *packages = SDKS[sys.argv[1]]
title = ", ".join(f"{name} {version(name)}" for name in packages)
print(json.dumps({"title": title, "signatures": signatures, "lacks": LACKS.get(sys.argv[1]), "has_jobs": act is sdk}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(act, json.loads(line))), flush=True)
