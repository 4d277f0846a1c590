"""Subscriptions, invoices and books."""

from kit import *


def recurly(secret, body, time):
    return [["recurly-signature", f"{time}," + hexa(mac(text_key(secret), f"{time}.".encode(), body))]]


PRESETS = [
    Preset("chargebee", None, '{"id":"ev_own","event_type":"subscription_created","api_version":"v2"}',
           ("own-user:own-pass", "own-user:second-pass", "own-user:never"), plain=False),
    Preset("lemon-squeezy", body_only("X-Signature", hexa),
           '{"meta":{"event_name":"order_created"},"data":{"type":"orders","id":"1"}}', TEXTS,
           unsigned=[["X-Event-Name", "order_created"]]),
    Preset("polar", standard(key=text_key), '{"type":"order.created","data":{}}',
           ("polar_whs_own_1", "whsec_own_2", "polar_whs_own_3"), 300),
    Preset("quickbooks", body_only("intuit-signature", b64),
           '{"eventNotifications":[{"realmId":"1","dataChangeEvent":{"entities":[]}}]}', TEXTS),
    Preset(
        "recurly",
        recurly,
        '{"id":"own","object_type":"account","event_type":"updated",'
        '"event_time":"2026-09-21T14:13:20Z"}',
        tuple(hexes.lower() for hexes in HEXES),
        300,
        unit="ms",
    ),
    Preset("xero", body_only("x-xero-signature", b64),
           '{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"OWN"}',
           tuple(b64(bytes(range(n, n + 66))) for n in (1, 65, 129))),
]


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug == "chargebee":
        yield from basic(p)
    if p.slug in ("lemon-squeezy", "quickbooks", "xero"):
        yield from bare(p)
    if p.slug == "lemon-squeezy":
        good = p.headers(secret, raw, NOW)
        yield vector(p, "name-changed", [good[0], ["X-Event-Name", "another"]], raw)
    if p.slug == "xero":
        name = p.headers(secret, raw, NOW)[0][0]
        yield vector(p, "key-taken-for-base64", [[name, b64(mac(base64.b64decode(secret), raw))]],
                     raw, "invalid", why="the key is text, though it looks like base64")
        yield vector(p, "intent-to-receive-signed-wrongly", [[name, b64(mac(b"wrong", raw))]], raw,
                     "invalid", why="Xero expects 401 for some of its tests")
    if p.slug == "polar":
        yield from signed_id(p, "webhook-")
        tag = b64(mac(base64.b64decode("b3duIGtleSBvZiAyNCBieXRlcy4uLi4u"),
                      f"msg_own_2Zq8.{NOW}.".encode(), raw))
        good = p.headers(secret, raw, NOW)
        yield vector(p, "secret-taken-for-base64", [*good[:2], [good[2][0], f"v1,{tag}"]], raw,
                     "invalid", secrets=["whsec_b3duIGtleSBvZiAyNCBieXRlcy4uLi4u"],
                     why="the secret is text, not base64")
    if p.slug == "recurly":
        (name, good), = p.headers(secret, raw, NOW)
        time, good = good.split(",")
        wrong, second = (p.headers(s, raw, NOW)[0][1].split(",")[1] for s in (stranger, other))

        def one(case, *elements, expect="valid", **more):
            return vector(p, case, [[name, ",".join(elements)]], raw, expect, **more)

        yield one("two-signatures-second-right", time, wrong, good)
        yield one("two-signatures-both-right", time, good, second, secrets=[secret, other])
        yield one("short-signature-beside", time, "de1ec7ab1e", good)
        yield one("sixteen-signatures", time, *[wrong] * 15, good)
        for case, elements, why in (
            ("seventeen-signatures", [time, *[wrong] * 16, good], "too many signatures"),
            ("no-time", [good], "the time is missing"),
            ("time-last", [good, time], "the time does not come first"),
            ("time-only", [time], "no signature"),
            ("time-and-nothing", [time, ""], "an empty signature"),
            ("time-twice", [time, time, wrong], "a time is no signature"),
            ("space-after-the-comma", [time, " " + good], "a space that the sender does not write"),
            ("named", [f"t={time}", f"v1={good}"], "elements have no names"),
        ):
            yield one(case, *elements, expect="invalid", why=why)
        yield one("secret-taken-for-hex", time, hexa(mac(hex_key(secret), f"{time}.".encode(), raw)),
                  expect="invalid", why="the secret is text, though it looks like hexadecimal digits")


def basic(p):
    """RFC 7617: the user and the password, in base64."""
    secret, other, stranger = p.secrets

    def header(credentials, scheme="Basic "):
        return [["Authorization", scheme + b64(credentials.encode())]]

    good = header(secret)
    yield vector(p, "valid", good, p.body)
    yield vector(p, "any-body", good, '{"id":"ev_another"}')
    yield vector(p, "empty-body", good, "")
    yield vector(p, "body-that-is-not-text", good, b"\x00\xff\xfe")
    yield vector(p, "password-with-colons", header("own-user:a:b:"), p.body,
                 secrets=["own-user:a:b:"])
    yield vector(p, "letters-of-all-kinds", header("Gr\u00fc\u00dfe:\u2615"), p.body,
                 secrets=["Gr\u00fc\u00dfe:\u2615"])
    yield vector(p, "rfc-7617-section-2", [["Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]],
                 p.body, secrets=["Aladdin:open sesame"],
                 source="https://www.rfc-editor.org/rfc/rfc7617#section-2")
    yield vector(p, "rotation-new-secret-second", header(other), p.body, secrets=[secret, other])
    yield vector(p, "rotation-old-secret-removed", good, p.body, "invalid", secrets=[other],
                 why="the password is not configured any more")
    for case, headers, why in (
        ("other-password", header(stranger), "the password is not configured"),
        ("other-user", header("another:own-pass"), "the user is not configured"),
        ("no-password", header("own-user:"), "the password is missing"),
        ("no-colon", header("own-user"), "only a user"),
        ("upper-case-password", header("own-user:OWN-PASS"), "the case counts"),
        ("password-and-more", header(secret + "x"), "a character too many"),
        ("no-header", [], "there is no header"),
        ("empty-header", [["Authorization", ""]], "the header is empty"),
        ("nothing-behind-the-scheme", [["Authorization", "Basic "]], "nothing behind the scheme"),
        ("two-headers", good * 2, "the header is there twice"),
        ("joined", [["Authorization", f"{good[0][1]}, {good[0][1]}"]],
         "two headers joined by a proxy"),
        ("bearer", header(secret, "Bearer "), "another scheme"),
        ("no-scheme", header(secret, ""), "no scheme"),
        ("not-encoded", [["Authorization", f"Basic {secret}"]], "not in base64"),
        ("no-padding", [["Authorization", "Basic " + b64(b"own-user:own-pas").rstrip("=")]],
         "no padding"),
    ):
        yield vector(p, case, headers, p.body, "invalid", why=why)
