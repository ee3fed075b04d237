"""Compares the results of cases.lua with Python's libraries and with the signing code of the official SDK."""

import ipaddress
import json
import sys
from collections import Counter
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


CHECKS = {check.__name__: check for check in (percent, address, acs3, rpc)}


def main():
    counts, faults = Counter(), 0
    for line in sys.stdin:
        case = json.loads(line)
        counts[case["kind"]] += 1
        expected = CHECKS[case["kind"]](case)
        if case["result"] != expected:
            faults += 1
            if faults <= 5:
                print(f"differs: {line.strip()}\nexpected: {expected}")
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())), f": {faults} differ")
    sys.exit(1 if faults or not counts else 0)


main()
