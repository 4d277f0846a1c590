"""Mail and marketing."""

import urllib.parse

from kit import *  # noqa: F403

FORM = ["Content-Type", "application/x-www-form-urlencoded"]
USERS = ("user:own-password", "user:second:password", "user:never-configured")
MANDRILL = "https://user:pw@hooks.example.com/mandrill/?shop=1"
EVENTS = "mandrill_events=" + urllib.parse.quote_plus('[{"event":"open","_id":"own 1","ts":1790000000}]')


def bearer(secret, body, time):
    return [["Authorization", "Bearer " + secret]]


def basic(secret, body, time):
    return [["Authorization", "Basic " + b64(secret.encode())]]


def mandrill(secret, body, time, url):
    pairs = urllib.parse.parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    text = url + "".join(name + value for name, value in sorted(pairs, key=lambda pair: pair[0]))
    return [["X-Mandrill-Signature", b64(mac(text_key(secret), text.encode(), hash="sha1"))], FORM]


def mailgun(secret, timestamp=str(NOW), token="own" + "0123456789" * 4, **more):
    signature = {"timestamp": timestamp, "token": token,
                 "signature": hexa(mac(text_key(secret), timestamp.encode(), token.encode())), **more}
    return {"signature": signature, "event-data": {"event": "opened", "id": "own-1"}}


def customer_io(secret, body, time):
    tag = hexa(mac(text_key(secret), b"v0:", time.encode(), b":", body))
    return [["X-CIO-Timestamp", time], ["X-CIO-Signature", tag]]


def klaviyo(secret, body, time):
    return [["Klaviyo-Signature", hexa(mac(text_key(secret), body, time.encode()))],
            ["Klaviyo-Timestamp", time], ["Klaviyo-Webhook-Id", "own-2"]]


def in_millis(header, key, encode):
    def sign(secret, body, time):
        return [[header, f"t={time},{key}={encode(mac(text_key(secret), time.encode(), b'.', body))}"]]

    return sign


PRESETS = [
    Preset("brevo", bearer, '{"event":"delivered","id":1,"email":"own@example.com"}', TEXTS, plain=False),
    Preset("postmark", basic, '{"RecordType":"Delivery","MessageID":"own-3"}', USERS, plain=False),
    Preset("mailgun", lambda secret, body, time: [], "", TEXTS, (32_400, 300), plain=False),
    Preset("mandrill", mandrill, EVENTS, TEXTS, url=MANDRILL, plain=False),
    Preset("resend", standard("svix-"), '{"type":"email.sent","created_at":"2026-09-21T14:13:20Z"}', WHSECS,
           300),
    Preset("customer-io", customer_io, '{"event_id":"own-4","object_type":"email","metric":"opened"}', TEXTS,
           300),
    Preset("klaviyo", klaviyo, '{"data":[{"external_id":"1","topic":"event:klaviyo.sent_sms"}],"meta":{}}',
           ("own secret of 16 and more", *TEXTS[1:]), 300, unit="http"),
    Preset("courier", in_millis("courier-signature", "signature", hexa),
           '{"type":"message:updated","data":{"id":"own-5"}}', TEXTS, 300, unit="ms"),
    Preset("knock", in_millis("x-knock-signature", "s", b64), '{"type":"message.sent","data":{}}', TEXTS, 300,
           unit="ms"),
]


def special(p):
    secret, other, stranger = p.secrets
    raw = p.body.encode()
    if p.slug in ("brevo", "postmark"):
        yield from tokens(p)
    if p.slug == "brevo":
        yield vector(p, "basic-auth", basic("user:own", raw, NOW), raw, secrets=["user:own"])
        yield vector(p, "basic-auth-other", basic("user:Own", raw, NOW), raw, "invalid", secrets=["user:own"],
                     why="another password")
        yield vector(p, "bearer-wrong-basic-right", [*bearer(stranger, raw, NOW), *basic(secret, raw, NOW)],
                     raw, "invalid", why="there are two headers")
        yield vector(p, "no-scheme", [["Authorization", secret]], raw, "invalid", why="no scheme")
        yield vector(p, "bearer-in-lower-case", [["Authorization", "bearer " + secret]], raw, "invalid",
                     why="Bearer is written so")
    if p.slug == "postmark":
        for name, value in (("no-scheme", b64(secret.encode())), ("not-base64", "Basic " + secret),
                            ("base64-url", "Basic " + b64url(b"user:~~~\xff")),
                            ("no-padding", "Basic " + b64(b"user:pw").rstrip("=")),
                            ("bearer", "Bearer " + secret),
                            ("user-alone", "Basic " + b64(b"user")),
                            ("password-alone", "Basic " + b64(b"own-password")),
                            ("empty-credentials", "Basic ")):
            yield vector(p, name, [["Authorization", value]], raw, "invalid", why="not our credentials",
                         secrets=["user:pw"] if name == "no-padding" else [secret])
        umlauts = "w\u00e4chter:gr\u00fc\u00df\u00e9"
        yield vector(p, "umlauts", basic(umlauts, raw, NOW), raw, secrets=[umlauts])
    if p.slug == "mailgun":
        yield from mailgun_cases(p)
    if p.slug == "mandrill":
        yield from mandrill_cases(p, raw)
    if p.slug == "resend":
        yield from signed_id(p, "svix-")
        theirs = p.headers(secret, raw, NOW, family="webhook-")
        yield vector(p, "webhook-family", theirs, raw, "invalid", why="Resend uses the other names")
    if p.slug == "customer-io":
        stamp, tag = p.headers(secret, raw, NOW)
        yield vector(p, "slack-prefix", [stamp, [tag[0], "v0=" + tag[1]]], raw, "invalid", why="no prefix")
    if p.slug == "klaviyo":
        stamp = p.stamp(NOW)
        first = hexa(mac(text_key(secret), stamp.encode(), raw))
        yield vector(p, "time-first", [["Klaviyo-Signature", first], ["Klaviyo-Timestamp", stamp]], raw,
                     "invalid", why="the time comes after the body")
        for name, text in (("unix-time", str(NOW)), ("rfc-3339", "2026-09-21T14:13:20Z"),
                           ("other-zone", stamp.replace("GMT", "CET")),
                           ("lower-case", stamp.lower()), ("no-weekday", stamp[5:])):
            yield vector(p, name, p.headers(secret, raw, text), raw, "invalid", why="no HTTP date")
        moved = p.headers(secret, raw + b"Mon", stamp[3:])
        yield vector(p, "time-moved-into-the-body", moved, raw + b"Mon", "invalid",
                     why="the same bytes, read in another way")
        flow = [["Content-Type", "application/json"]]
        yield vector(p, "flow-action", flow, raw, "invalid", why="flow actions are not signed")
    if p.slug == "courier":
        yield from in_signature(p, ",", "t", "signature")
    if p.slug == "knock":
        yield from in_signature(p, ",", "t", "s")
    if p.slug in ("courier", "knock"):
        seconds = p.headers(secret, raw, str(NOW))
        yield vector(p, "time-in-seconds", seconds, raw, "invalid", why="seconds instead of milliseconds")


def mandrill_cases(p, raw):
    secret = p.secrets[0]
    good = p.headers(secret, raw, NOW)
    yield from common(p)
    for name, url in (("slash", MANDRILL.replace("/?", "?")), ("query", MANDRILL + "1"),
                      ("credentials", MANDRILL.replace("user:pw@", "")), ("http", MANDRILL.replace("s:", ":"))):
        yield vector(p, f"url-other-{name}", good, raw, "invalid", url=url,
                     why="not the URL that was entered")
    two = b"b=2&" + raw + b"&a=1&b=1"
    yield vector(p, "several-fields", p.headers(secret, two, NOW), two)
    yield vector(p, "fields-in-another-order", p.headers(secret, two, NOW), b"a=1&b=2&b=1&" + raw)
    yield vector(p, "values-in-another-order", p.headers(secret, two, NOW), b"a=1&b=1&b=2&" + raw, "invalid",
                 why="values of one name keep their order")
    empty = b"mandrill_events=%5B%5D"
    yield vector(p, "no-events", p.headers(secret, empty, NOW), empty)
    yield vector(p, "escaped-otherwise", good, EVENTS.replace("open", "%6Fpen"))
    yield vector(p, "signed-as-sent", [["X-Mandrill-Signature", b64(mac(
        text_key(secret), MANDRILL.encode() + raw, hash="sha1"))], FORM], raw, "invalid",
        why="names and values are decoded")
    yield vector(p, "no-events-field", p.headers(secret, b"a=1", NOW), "a=1", "invalid",
                 why="there is no payload")
    twice = raw + b"&" + raw
    yield vector(p, "events-twice", p.headers(secret, twice, NOW), twice, "invalid", why="two payloads")
    yield vector(p, "sha-256", [["X-Mandrill-Signature", b64(mac(text_key(secret), MANDRILL.encode()))], FORM],
                 raw, "invalid", why="another algorithm")


def mailgun_cases(p):
    secret, other, stranger = p.secrets

    def sent(case, whole, expect="valid", **more):
        body = whole if isinstance(whole, str) else json.dumps(whole)
        return vector(p, case, [["Content-Type", "application/json"]], body, expect, **more)

    def bad(case, whole, why, **more):
        return sent(case, whole, "invalid", why=why, **more)

    def but(**changes):
        whole = mailgun(secret)
        return {**whole, "signature": {**whole["signature"], **changes}}

    good = mailgun(secret)
    yield sent("valid", good)
    yield sent("other-data", {**good, "event-data": {"event": "not covered", "id": "own-2"}})
    yield sent("no-data", {"signature": good["signature"]})
    yield sent("time-is-a-number", but(timestamp=NOW))
    yield sent("spaces-and-order", json.dumps(dict(reversed(good.items())), indent=2))
    yield sent("signature-in-upper-case", but(signature=good["signature"]["signature"].upper()))
    yield sent("second-secret", mailgun(other), secrets=[secret, other])
    yield sent("parent-signature-beside", mailgun(secret, **{"parent-signature": "00" * 32}))
    yield bad("parent-signature-alone", but(signature="00" * 32, **{
        "parent-signature": good["signature"]["signature"]}), "the parent's is not looked at")
    yield sent("last-retry", good, now=NOW + 32_400)
    yield bad("after-the-last-retry", good, "older than the tolerance", now=NOW + 32_401)
    yield sent("as-early-as-it-may-be", good, now=NOW - 300)
    yield bad("future", good, "further ahead than the tolerance", now=NOW - 301)
    yield bad("other-secret", mailgun(stranger), "the secret is not configured")
    yield bad("token-changed", but(token="x" * 43), "the token is signed")
    yield bad("time-changed", but(timestamp=str(NOW + 1)), "the time is signed")
    yield bad("digit-moved", but(timestamp=str(NOW)[:-1], token=str(NOW)[-1] + good["signature"]["token"]),
              "the same bytes, a time long ago")
    yield bad("no-token", {**good, "signature": {k: v for k, v in good["signature"].items() if k != "token"}},
              "the token is signed")
    yield bad("no-time", {**good, "signature": {k: v for k, v in good["signature"].items()
                                                if k != "timestamp"}}, "there is no time")
    yield bad("no-signature", {**good, "signature": {"timestamp": str(NOW), "token": "t"}}, "none")
    yield bad("empty-signature", but(signature=""), "there is no signature")
    yield bad("signature-cut", but(signature=good["signature"]["signature"][:-2]), "not whole")
    yield bad("signature-is-a-number", but(signature=7), "no text")
    text = json.dumps(good)
    yield bad("signature-twice", text.replace('"token"', '"signature":"00","token"'), "there twice")
    yield bad("block-twice", text[:-1] + ',"signature":{}}', "there twice")
    yield bad("token-twice", text.replace('"token"', '"token":"x","token"'), "there twice")
    yield bad("at-the-top", good["signature"], "in another place")
    yield bad("form", "timestamp=%d&token=t&signature=%s" % (NOW, good["signature"]["signature"]),
              "forms are another kind of post")
    yield bad("half-a-json", text[:-1], "not whole JSON")
    yield bad("no-body", "", "there is no signature")
