"""Holds the document of a running daemon against OpenAPI 3.1, and lets schemathesis send whatever it allows and much that
it does not: no answer may be a 5xx, and none may be outside of its schema."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

from openapi_spec_validator import validate

from daemon import Daemon, site

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
]


def post(daemon, path, body):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(daemon.url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def main(binary, browser, examples):
    # Pages of nowhere are refused by policy, since a page that cannot be loaded is a 502 by rights.
    daemon = Daemon(
        binary, browser, policy__allowlist='["127.0.0.1"]', sessions__max=200,
        sessions__creates_per_minute=10000, server__idempotency_keys=100000,
    )
    try:
        with urllib.request.urlopen(daemon.url + "/openapi.json") as answer:
            document = json.load(answer)
        validate(document)
        print(f"the document is OpenAPI {document['openapi']}, with {len(document['paths'])} paths", flush=True)
        # There is something to name.
        session = post(daemon, "/sessions", {"maxDurationMs": 86400000, "idleTimeoutMs": 3600000})
        page = post(daemon, "/sessions/default/pages", {"url": site()})
        folder = Path(__file__).parent
        environment = {
            **os.environ,
            "JUDGE_SESSION": session["sessionId"],
            "JUDGE_PAGE": page["pageId"],
            "SCHEMATHESIS_HOOKS": "known_names",
            "PYTHONPATH": str(folder),
        }
        command = [
            str(Path(sys.executable).with_name("schemathesis")), "run", daemon.url + "/openapi.json",
            "--url", daemon.url, "--checks", ",".join(CHECKS), "--max-examples", str(examples),
            "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--seed", "1",
            "--request-timeout", "120", "--warnings", "off", "--suppress-health-check", "all",
        ]
        return subprocess.run(command, env=environment, cwd=os.environ.get("JUDGE_DIR")).returncode
    finally:
        assert daemon.stop() == 0


sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
