"""A server that verifies what our client sends, with the signing code of the official Python core."""

import hmac
import json
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

SECRET, TOKENS = "strict-secret", {"strict-id": None, "strict-sts": "strict/token+=="}
ALGORITHMS = ["ACS3-HMAC-SHA256", "ACS3-HMAC-SM3", "HMAC-SHA1"]
FORM = "application/x-www-form-urlencoded"


def parse(text):
    return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True)) if text else {}


def problem_of_acs3(request, query, headers, body, fields):
    algorithm = headers["authorization"].split(" ")[0]
    names = fields["SignedHeaders"].split(";")
    unsigned = [name for name in headers if name.startswith("x-acs-") and name not in names]
    payload = Utils.hex_encode(Utils.hash(body, algorithm))
    signed = SimpleNamespace(
        method=request.command, pathname=urlsplit(request.path).path, query=query, headers={n: headers[n] for n in names}
    )
    expected = Utils.get_authorization(signed, algorithm, payload, fields["Credential"], SECRET)
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
    wbufsize = 65536  # so that a reply is one packet
    timeout = 30
    calls = Counter()
    verified = set()  # of (algorithm, method, place of parameters)
    nonces = set()

    def check(self, query, form, headers, body):
        """Returns what is wrong with the request, or None."""
        params = {**query, **form}
        if "authorization" in headers:
            algorithm, _, fields = headers["authorization"].partition(" ")
            fields = dict(field.split("=", 1) for field in fields.split(","))
            key, nonce, token = fields["Credential"], headers["x-acs-signature-nonce"], headers.get("x-acs-security-token")
            problem = problem_of_acs3(self, query, headers, body, fields)
        else:
            algorithm, key, nonce, token = "HMAC-SHA1", params["AccessKeyId"], params["SignatureNonce"], params.get("SecurityToken")
            problem = problem_of_rpc(self, query, form)
        if nonce in self.nonces:
            problem = problem or "the nonce was used before"
        self.nonces.add(nonce)
        if token != TOKENS[key]:
            problem = problem or f"the token is {token}"
        if not problem:
            self.verified |= {(algorithm, self.command, place) for place, sent in (("query", query), ("form", form)) if sent}
            self.calls[algorithm] += 1
        return problem

    def answer(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        query = parse(urlsplit(self.path).query)
        form = parse(body.decode()) if headers.get("content-type", "").startswith(FORM) else {}
        problem = self.check(query, form, headers, body)
        data = {"Status": "success", "FileId": 1, "ProcessId": 1, "Params": {**query, **form}}
        reply = {"RequestId": "R", "Success": True, "Data": data}
        if problem:
            reply = {"RequestId": "R", "Code": "SignatureDoesNotMatch", "Message": problem}
        text = json.dumps(reply).encode()
        self.send_response(400 if problem else 200)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Strict)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = subprocess.run(
    ["lua5.4", Path(__file__).parent / "strict_client.lua", f"http://127.0.0.1:{server.server_port}"],
    timeout=120, capture_output=True, text=True
)
server.shutdown()
title = f"our client, verified by alibabacloud-tea-openapi {version('alibabacloud-tea-openapi')}"
places = [("GET", "query"), ("POST", "query"), ("POST", "form"), ("PUT", "form")]
missing = {(name, *place) for name in ALGORITHMS for place in places} - Strict.verified
problem = client.stdout + client.stderr if client.returncode else f"no parameters in {missing}" if missing else None
counts = ", ".join(f"{count} calls with {name}" for name, count in sorted(Strict.calls.items()))
print(f"failed  {title}: {problem}" if problem else f"ok      {title}: {counts}; {', '.join(client.stdout.splitlines())}")
sys.exit(bool(problem))
