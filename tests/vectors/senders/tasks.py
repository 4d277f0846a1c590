"""Boards and issue trackers."""

from kit import *  # noqa: F403


def favro(secret, body, time, url, id=None):
    id = json.loads(body)["payloadId"] if id is None else id
    return [["X-Favro-Webhook", b64(mac(text_key(secret), id.encode(), url.encode(), hash="sha1"))]]


def trello(secret, body, time, url, hash="sha1"):
    return [["X-Trello-Webhook", b64(mac(text_key(secret), body, url.encode(), hash=hash))]]


URL = "https://hooks.example.com/own?list=1"

PRESETS = [
    Preset("asana", body_only("X-Hook-Signature", hexa),
           '{"events":[{"action":"changed","resource":{"gid":"1","resource_type":"task"}}]}', TEXTS),
    Preset("clickup", body_only("X-Signature", hexa),
           '{"event":"taskCreated","history_items":[{"id":"own-1"}],"task_id":"1","webhook_id":"2"}',
           TEXTS),
    Preset("favro", favro, '{"payloadId":"AbCdEf012345==","action":"created","card":{"name":"own"}}',
           TEXTS, url=URL, plain=False),
    Preset("jira-cloud", body_only("X-Hub-Signature", hexa, "sha256="),
           '{"timestamp":1790000000123,"webhookEvent":"jira:issue_updated","issue":{"key":"OWN-1"}}',
           TEXTS, unsigned=[["X-Atlassian-Webhook-Identifier", "own-2"]]),
    Preset("trello", trello,
           '{"action":{"id":"own-3","type":"updateCard","date":"2026-09-21T12:26:40Z"},"model":{}}',
           TEXTS, url=URL),
]


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug == "asana":
        heartbeat = '{"events":[]}'
        yield vector(p, "heartbeat", p.headers(secret, heartbeat.encode(), NOW), heartbeat)
        yield vector(p, "handshake", [["X-Hook-Secret", secret]], "", "invalid",
                     why="what Asana sends first is not signed")
        yield vector(p, "secret-in-the-signatures-place", [["X-Hook-Signature", secret]], raw,
                     "invalid", why="not a signature")
    if p.slug == "clickup":
        spaced = json.dumps(json.loads(p.body), indent=2)
        yield vector(p, "signed-without-white-space", p.headers(secret, raw, NOW), spaced, "invalid",
                     why="the raw bytes are signed, not the JSON written anew")
        yield from other_forms(p, prefix=lambda tag: "sha256=" + tag)
    if p.slug == "favro":
        yield from payload_ids(p)
    if p.slug == "jira-cloud":
        yield from github_like(p)
        yield vector(
            p, "docs",
            [["X-Hub-Signature",
              "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"]],
            "Hello World!", secrets=["It's a Secret to Everybody"],
            source="https://developer.atlassian.com/cloud/jira/platform/webhooks/")
        yield vector(p, "as-connect-apps-sign", [["Authorization", "JWT e30.e30.AAAA"]], raw, "invalid",
                     why="there is no signature of the body")
    if p.slug in ("favro", "trello"):
        good = p.headers(secret, raw, NOW)
        for name, url in (("slash", p.url.replace("?", "/?")), ("scheme", p.url.replace("s:", ":")),
                          ("case", p.url.replace("hooks", "Hooks")), ("query", p.url + "1")):
            yield vector(p, f"url-{name}", good, raw, "invalid", url=url,
                         why="the configured URL is not the one that was signed")
        yield from other_forms(p, hex=lambda text: base64.b64decode(text).hex(),
                               no_padding=lambda text: text.rstrip("="))
    if p.slug == "trello":
        first = b64(mac(text_key(secret), p.url.encode(), raw, hash="sha1"))
        yield vector(p, "url-first", [["X-Trello-Webhook", first]], raw, "invalid",
                     why="the body comes first")
        bare = b64(mac(text_key(secret), raw, hash="sha1"))
        yield vector(p, "url-not-signed", [["X-Trello-Webhook", bare]], raw, "invalid",
                     why="the URL is signed as well")
        yield vector(p, "sha-256", p.headers(secret, raw, NOW, hash="sha256"), raw, "invalid",
                     why="another algorithm")


def payload_ids(p):
    """Only one field is signed, and the URL."""
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    good = p.headers(secret, raw, NOW)
    (name, tag), = good

    def bad(case, body, why, headers=good, **more):
        return vector(p, case, headers, body, "invalid", why=why, **more)

    yield vector(p, "valid", good, raw)
    yield vector(p, "body-changed", good, p.body.replace("own", "somebody else"))
    yield vector(p, "body-written-anew", good, json.dumps(json.loads(p.body), indent=1))
    ping = '{"payloadId":"PiNg000000==","action":"ping"}'
    yield vector(p, "ping", p.headers(secret, ping.encode(), NOW), ping)
    yield bad("id-tampered", p.body.replace("AbCd", "AbCe"), "the payload's id has changed")
    yield bad("id-missing", p.body.replace("payloadId", "payload"), "the payload has no id")
    yield bad("id-twice", p.body[:-1] + ',"payloadId":"AbCdEf012345=="}', "there twice")
    yield bad("right-and-wrong", p.body[:-1] + ',"payloadId":"x"}', "there twice")
    yield bad("id-further-in", '{"card":' + p.body + "}", "in another place")
    yield bad("half-a-json", p.body[:-1], "not whole JSON")
    yield bad("empty-body", "", "the payload has no id")
    yield bad("signed-by-a-stranger", raw, "the secret is not configured",
              p.headers(stranger, raw, NOW))
    yield bad("no-signature", raw, "the header is missing", [])
    yield bad("two-signature-headers", raw, "the header is there twice", good * 2)
    yield bad("empty-signature-header", raw, "the header is empty", [[name, ""]])
    yield bad("signature-cut", raw, "two characters are missing", [[name, tag[:-2]]])
    yield bad("body-signed", raw, "the body is signed in the id's place",
              favro(secret, raw, NOW, p.url, p.body))
    yield vector(p, "rotation-new-secret-second", p.headers(other, raw, NOW), raw,
                 secrets=[secret, other])
    yield bad("rotation-old-secret-removed", raw, "the secret is not configured any more",
              secrets=[other])
