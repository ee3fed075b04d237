"""A server that verifies what our client sends, with the signing code of the official Python core."""

import hmac
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

from alibabacloud_tea_openapi.utils import Utils

KEY, SECRET, TOKEN = "strict-id", "strict-secret", "strict/token+=="
FORM = "application/x-www-form-urlencoded"


def parse(text):
    return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True)) if text else {}


def problem_of_acs3(request, query, headers, body):
    algorithm, _, fields = headers["authorization"].partition(" ")
    fields = dict(field.split("=", 1) for field in fields.split(","))
    names = fields["SignedHeaders"].split(";")
    unsigned = [name for name in headers if name.startswith("x-acs-") and name not in names]
    payload = Utils.hex_encode(Utils.hash(body, algorithm))
    signed = SimpleNamespace(
        method=request.command, pathname=urlsplit(request.path).path, query=query, headers={n: headers[n] for n in names}
    )
    expected = Utils.get_authorization(signed, algorithm, payload, KEY, SECRET)
    if unsigned or "host" not in names:
        return f"unsigned headers: {unsigned}"
    if headers["x-acs-content-sha256"] != payload:
        return "the digest of the body is wrong"
    if not hmac.compare_digest(expected, headers["authorization"]):
        return f"the core signs {expected}"
    return None


def problem_of_rpc(request, query, form):
    if set(query) & set(form):
        return f"parameters in the query and in the form: {set(query) & set(form)}"
    params = {**query, **form}
    signature = params.pop("Signature")
    expected = Utils.get_rpcsignature(params, request.command, SECRET)
    return None if hmac.compare_digest(expected, signature) else f"the core signs {expected}"


class Strict(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    verified = Counter()
    nonces = set()
    places = set()

    def check(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        query = parse(urlsplit(self.path).query)
        form = parse(body.decode()) if headers.get("content-type", "").startswith(FORM) else {}
        if "authorization" in headers:
            algorithm = headers["authorization"].split(" ")[0]
            nonce, token = headers["x-acs-signature-nonce"], headers.get("x-acs-security-token")
            problem = problem_of_acs3(self, query, headers, body)
        else:
            algorithm = "HMAC-SHA1"
            nonce, token = {**query, **form}["SignatureNonce"], {**query, **form}.get("SecurityToken")
            problem = problem_of_rpc(self, query, form)
        self.places |= {(algorithm, place) for place, params in (("query", query), ("form", form)) if params}
        if nonce in self.nonces:
            problem = problem or "the nonce was used before"
        self.nonces.add(nonce)
        if token != TOKEN:
            problem = problem or f"the token is {token}"
        self.verified[algorithm] += 0 if problem else 1
        return problem

    def answer(self):
        problem = self.check()
        reply = {"RequestId": "R", "Success": True, "Data": {"Status": "success", "FileId": 1, "ProcessId": 1}}
        if problem:
            reply = {"RequestId": "R", "Code": "SignatureDoesNotMatch", "Message": problem}
        data = json.dumps(reply).encode()
        self.send_response(400 if problem else 200)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Strict)
threading.Thread(target=server.serve_forever, daemon=True).start()
environment = {
    **os.environ,
    "ALIBABA_CLOUD_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": KEY,
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": SECRET,
    "ALIBABA_CLOUD_SECURITY_TOKEN": TOKEN,
}
client = subprocess.run(
    ["lua5.4", Path(__file__).parent / "strict_client.lua"], env=environment, timeout=60, capture_output=True, text=True
)
server.shutdown()
title = f"our client, verified by alibabacloud-tea-openapi {version('alibabacloud-tea-openapi')}"
expected = {(name, place) for name in ("ACS3-HMAC-SHA256", "HMAC-SHA1") for place in ("query", "form")}
if client.returncode == 0 and Strict.places != expected:
    print(f"failed  {title}: parameters were only sent in {sorted(Strict.places)}")
    sys.exit(1)
if client.returncode == 0:
    print(f"ok      {title}: {', '.join(f'{count} calls with {name}' for name, count in sorted(Strict.verified.items()))}")
else:
    print(f"failed  {title}: {client.stdout}{client.stderr}")
    sys.exit(1)
