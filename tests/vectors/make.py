#!/usr/bin/env python3
"""Writes the vectors next to this file, one `<slug>.json` for each preset.

They are signed here, by Python's hmac, so that the Rust code is never judged by itself. Every value
is fixed: the output is the same on every run. The format is an array of whole HTTP requests:

    provider, name, source   slug; unique name in the file; where the figures come from
    secrets                  texts as a user would configure them; any may match
    method, url              url: the full public URL where it is signed, otherwise null
    headers                  [name, value] pairs, in order
    body                     exact text; or body_base64; or body_repeat: [text, count]
    now                      unix seconds at which to judge it; null when no time is signed
    tolerance_s              only when it is not the preset's
    expect, why              "valid" or "invalid", and the reason for an invalid one

    make.py           writes the files
    make.py --check   says whether the files are what it would write (status 1 if not)

Only the standard library is used. `kit.py` has what the descriptions share, `senders/` the
descriptions by family. The presets are described a second time below, from the
providers' pages and not from the Rust rows: a mistake has to be made twice to go unnoticed.
"""

import base64
import hashlib
import hmac
import importlib.util
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

from kit import *  # noqa: E402,F403


def square(secret, body, time, url):
    return [["x-square-hmacsha256-signature", b64(mac(text_key(secret), url.encode(), body))]]


ENVELOPE = '{"id":"evt_own_1","type":"invoice.paid","created_at":"2026-09-21T12:26:40Z","data":{"n":1}}'

PRESETS = [
    Preset(
        "github",
        body_only("X-Hub-Signature-256", hexa, "sha256="),
        '{"action":"opened","number":7,"pull_request":{"title":"Gr\u00fc\u00dfe \u2615"}}',
        TEXTS,
        unsigned=[
            ["X-GitHub-Event", "pull_request"],
            ["X-GitHub-Delivery", "0d5a6a1e-0000-4000-8000-0123456789ab"],
        ],
    ),
    Preset("gitlab", standard(), '{"object_kind":"push","ref":"refs/heads/main"}', WHSECS, 300),
    Preset(
        "linear",
        body_only("Linear-Signature", hexa),
        '{"action":"create","type":"Issue","data":{"id":"i1"},"webhookTimestamp":%d}'
        % (NOW * 1000),
        TEXTS,
        60,
        plain=False,
        unsigned=[["Linear-Delivery", "5f1c0000-0000-4000-8000-0123456789ab"]],
    ),
    Preset(
        "meta",
        body_only("X-Hub-Signature-256", hexa, "sha256="),
        '{"object":"page","entry":[{"id":"1","time":1790000000,"changes":[]}]}',
        TEXTS,
    ),
    Preset(
        "paddle",
        pairs("Paddle-Signature", ";", "ts", "h1", b":"),
        '{"event_id":"evt_own_2","event_type":"transaction.paid","data":{}}',
        TEXTS,
        5,
    ),
    Preset(
        "shopify",
        body_only("X-Shopify-Hmac-Sha256", b64),
        '{"id":820982911946154508,"email":"own@example.com"}',
        TEXTS,
        unsigned=[["X-Shopify-Topic", "orders/create"], ["X-Shopify-Webhook-Id", "own-1"]],
    ),
    Preset(
        "slack",
        v0("X-Slack-Signature", "X-Slack-Request-Timestamp"),
        "command=%2Fown&text=a+b&user_id=U1",
        TEXTS,
        300,
    ),
    Preset(
        "square",
        square,
        '{"event_id":"own-3","type":"payment.updated","data":{}}',
        TEXTS,
        url="https://hooks.example.com/square?shop=1",
    ),
    Preset("standard-webhooks", standard(), '{"type":"user.created","data":{}}', WHSECS, 300),
    Preset(
        "stripe",
        pairs("Stripe-Signature", ",", "t", "v1", b"."),
        '{\n  "id": "evt_own_4",\n  "type": "invoice.paid",\n  "api_version": "2026-08-01"\n}',
        ("whsec_own_text_not_base64", *TEXTS[1:]),
        300,
    ),
    Preset("svix", standard("svix-"), '{"type":"user.created","data":{}}', WHSECS, 300),
    Preset("t-v1", pairs("Webhook-Signature", ",", "t", "v1", b"."), ENVELOPE, TEXTS, 300),
    Preset("x-signature", body_only("X-Signature", hexa), ENVELOPE, TEXTS),
    Preset("x-signature-sha256", body_only("X-Signature-SHA256", hexa, "sha256="), ENVELOPE, TEXTS),
    Preset("x-webhook-signature", body_only("X-Webhook-Signature", hexa), ENVELOPE, TEXTS),
    Preset(
        "x-webhook-signature-sha256",
        body_only("X-Webhook-Signature-SHA256", hexa, "sha256="),
        ENVELOPE,
        TEXTS,
    ),
    Preset(
        "zoom",
        v0("x-zm-signature", "x-zm-request-timestamp"),
        '{"event":"meeting.started","event_ts":1790000000123,"payload":{"account_id":"own"}}',
        TEXTS,
        300,
    ),
]


def special(p):
    secret, raw = p.secrets[0], p.body.encode()
    if p.slug == "github":
        yield vector(
            p, "docs", [["X-Hub-Signature-256",
                         "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"]],
            "Hello, World!", secrets=["It's a Secret to Everybody"],
            source="https://docs.github.com/en/webhooks/using-webhooks/"
                   "validating-webhook-deliveries#testing-the-webhook-payload-validation")
        sha1 = hmac.new(text_key(secret), raw, hashlib.sha1).hexdigest()
        yield vector(p, "sha-1-only", [["X-Hub-Signature", f"sha1={sha1}"]], raw, "invalid",
                     why="the SHA-1 header is not looked at")
    if p.slug in ("github", "meta", "x-signature-sha256", "x-webhook-signature-sha256"):
        yield from github_like(p)
    if p.slug == "slack":
        yield vector(
            p, "docs",
            [["X-Slack-Request-Timestamp", "1531420618"],
             ["X-Slack-Signature",
              "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"]],
            "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
            "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
            "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
            "%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
            secrets=["8f742231b10e8888abcd99yyyzzz85a5"], now=1531420618,
            source="https://docs.slack.dev/authentication/verifying-requests-from-slack")
    if p.slug == "standard-webhooks":
        yield vector(
            p, "specification",
            [["webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"], ["webhook-timestamp", "1614265330"],
             ["webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="]],
            '{"test": 2432232314}', secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
            now=1614265330,
            source="standard-webhooks/standard-webhooks:spec/standard-webhooks.md and "
                   "libraries/go/webhook_test.go")
    if p.slug == "svix":
        yield vector(
            p, "docs",
            [["svix-id", "msg_loFOjxBNrRLzqYUf"], ["svix-timestamp", "1731705121"],
             ["svix-signature", "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="]],
            '{"event_type":"ping","data":{"success":true}}',
            secrets=["whsec_plJ3nmyCDGBKInavdOK15jsl"], now=1731705121,
            source="https://docs.svix.com/receiving/verifying-payloads/how-manual")
        theirs = p.headers(secret, raw, NOW, family="webhook-")
        ours = p.headers(secret, raw, NOW)
        yield vector(p, "webhook-family", theirs, raw)
        for n, part in enumerate(("id", "timestamp", "signature")):
            mixed = ours[:n] + [theirs[n]] + ours[n + 1:]
            yield vector(p, f"families-mixed-{part}", mixed, raw, "invalid",
                         why=f"the {part} is of the other family")
    if p.slug == "shopify":
        tag = p.headers(secret, raw, NOW)[0][1]
        yield vector(p, "short-family", [["Shopify-Hmac-Sha256", tag], ["Shopify-Topic", "own"]], raw)
        wrong = p.headers(p.secrets[2], raw, NOW)[0][1]
        yield vector(p, "first-family-wrong", [["Shopify-Hmac-Sha256", tag],
                                               ["X-Shopify-Hmac-Sha256", wrong]], raw, "invalid",
                     why="the other family does not rescue a wrong signature")
        yield vector(p, "hex", [["X-Shopify-Hmac-Sha256", base64.b64decode(tag).hex()]], raw,
                     "invalid", why="hexadecimal instead of base64")
        yield vector(p, "base64-url", [["X-Shopify-Hmac-Sha256",
                                        base64.urlsafe_b64encode(mac(b"x", b"7")).decode()]], raw,
                     "invalid", why="the URL alphabet, and a wrong signature")
        yield vector(p, "no-padding", [["X-Shopify-Hmac-Sha256", tag.rstrip("=")]], raw, "invalid",
                     why="no padding")
    if p.slug == "square":
        good = p.headers(secret, raw, NOW)
        for name, url in (("slash", p.url.replace("?", "/?")), ("scheme", p.url.replace("s:", ":")),
                          ("case", p.url.replace("hooks", "Hooks")), ("query", p.url + "1")):
            yield vector(p, f"url-{name}", good, raw, "invalid", url=url,
                         why="the configured URL is not the one that was signed")
    if p.slug in ("stripe", "paddle", "t-v1"):
        keys = {"stripe": (",", "t", "v1"), "paddle": (";", "ts", "h1"), "t-v1": (",", "t", "v1")}
        yield from in_signature(p, *keys[p.slug])
    if p.slug in ("gitlab", "standard-webhooks", "svix"):
        yield from signed_id(p, "svix-" if p.slug == "svix" else "webhook-")
    if p.slug == "stripe":
        key = base64.b64encode(b"own key of 24 bytes.....").decode()
        tag = hexa(mac(base64.b64decode(key), str(NOW).encode(), b".", raw))
        yield vector(p, "secret-taken-for-base64", [["Stripe-Signature", f"t={NOW},v1={tag}"]], raw,
                     "invalid", secrets=["whsec_" + key], why="the secret is text, not base64")
    if p.slug == "linear":
        for name, text, why in (
            ("time-missing", '{"type":"Issue"}', "the body has no time"),
            ("time-null", '{"webhookTimestamp":null}', "the body's time is null"),
            ("time-in-seconds", '{"webhookTimestamp":%d}' % NOW, "seconds instead of milliseconds"),
            ("time-fraction", '{"webhookTimestamp":%d.5}' % (NOW * 1000), "not an integer"),
            ("time-exponent", '{"webhookTimestamp":1.79e12}', "not an integer"),
            ("time-negative", '{"webhookTimestamp":-%d}' % (NOW * 1000), "negative"),
            ("time-nested", '{"data":{"webhookTimestamp":%d}}' % (NOW * 1000), "in another place"),
            ("time-twice", '{"webhookTimestamp":%d,"webhookTimestamp":%d}' % (NOW * 1000, NOW * 1000),
             "there twice"),
            ("not-json", "webhookTimestamp=%d" % (NOW * 1000), "not JSON"),
            ("half-a-json", '{"webhookTimestamp":%d' % (NOW * 1000), "not whole JSON"),
            ("empty-body", "", "the body has no time"),
        ):
            yield vector(p, name, p.headers(secret, text.encode(), NOW), text, "invalid", why=why)
        unsigned = ["Linear-Timestamp", str(NOW * 1000)]
        none = '{"type":"Issue"}'
        yield vector(p, "time-in-the-unsigned-header", [*p.headers(secret, none.encode(), NOW),
                                                        unsigned], none, "invalid",
                     why="the header is not signed")
        yield vector(p, "unsigned-header-lies", [*p.headers(secret, raw, NOW),
                                                 ["Linear-Timestamp", "1"]], raw)


def senders():
    """The presets of this file and of each file in `senders/`, with what is special about them."""
    for preset in PRESETS:
        yield preset, special
    for path in sorted((HERE / "senders").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"senders_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for preset in module.PRESETS:
            yield preset, getattr(module, "special", lambda preset: [])


def files():
    for preset, special_cases in senders():
        made = []
        if preset.plain or preset.slug == "linear":
            made += common(preset)
            made += timed(preset) if preset.timed else []
        made += special_cases(preset)
        names = [v["name"] for v in made]
        assert len(names) == len(set(names)), (preset.slug, names)
        text = ",\n".join(json.dumps(v, ensure_ascii=False) for v in made)
        yield HERE / f"{preset.slug}.json", f"[\n{text}\n]\n"


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    wrong, count = [], 0
    for path, text in files():
        count += text.count('"provider": ')
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            wrong.append(path.name)
    known = {path for path, _ in files()}
    wrong += [path.name for path in HERE.glob("*.json") if path not in known]
    if wrong:
        sys.exit("not what make.py writes: " + ", ".join(sorted(wrong)))
    print(f"{count} vectors in {len(known)} files")


if __name__ == "__main__":
    main()
