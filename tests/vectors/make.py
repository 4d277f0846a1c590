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

Only the standard library is used. The presets are described a second time below, from the
providers' pages and not from the Rust rows: a mistake has to be made twice to go unnoticed.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
OWN = "own body, signed with Python's hmac"
NOW = 1_790_000_000  # 2026-09-21


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def text_key(secret):
    return secret.encode()


def whsec_key(secret):
    text = secret.removeprefix("whsec_")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def hexa(tag):
    return tag.hex()


def b64(tag):
    return base64.b64encode(tag).decode()


class Preset:
    """How one sender signs: `sign(secret, body, time, **more)` gives the headers."""

    def __init__(self, slug, sign, body, secrets, tolerance=None, url=None, unsigned=()):
        self.slug, self.sign, self.body, self.secrets = slug, sign, body, secrets
        self.tolerance, self.url, self.unsigned = tolerance, url, list(unsigned)

    def headers(self, secret, body, time, **more):
        if self.url is not None:
            more.setdefault("url", self.url)
        return [*self.sign(secret, body, time, **more), *self.unsigned]


def body_only(header, encode, prefix=""):
    def sign(secret, body, time):
        return [[header, prefix + encode(mac(text_key(secret), body))]]

    return sign


def pairs(header, separator, time_key, signature_key, between):
    def sign(secret, body, time):
        tag = hexa(mac(text_key(secret), str(time).encode(), between, body))
        return [[header, f"{time_key}={time}{separator}{signature_key}={tag}"]]

    return sign


def v0(header, time_header):
    def sign(secret, body, time):
        tag = hexa(mac(text_key(secret), b"v0:", str(time).encode(), b":", body))
        return [[time_header, str(time)], [header, f"v0={tag}"]]

    return sign


def standard(family="webhook-"):
    def sign(secret, body, time, id="msg_own_2Zq8", family=family):
        tag = b64(mac(whsec_key(secret), f"{id}.{time}.".encode(), body))
        return [
            [f"{family}id", id],
            [f"{family}timestamp", str(time)],
            [f"{family}signature", f"v1,{tag}"],
        ]

    return sign


def square(secret, body, time, url):
    return [["x-square-hmacsha256-signature", b64(mac(text_key(secret), url.encode(), body))]]


TEXTS = ("first-own-secret", "second-own-secret", "never-configured")
WHSECS = tuple("whsec_" + b64(bytes(range(n, n + 24))) for n in (1, 65, 129))
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


def vector(preset, name, headers, body, expect="valid", **more):
    if isinstance(body, bytes):
        try:
            body = {"body": body.decode()}
        except UnicodeDecodeError:
            body = {"body_base64": b64(body)}
    elif isinstance(body, str):
        body = {"body": body}
    timed = preset.tolerance is not None
    made = {
        "provider": preset.slug,
        "name": name,
        "source": more.pop("source", OWN),
        "secrets": list(more.pop("secrets", preset.secrets[:1])),
        "method": "POST",
        "url": more.pop("url", preset.url),
        "headers": headers,
        **body,
        "now": more.pop("now", NOW) if timed else None,
        "expect": expect,
        **more,
    }
    assert (expect == "invalid") == ("why" in made), name
    return made


def common(p):
    """What every preset has to do."""
    secret, other, stranger = p.secrets
    raw = p.body.encode()
    good = p.headers(secret, raw, NOW)
    named = ("signature", "signature-256", "signature-sha256", "hmac-sha256")
    signature = next(n for n, header in enumerate(good) if header[0].lower().endswith(named))
    name, value = good[signature]
    yield vector(p, "valid", good, raw)
    yield vector(p, "body-tampered", good, bytes([raw[0] ^ 1]) + raw[1:], "invalid",
                 why="one bit of the body changed after signing")
    yield vector(p, "body-cut", good, raw[:-1], "invalid", why="the last byte is missing")
    yield vector(p, "body-with-a-line-end", good, raw + b"\n", "invalid",
                 why="a line end was added")
    yield vector(p, "signed-by-a-stranger", p.headers(stranger, raw, NOW), raw, "invalid",
                 why="the secret is not configured")
    yield vector(p, "no-signature", good[:signature] + good[signature + 1:], raw, "invalid",
                 why="the signature header is missing")
    yield vector(p, "two-signature-headers", good + [[name, value]], raw, "invalid",
                 why="the signature header is there twice")
    yield vector(p, "empty-signature-header", good[:signature] + [[name, ""]] + good[signature + 1:],
                 raw, "invalid", why="the signature header is empty")
    yield vector(p, "signature-cut", good[:signature] + [[name, value[:-2]]] + good[signature + 1:],
                 raw, "invalid", why="the last two characters of the signature are missing")
    yield vector(p, "rotation-new-secret-second", p.headers(other, raw, NOW), raw,
                 secrets=[secret, other])
    yield vector(p, "rotation-old-secret-still-there", good, raw, secrets=[other, secret])
    yield vector(p, "rotation-old-secret-removed", good, raw, "invalid", secrets=[other],
                 why="the secret that signed is not configured any more")
    if p.slug != "linear":
        odd = b"\x00\xff\xfe not text \r\n"
        yield vector(p, "body-that-is-not-text", p.headers(secret, odd, NOW), odd)
        yield vector(p, "empty-body", p.headers(secret, b"", NOW), b"")
        big = {"body_repeat": ["own ", 262_144]}
        yield vector(p, "one-mebibyte", p.headers(secret, b"own " * 262_144, NOW), big)
        yield vector(p, "one-mebibyte-cut", p.headers(secret, b"own " * 262_144, NOW),
                     {"body_repeat": ["own ", 262_143]}, "invalid", why="four bytes are missing")


def timed(p):
    """What every preset that signs a time has to do."""
    raw, secret, reach = p.body.encode(), p.secrets[0], p.tolerance
    good = p.headers(secret, raw, NOW)
    yield vector(p, "as-old-as-it-may-be", good, raw, now=NOW + reach)
    yield vector(p, "stale", good, raw, "invalid", now=NOW + reach + 1,
                 why="one second older than the tolerance")
    yield vector(p, "as-early-as-it-may-be", good, raw, now=NOW - reach)
    yield vector(p, "future", good, raw, "invalid", now=NOW - reach - 1,
                 why="one second further ahead than the tolerance")
    yield vector(p, "stale-but-tolerated", good, raw, now=NOW + 10_000, tolerance_s=10_000)
    if p.slug == "linear":
        return
    moved = [[n, v.replace(str(NOW), str(NOW + 1))] for n, v in good]
    yield vector(p, "time-tampered", moved, raw, "invalid", why="the time changed after signing")
    for name, text in (("empty", ""), ("milliseconds", f"{NOW}000"), ("signed", f"+{NOW}"),
                       ("fraction", f"{NOW}.0"), ("padded", f"0{NOW}")):
        yield vector(p, f"time-{name}", p.headers(secret, raw, text), raw, "invalid",
                     why="the time is not whole seconds, though it was signed like that")


def in_signature(p, separator, time_key, signature_key):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    (name, good), = p.headers(secret, raw, NOW)
    (_, wrong), = p.headers(stranger, raw, NOW)
    (_, second), = p.headers(other, raw, NOW)
    time, good = good.split(separator)
    wrong, second = wrong.split(separator)[1], second.split(separator)[1]
    join = separator.join

    def one(case, *elements, expect="valid", **more):
        return vector(p, case, [[name, join(elements)]], raw, expect, **more)

    def bad(case, *elements, why):
        return one(case, *elements, expect="invalid", why=why)

    yield one("two-signatures-second-right", time, wrong, good)
    yield one("two-signatures-both-right", time, good, second, secrets=[secret, other])
    yield one("signature-before-time", good, time)
    yield one("unknown-keys", time, "v0=00ff", good, "x=", "scheme=own")
    yield one("sixteen-signatures", time, *[wrong] * 15, good)
    yield bad("seventeen-signatures", time, *[wrong] * 16, good, why="too many signatures")
    yield bad("one-hundred-signatures", time, good, *[wrong] * 99, why="too many signatures")
    yield bad("time-twice", time, time, good, why="the time is there twice")
    yield bad("other-time-first", f"{time_key}={NOW + 1}", time, good, why="the time is there twice")
    yield bad("no-time", good, why="the time is missing")
    yield bad("no-signature-in-header", time, why="no signature in the header")
    yield bad("other-version", time, good.replace(signature_key, "v9", 1),
              why="the signature is of another version")
    yield bad("upper-case-key", time, good.replace(signature_key, signature_key.upper(), 1),
              why="keys are lower case")
    yield bad("joined", time, good + ", " + time, good, why="two headers joined by a proxy")
    other_separator = {",": ";", ";": ","}[separator]
    yield vector(p, "other-separator", [[name, other_separator.join([time, good])]], raw, "invalid",
                 why="the elements are separated by the other sign")


def signed_id(p, family):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    good = p.headers(secret, raw, NOW, family=family)
    second = p.headers(other, raw, NOW, family=family)
    wrong = p.headers(stranger, raw, NOW, family=family)
    right = good[2][1]

    def listed(case, text, expect="valid", **more):
        return vector(p, case, [*good[:2], [good[2][0], text]], raw, expect, **more)

    yield listed("two-signatures-second-right", f"{wrong[2][1]} {right}")
    yield listed("two-signatures-both-right", f"{second[2][1]} {right}", secrets=[secret, other])
    yield listed("asymmetric-beside", f"v1a,{b64(bytes(64))} {right}")
    yield listed("sixteen-signatures", " ".join([wrong[2][1]] * 15 + [right]))
    yield listed("seventeen-signatures", " ".join([wrong[2][1]] * 16 + [right]), "invalid",
                 why="too many signatures")
    yield listed("version-2-only", "v2," + right[3:], "invalid", why="another version")
    yield listed("no-version", right[3:], "invalid", why="no version")
    yield listed("comma-joined", f"{right}, {right}", "invalid",
                 why="two headers joined by a proxy")
    yield vector(p, "no-id", good[1:], raw, "invalid", why="the id is signed and missing")
    yield vector(p, "no-timestamp", [good[0], good[2]], raw, "invalid", why="the time is missing")
    yield vector(p, "id-tampered", [[good[0][0], "msg_own_2Zq9"], *good[1:]], raw, "invalid",
                 why="the id changed after signing")
    yield vector(p, "id-twice", [good[0], *good], raw, "invalid", why="the id is there twice")
    yield vector(p, "time-twice", [good[1], *good], raw, "invalid", why="the time is there twice")
    dotted = p.headers(secret, raw, NOW, family=family, id="msg.own")
    yield vector(p, "id-with-a-full-stop", dotted, raw, "invalid",
                 why="the same bytes could be split in another way")
    moved = p.headers(secret, b"1790000000." + raw, NOW, family=family)
    yield vector(p, "full-stop-moved", [[good[0][0], f"msg_own_2Zq8.{NOW}"], *moved[1:]], raw,
                 "invalid", why="a part of the body was moved into the id")
    unprefixed = secret.removeprefix("whsec_")
    yield vector(p, "secret-without-prefix", good, raw, secrets=[unprefixed])


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
        yield vector(p, "sha-1-in-the-sha-256-header", [["X-Hub-Signature-256", f"sha1={sha1}"]],
                     raw, "invalid", why="another algorithm")
    if p.slug in ("github", "meta", "x-signature-sha256", "x-webhook-signature-sha256"):
        (name, good), *rest = p.headers(secret, raw, NOW)
        yield vector(p, "no-prefix", [[name, good[7:]], *rest], raw, "invalid", why="no prefix")
        yield vector(p, "upper-case-digits", [[name, "sha256=" + good[7:].upper()], *rest], raw)
        yield vector(p, "upper-case-prefix", [[name, "SHA256=" + good[7:]], *rest], raw, "invalid",
                     why="the prefix is lower case")
        yield vector(p, "comma-joined", [[name, f"{good}, {good}"], *rest], raw, "invalid",
                     why="two headers joined by a proxy")
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


def files():
    for preset in PRESETS:
        made = list(common(preset))
        if preset.tolerance is not None:
            made += timed(preset)
        made += special(preset)
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
