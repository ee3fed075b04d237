"""Compares the results of cases.lua with Python's libraries and with the signing code of the official SDK."""

import ipaddress
import json
import re
import sys
from collections import Counter
from math import isfinite
from types import SimpleNamespace
from urllib.parse import quote

from alibabacloud_tea_openapi.utils import Utils


def percent(case):
    return quote(case["text"], safe="-_.~")


def address(case):
    text = case["text"]
    if text.startswith("[") and text.endswith("]") and ":" in text:
        text = text[1:-1]
    if "%" in text:  # Python accepts the zone of an IPv6 address, and inet_pton does not
        return None
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).packed.hex()


def acs3(case):
    payload = Utils.hex_encode(Utils.hash(case["body"].encode(), case["algorithm"]))
    request = SimpleNamespace(
        method=case["method"], pathname=case["path"], query=case.get("query", {}), headers=case["headers"]
    )
    return Utils.get_authorization(
        request, case["algorithm"], payload, case["access_key_id"], case["access_key_secret"]
    )


def rpc(case):
    return Utils.get_rpcsignature(case.get("params", {}), case["method"], case["access_key_secret"])


MAX_DEPTH = 128


def depth(value):
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if items is None else 1 + max(map(depth, items), default=0)


def refuse(text):
    raise ValueError(f"{text} is not JSON")


def finite(number):
    value = float(number)
    return value if isfinite(value) else refuse(number)


def exact(value):
    """Returns the value with the type of each scalar, since True == 1 in Python. Like the library, it reads half of a
    surrogate pair as U+FFFD."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "number" if number else type(value).__name__, whole(value) if isinstance(value, str) else value


def whole(text):
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def members(pairs):
    return {whole(key): value for key, value in pairs}


def parse(text):
    value = json.loads(text, parse_constant=refuse, parse_float=finite, object_pairs_hook=members)
    if depth(value) > MAX_DEPTH:
        refuse("so deep a value")
    return exact(value)


def agrees_with_cjson(case):
    """Whether lua-cjson reads a text as the library does. cases.lua has asked it."""
    verdict = "refused" if case["result"] is None else "accepted"
    return case.get("cjson", verdict) == verdict


def reply(case):
    try:
        expected = parse(bytes.fromhex(case["text"]).decode("utf-8-sig"))
    except ValueError:
        return None
    return case["result"] if case["result"] is not None and parse(case["result"]) == expected else expected


def value_of(description):
    kind, *data = description
    if kind == "text":
        return bytes.fromhex(data[0]).decode()
    if kind == "number":
        return int(data[0]) if data[0].lstrip("-").isdigit() else finite(data[0])
    if kind == "list":
        return [value_of(item) for item in data[0]]
    if kind == "map":
        return {bytes.fromhex(key).decode(): value_of(item) for key, item in data[0]}
    return {"null": None, "true": True, "false": False}[kind]


def script(case):
    try:
        expected = exact(value_of(case["value"]))
    except ValueError:
        return None
    return case["result"] if case["result"] is not None and parse(case["result"]) == expected else expected


def rate(case):
    """Plays the service that admits `burst` calls at once and `qps` calls a second: each call starts as soon as it may."""
    interval, full = 1 / case["qps"], 0
    expected = []
    for arrival in case["arrivals"]:
        start = max(arrival, full - (case["burst"] - 1) * interval)
        full = max(full, start) + interval
        expected.append(start)
    same = all(abs(ours - theirs) < 1e-4 for ours, theirs in zip(case["result"], expected, strict=True))
    return case["result"] if same else expected


CHECKS = {check.__name__: check for check in (percent, address, acs3, rpc, reply, script, rate)}


def main():
    counts, refused, faults = Counter(), Counter(), 0
    for line in sys.stdin:
        case = json.loads(line)
        counts[case["kind"]] += 1
        refused[case["kind"]] += case["result"] is None
        expected = CHECKS[case["kind"]](case)
        if case["result"] != expected or not agrees_with_cjson(case):
            faults += 1
            if faults <= 5:
                print(f"differs: {line.strip()}\nexpected: {expected}")
    compared = ", ".join(f"{count} {kind} ({refused[kind]} refused)" for kind, count in sorted(counts.items()))
    print(f"seed {sys.argv[1]}: {compared}: {faults} differ")
    sys.exit(1 if faults or not counts else 0)


main()
