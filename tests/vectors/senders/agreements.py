"""Signatures on documents, and proofs of identity."""

from kit import *


def persona(secret, body, time):
    tag = hexa(mac(text_key(secret), f"{time}.".encode(), body))
    return [["Persona-Signature", f"t={time},v1={tag}"]]


PRESETS = [
    Preset("docusign", body_only("X-DocuSign-Signature-1", b64),
           '{"event":"envelope-completed","apiVersion":"v2.1","retryCount":0,\r\n'
           '"generatedDateTime":"2026-09-21T14:13:20.1234567Z","data":{"envelopeId":"own"}}', TEXTS,
           unsigned=[["X-Authorization-Digest", "HMACSHA256"]]),
    Preset("dropbox-sign", None, "", TEXTS, (4 * 86_400, 300), plain=False),
    Preset("persona", persona,
           '{"data":{"type":"event","id":"evt_own_17","attributes":{"name":"inquiry.approved"}}}',
           ("wbhsec_own_1", "wbhsec_own_2", "wbhsec_own_3"), 300),
]


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug == "dropbox-sign":
        yield from dropbox_sign(p)
    if p.slug == "docusign":
        yield from bare(p)
        (_, good), digest = p.headers(secret, raw, NOW)
        wrong, second = (p.headers(s, raw, NOW)[0][1] for s in (stranger, other))

        def numbered(case, pairs, expect="valid", **more):
            headers = [[f"X-DocuSign-Signature-{n}", text] for n, text in pairs]
            return vector(p, case, [*headers, digest], raw, expect, **more)

        yield numbered("second-key", [(1, wrong), (2, good)])
        yield numbered("second-header-alone", [(2, good)])
        yield numbered("both-keys", [(1, second), (2, good)], secrets=[secret, other])
        yield numbered("sixteen-keys", [*((n, wrong) for n in range(1, 16)), (16, good)])
        yield numbered("seventeen-keys", [*((n, wrong) for n in range(1, 17)), (17, good)], "invalid",
                       why="only the first sixteen headers are looked at")
        yield numbered("both-wrong", [(1, wrong), (2, second)], "invalid",
                       why="neither key is configured")
        yield numbered("second-twice", [(1, wrong), (2, good), (2, good)], "invalid",
                       why="one of the headers is there twice")
        yield numbered("number-zero", [(0, good)], "invalid", why="numbers start at 1")
        yield numbered("no-number", [("", good)], "invalid", why="no number")
        yield numbered("padded-number", [("01", good)], "invalid", why="numbers are not padded")
        yield vector(p, "line-ends-changed", p.headers(secret, raw, NOW),
                     raw.replace(b"\r\n", b"\n"), "invalid", why="line ends are signed as they came")
    if p.slug == "persona":
        (name, good), = p.headers(secret, raw, NOW)
        (_, wrong), = p.headers(stranger, raw, NOW)
        (_, second), = p.headers(other, raw, NOW - 7)
        (_, old), = p.headers(secret, raw, NOW - 301)
        time, tag = good.split(",")

        def one(case, text, expect="valid", **more):
            return vector(p, case, [[name, text]], raw, expect, **more)

        yield one("two-groups-second-right", f"{wrong} {good}")
        yield one("two-groups-first-right", f"{good} {wrong}")
        yield one("two-groups-both-right", f"{good} {second}", secrets=[secret, other])
        yield one("two-groups-with-times-of-their-own", f"{good} {second}", secrets=[other])
        yield one("stale-group-beside-a-fresh-one", f"{old} {good}")
        yield one("two-signatures-in-a-group", f"{time},{wrong.split(',')[1]},{tag}")
        yield one("unknown-keys", f"{time},v0=00ff,{tag},x=")
        yield one("four-groups", " ".join([wrong] * 3 + [good]))
        for case, text, why in (
            ("five-groups", " ".join([wrong] * 4 + [good]), "too many groups"),
            ("both-groups-stale", f"{old} {old}", "no group is fresh"),
            ("times-swapped", f"{second.split(',')[0]},{tag} {time},{second.split(',')[1]}",
             "each signature stands beside the other group's time"),
            ("group-without-time", f"{good} {tag}", "a group without a time"),
            ("group-without-signature", f"{good} {time}", "a group without a signature"),
            ("two-spaces", f"{good}  {wrong}", "an empty group"),
            ("joined", f"{good}, {good}", "two headers joined by a proxy"),
            ("time-twice", f"{time},{good}", "the time is there twice"),
            ("other-version", good.replace("v1=", "v2="), "another version"),
            ("no-time", tag, "the time is missing"),
        ):
            yield one(case, text, "invalid", why=why)


BOUNDARY = "----own-boundary"
MULTIPART = [["Content-Type", f"multipart/form-data; boundary={BOUNDARY}"]]


def parts(*fields):
    lines = []
    for name, text in fields:
        lines += [f"--{BOUNDARY}", f'Content-Disposition: form-data; name="{name}"', "", text]
    return "\r\n".join([*lines, f"--{BOUNDARY}--", ""])


def dropbox_sign(p):
    secret, other, stranger = p.secrets

    def event(key=secret, time=str(NOW), kind="signature_request_signed", hash=None, **more):
        hash = hash if hash is not None else hexa(mac(key.encode(), f"{time}{kind}".encode()))
        return {"event": {"event_time": time, "event_type": kind, "event_hash": hash,
                          "event_metadata": {"reported_for_account_id": "own"}}, **more}

    def body(payload):
        return parts(("json", payload if isinstance(payload, str) else json.dumps(payload)))

    def good(name, payload, headers=MULTIPART, **more):
        return vector(p, name, headers, body(payload), **more)

    def bad(name, text, why, headers=MULTIPART, **more):
        text = body(text) if isinstance(text, dict) else text
        return vector(p, name, headers, text, "invalid", why=why, **more)

    one = event()
    text = json.dumps(one)
    yield good("valid", one)
    yield good("test-event", event(kind="callback_test"))
    yield good("time-as-a-number", {"event": {**one["event"], "event_time": NOW}})
    yield good("unsigned-document-added", event(signature_request={"title": "anything"}))
    yield good("unsigned-metadata-gone",
               {"event": {k: v for k, v in one["event"].items() if k != "event_metadata"}})
    yield good("line-ends-in-the-json", json.dumps(one, indent=2))
    yield vector(p, "further-fields", MULTIPART, parts(("own", "x"), ("json", text), ("file", "y")))
    yield good("boundary-in-quotes", one,
               headers=[["Content-Type", f'multipart/form-data; boundary="{BOUNDARY}"']])
    yield good("as-old-as-it-may-be", one, now=NOW + 4 * 86_400)
    yield good("as-early-as-it-may-be", one, now=NOW - 300)
    yield good("rotation-new-secret-second", event(other), secrets=[secret, other])
    yield bad("rotation-old-secret-removed", one, secrets=[other],
              why="the secret that signed is not configured any more")
    yield bad("stale", one, "older than all retries", now=NOW + 4 * 86_400 + 1)
    yield bad("future", one, "further ahead than clocks differ", now=NOW - 301)
    yield bad("signed-by-a-stranger", event(stranger), "the secret is not configured")
    yield bad("time-changed", {"event": {**one["event"], "event_time": str(NOW + 1)}},
              "the time changed after signing")
    yield bad("type-changed", {"event": {**one["event"], "event_type": "signature_request_sent"}},
              "the type changed after signing")
    digit = str(NOW)
    yield bad("digit-moved", event(time=digit[:-1], kind=digit[-1] + "x", hash=hexa(
        mac(secret.encode(), (digit + "x").encode()))), "a digit of the time moved into the type")
    yield bad("no-hash", {"event": {"event_time": digit, "event_type": "x"}}, "there is no hash")
    yield bad("empty-hash", event(hash=""), "the hash is empty")
    yield bad("hash-cut", event(hash=one["event"]["event_hash"][:-2]), "two digits are missing")
    yield bad("no-time", {"event": {"event_type": "x", "event_hash": hexa(
        mac(secret.encode(), b"x"))}}, "the time is missing")
    yield bad("type-twice", body(text.replace('"event_type"', '"event_type": "x", "event_type"')),
              "the type is there twice")
    yield bad("hash-twice", body(text.replace('"event_hash"', '"event_hash": "x", "event_hash"')),
              "the hash is there twice")
    yield bad("event-twice", body(text.replace('"event":', '"event": {}, "event":', 1)),
              "the event is there twice")
    yield bad("field-twice", parts(("json", text), ("json", text)), "the field is there twice")
    yield bad("other-field", parts(("payload", text)), "the payload is in another field")
    yield bad("no-last-boundary", body(one)[: -len(BOUNDARY) - 6], "the form does not end")
    yield bad("not-multipart", text, "JSON instead of a form",
              headers=[["Content-Type", "application/json"]])
    yield bad("no-content-type", body(one), "the boundary is not named", headers=[])
    yield bad("other-boundary", body(one), "another boundary is named",
              headers=[["Content-Type", "multipart/form-data; boundary=x"]])
    yield bad("empty-body", "", "no body")
