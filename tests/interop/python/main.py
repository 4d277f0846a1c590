"""Lets official SDKs sign and verify deliveries, for the Rust test beside this folder.

It listens on a free port of the loopback address and prints it. `POST /setup` takes the secrets and gives the
list of SDKs; `/verify/SLUG/SDK/...` is a delivery for that SDK, answered with 200 or 400; `POST /sign/SLUG/SDK`
lets it sign a body and deliver it, and gives the status of the reply. Ends when its standard input does."""

import http.client
import http.server
import importlib.metadata
import json
import os
import sys
import threading
import traceback
import urllib.parse

from kit import SDKS, Delivery

import sdks  # noqa: F401 (fills SDKS; one that is missing ends the program)

CONFIGURED = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status, said = self.of(body)
        except Exception:  # ours, not the SDK's
            status, said = 500, traceback.format_exc(limit=-2)
        said = said.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = answer

    def of(self, body):
        if self.path == "/setup":
            CONFIGURED.update(json.loads(body))
            return 200, json.dumps([sdk.described(importlib.metadata.version) for sdk in SDKS.values()])
        _, what, slug, name, *rest = self.path.split("/", 4)
        sdk, known = SDKS[slug, urllib.parse.unquote(name)], CONFIGURED[slug]
        if what == "sign":
            return 200, str(deliver(sdk, known, json.loads(body)))
        target = "/" + "".join(rest)
        delivery = Delivery(self.command, target, known["origin"], known["secret"], body)
        delivery.headers.update(self.headers.items())
        try:
            accepted = sdk.verify(delivery) is not False
        except Exception as why:
            return 400, f"{type(why).__name__}: {why}"
        return (200, "") if accepted else (400, "False")

    def log_message(self, *_):
        pass


def deliver(sdk, known, job):
    secret = known["other" if job["other"] else "secret"]
    delivery = Delivery("POST", job["target"], known["origin"], secret, job["body"].encode())
    delivery.id, delivery.time = job["id"], job["time"]
    delivery.headers.update(job["headers"])
    sdk.sign(delivery)
    if job["change"] is not None:
        delivery.change(job["change"].encode())
    to = http.client.HTTPConnection(urllib.parse.urlsplit(job["to"]).netloc, timeout=20)
    to.request(delivery.method, delivery.target, delivery.body, dict(delivery.headers))
    return to.getresponse().status


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"listening on 127.0.0.1:{server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


main()
