"""Payment providers of Africa, India and Latin America."""

from kit import *


def mercado_pago(secret, body, time, id="123456", request="own-req-8"):
    text = "".join([f"id:{id};" if id is not None else "",
                    f"request-id:{request};" if request is not None else "", f"ts:{time};"])
    tag = hexa(mac(text_key(secret), text.encode()))
    header = [["x-request-id", request]] if request is not None else []
    return [*header, ["x-signature", f"ts={time},v1={tag}"]]


PRESETS = [
    Preset("flutterwave-v3", token("verif-hash"),
           '{"event":"charge.completed","data":{"id":285959875}}', TEXTS, plain=False),
    Preset("flutterwave-v4", body_only("flutterwave-signature", b64),
           '{"type":"charge.completed","data":{"id":"chg_own"}}', TEXTS),
    Preset(
        "mercado-pago",
        lambda secret, body, time, url: mercado_pago(secret, body, time),
        '{"id":9,"type":"payment","action":"payment.updated","api_version":"v1","data":{"id":"123456"}}',
        TEXTS,
        300,
        url="https://hooks.example.com/mp?data.id=123456&type=payment",
        plain=False,
    ),
    Preset("monnify", body_only("monnify-signature", hexa, hash="sha512"),
           '{"eventType":"SUCCESSFUL_TRANSACTION","eventData":{"transactionReference":"MNFY|own"}}',
           TEXTS),
    Preset("paystack", body_only("x-paystack-signature", hexa, hash="sha512"),
           '{"event":"charge.success","data":{"id":302961,"amount":10000}}',
           ("sk_test_own_1", "sk_test_own_2", "sk_test_own_3")),
    Preset("razorpay", body_only("X-Razorpay-Signature", hexa),
           '{"entity":"event","event":"payment.authorized","payload":{}}', TEXTS,
           unsigned=[["x-razorpay-event-id", "own-9"]]),
]


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug == "flutterwave-v3":
        yield from tokens(p)
        return
    if p.slug == "mercado-pago":
        yield from mercado(p)
        return
    yield from bare(p)
    name = p.headers(secret, raw, NOW)[0][0]
    if p.slug == "flutterwave-v4":
        yield vector(p, "token-instead", [[name, secret]], raw, "invalid",
                     why="the secret itself is no signature")
    if p.slug in ("monnify", "paystack"):
        yield vector(p, "sha-256", [[name, hexa(mac(text_key(secret), raw))]], raw, "invalid",
                     why="another algorithm")
        yield vector(p, "sha-512-of-secret-and-body",
                     [[name, hashlib.sha512(text_key(secret) + raw).hexdigest()]], raw, "invalid",
                     why="a hash of secret and body is no HMAC")
    if p.slug == "razorpay":
        good = p.headers(secret, raw, NOW)
        yield vector(p, "id-changed", [good[0], [good[1][0], "another"]], raw)


def mercado(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    base = "https://hooks.example.com/mp"

    def good(name, headers, query, body=raw, **more):
        return vector(p, name, headers, body, url=base + query, **more)

    def bad(name, headers, query, why, **more):
        return vector(p, name, headers, raw, "invalid", url=base + query, why=why, **more)

    ours, query = mercado_pago(secret, raw, NOW), "?data.id=123456&type=payment"
    yield good("valid", ours, query)
    yield from timed(p)
    yield good("milliseconds", mercado_pago(secret, raw, NOW * 1000 + 123), query)
    yield bad("stale-milliseconds", mercado_pago(secret, raw, (NOW - 301) * 1000), query,
              "too old, in milliseconds")
    yield good("body-changed", ours, query, body='{"id":10,"data":{"id":"another"}}')
    yield good("empty-body", ours, query, body="")
    yield good("body-that-is-not-text", ours, query, body=b"\x00\xff\xfe")
    yield good("other-parameters", ours, "?x=1&data.id=123456")
    yield good("no-request-id", mercado_pago(secret, raw, NOW, request=None), query)
    yield good("no-data-id", mercado_pago(secret, raw, NOW, id=None), "?type=payment")
    yield good("neither-id", mercado_pago(secret, raw, NOW, id=None, request=None), "")
    yield good("signed-in-lower-case", mercado_pago(secret, raw, NOW, id="abc1"), "?data.id=ABC1")
    yield good("signed-as-it-is", mercado_pago(secret, raw, NOW, id="ABC1"), "?data.id=ABC1")
    yield good("escaped", mercado_pago(secret, raw, NOW, id="a b"), "?data.id=a%20b")
    yield good("other-versions-beside", [ours[0], [ours[1][0], ours[1][1] + ",v2=00ff"]], query)
    yield good("rotation-new-secret-second", mercado_pago(other, raw, NOW), query,
               secrets=[secret, other])
    yield bad("rotation-old-secret-removed", ours, query, secrets=[other],
              why="the secret that signed is not configured any more")
    yield bad("signed-by-a-stranger", mercado_pago(stranger, raw, NOW), query,
              "the secret is not configured")
    yield bad("no-signature", ours[:1], query, "the signature is missing")
    yield bad("two-signatures", [*ours, ours[1]], query, "the signature is there twice")
    yield bad("empty-signature", [ours[0], [ours[1][0], ""]], query, "the signature is empty")
    yield bad("time-changed", [ours[0], [ours[1][0], ours[1][1].replace(str(NOW), str(NOW + 1))]],
              query, "the time changed after signing")
    yield bad("data-id-changed", ours, "?data.id=123457", "a signed parameter changed")
    yield bad("data-id-taken-away", ours, "?type=payment", "a signed parameter is gone")
    yield bad("data-id-added", mercado_pago(secret, raw, NOW, id=None), "?data.id=123456",
              "a parameter came after signing")
    yield bad("data-id-added-twice", mercado_pago(secret, raw, NOW, id=None),
              "?data.id=1&data.id=2", "a parameter that is there twice is not absent")
    yield bad("data-id-twice", ours, "?data.id=123456&data.id=1", "the parameter is there twice")
    yield bad("case-changed", mercado_pago(secret, raw, NOW, id="ABC1"), "?data.id=abc1",
              "signed in upper case, received in lower case")
    yield bad("request-id-changed", [["x-request-id", "another"], ours[1]], query,
              "a signed header changed")
    yield bad("request-id-taken-away", ours[1:], query, "a signed header is gone")
    yield bad("request-id-twice", [ours[0], *ours], query, "the header is there twice")
    yield bad("request-id-moved", ours[1:], "?data.id=123456%3Brequest-id:own-req-8",
              "the header was moved into the parameter")
    yield bad("data-id-moved", [["x-request-id", "own-req-8;ts:1"], ours[1]], query,
              "a signed header has what ends it")
    yield bad("no-trailing-semicolon", [ours[0], ["x-signature", f"ts={NOW},v1=" + hexa(mac(
        text_key(secret), f"id:123456;request-id:own-req-8;ts:{NOW}".encode()))]], query,
        "the text ends in a semicolon")
