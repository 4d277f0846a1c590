"""Payment providers of Europe."""

from kit import *


def klarna(secret, body, time):
    id, key = secret.rsplit(":", 1)
    return [["Klarna-Signing-Key-Id", id], ["Klarna-Signature", hexa(mac(key.encode(), body))]]


def revolut(secret, body, time):
    tag = hexa(mac(text_key(secret), f"v1.{time}.".encode(), body))
    return [["Revolut-Request-Timestamp", time], ["Revolut-Signature", f"v1={tag}"]]


KEY_ID = "krn:partner:global:notification:signing-key:own-"

PRESETS = [
    Preset("adyen-payments", None, "", HEXES, plain=False),
    Preset(
        "adyen-platform",
        body_only("HmacSignature", b64, key=hex_key),
        '{"type":"balancePlatform.transfer.created","environment":"test","data":{"id":"own"}}',
        HEXES,
        unsigned=[["Protocol", "HmacSHA256"]],
    ),
    Preset(
        "checkout-com",
        body_only("Cko-Signature", hexa),
        '{"id":"evt_own_5","type":"payment_approved","data":{"amount":10.50}}',
        TEXTS,
    ),
    Preset(
        "gocardless",
        body_only("Webhook-Signature", hexa),
        '{"events":[{"id":"EV1","resource_type":"payments","action":"confirmed"},'
        '{"id":"EV2","resource_type":"mandates","action":"created"}],"meta":{"webhook_id":"WB1"}}',
        TEXTS,
        unsigned=[["Origin", "https://api.gocardless.com"]],
    ),
    Preset(
        "klarna",
        klarna,
        '{"metadata":{"event_id":"own-6","event_type":"payment.request.state-change.completed",'
        '"event_version":"v2"},"payload":{}}',
        tuple(f"{KEY_ID}{n}:own-klarna-key-{n}" for n in "123"),
    ),
    Preset(
        "mollie",
        body_only("X-Mollie-Signature", hexa, "sha256="),
        '{"resource":"event","id":"whev_own","type":"payment-link.paid"}',
        TEXTS,
        plain=False,
    ),
    Preset(
        "revolut",
        revolut,
        '{"event":"ORDER_COMPLETED","order_id":"own-7"}',
        TEXTS,
        300,
        unit="ms",
    ),
]


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug == "adyen-payments":
        yield from adyen(p)
    if p.slug in ("adyen-platform", "checkout-com", "gocardless", "klarna"):
        yield from bare(p)
    if p.slug == "adyen-platform":
        yield vector(p, "lower-case-key", p.headers(secret, raw, NOW), raw,
                     secrets=[secret.lower()])
        yield vector(p, "key-taken-for-text", [["HmacSignature", b64(mac(secret.encode(), raw))]],
                     raw, "invalid", why="the key is hexadecimal digits, not text")
    if p.slug == "klarna":
        (id_name, id), signature = klarna(secret, raw, NOW)
        for name, headers, why in (
            ("no-key-id", [signature], "the key id is missing"),
            ("empty-key-id", [[id_name, ""], signature], "the key id is empty"),
            ("two-key-ids", [[id_name, id], [id_name, id], signature], "the key id is there twice"),
            ("unknown-key-id", [[id_name, KEY_ID + "9"], signature], "nobody has a key of that id"),
        ):
            yield vector(p, name, headers, raw, "invalid", why=why)
        yield vector(p, "other-key-id", [[id_name, KEY_ID + "2"], signature], raw, "invalid",
                     secrets=[secret, other], why="signed with another key than the one that is named")
    if p.slug == "mollie":
        yield from mollie(p)
    if p.slug == "revolut":
        stamp, (name, good) = revolut(secret, raw, p.stamp(NOW))
        wrong, second = (revolut(s, raw, p.stamp(NOW))[1][1] for s in (stranger, other))

        def one(case, text, expect="valid", **more):
            return vector(p, case, [stamp, [name, text]], raw, expect, **more)

        yield one("two-signatures-second-right", f"{wrong},{good}")
        yield one("two-signatures-both-right", f"{second},{good}", secrets=[secret, other])
        yield one("unknown-version-beside", f"v2=00ff,{good}")
        yield one("sixteen-signatures", ",".join([wrong] * 15 + [good]))
        yield one("seventeen-signatures", ",".join([wrong] * 16 + [good]), "invalid",
                  why="too many signatures")
        yield one("no-version", good[3:], "invalid", why="no version before the signature")
        yield one("other-version", "v2" + good[2:], "invalid", why="another version")
        bad = hexa(mac(text_key(secret), f"{p.stamp(NOW)}.".encode(), raw))
        yield one("version-not-signed", f"v1={bad}", "invalid", why="the signed text lacks its version")
        yield vector(p, "no-timestamp", [[name, good]], raw, "invalid", why="the time is missing")
        yield vector(p, "two-timestamps", [stamp, stamp, [name, good]], raw, "invalid",
                     why="the time is there twice")


def mollie(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    # A second line is no mistake here.
    yield from (v for v in common(p) if v["name"] != "two-signature-headers")
    (line,), (wrong,), (second,) = (p.headers(s, raw, NOW) for s in (secret, stranger, other))
    name, good = line
    odd = b"\x00\xff\xfe not text \r\n"
    yield vector(p, "body-that-is-not-text", p.headers(secret, odd, NOW), odd)
    yield vector(p, "two-lines-second-right", [wrong, line], raw)
    yield vector(p, "two-lines-first-right", [line, wrong], raw)
    yield vector(p, "two-lines-both-right", [second, line], raw, secrets=[secret, other])
    yield vector(p, "the-same-line-twice", [line, line], raw)
    yield vector(p, "two-lines-both-wrong", [wrong, second], raw, "invalid",
                 why="neither secret is configured")
    yield vector(p, "sixteen-lines", [wrong] * 15 + [line], raw)
    yield vector(p, "seventeen-lines", [wrong] * 16 + [line], raw, "invalid", why="too many lines")
    yield vector(p, "no-prefix", [[name, good[7:]]], raw)
    yield vector(p, "prefix-twice", [[name, "sha256=" + good]], raw, "invalid", why="two prefixes")
    yield vector(p, "other-prefix", [[name, "sha1=" + good[7:]]], raw, "invalid",
                 why="another algorithm's prefix")
    yield vector(p, "lines-joined", [[name, f"{good}, {good}"]], raw, "invalid",
                 why="a proxy joined two lines, which this sender never does")


ITEM = {
    "additionalData": {"expiryDate": "03/2030", "authCode": "039404"},
    "eventCode": "AUTHORISATION",
    "success": "true",
    "eventDate": "2026-09-21T16:13:20+02:00",
    "merchantAccountCode": "OwnMerchantECOM",
    "pspReference": "7914073381342284",
    "merchantReference": "own order 1",
    "amount": {"value": 1130, "currency": "EUR"},
    "reason": "039404:1111:03/2030",
    "paymentMethod": "visa",
}


def adyen(p):
    one, two, stranger = p.secrets

    def tag(secret, item, key=hex_key):
        def text(value):
            return "" if value is None else str(value)

        amount = item.get("amount", {})
        values = [item.get("pspReference"), item.get("originalReference"),
                  item.get("merchantAccountCode"), item.get("merchantReference"),
                  amount.get("value"), amount.get("currency"), item.get("eventCode"),
                  item.get("success")]
        return b64(mac(key(secret), ":".join(map(text, values)).encode()))

    def item(secret=one, **changes):
        """Signed after the changes."""
        changed = {**ITEM, **changes}
        data = {**changed["additionalData"], "hmacSignature": tag(secret, changed)}
        return {**changed, "additionalData": data}

    def body(*items):
        wrapped = [{"NotificationRequestItem": i} for i in items]
        return json.dumps({"live": "false", "notificationItems": wrapped}, ensure_ascii=False)

    def good(name, *items, **more):
        return vector(p, name, [["Content-Type", "application/json"]], body(*items), **more)

    def bad(name, text, why, **more):
        text = text if isinstance(text, str) else body(*text)
        return vector(p, name, [["Content-Type", "application/json"]], text, "invalid", why=why,
                      **more)

    first, second = item(), item(pspReference="8814073381342285", eventCode="CAPTURE",
                                 originalReference="7914073381342284")
    yield good("valid", first)
    yield good("two-items", first, second)
    yield good("amount-as-text", item(amount={"value": "1130", "currency": "EUR"}))
    yield good("null-is-absent", {**first, "originalReference": None})
    yield good("colons-in-the-merchant-reference", item(merchantReference="own:order:2"))
    yield good("letters-of-all-kinds", item(merchantReference="Gr\u00fc\u00dfe \u2615 \\ / \""))
    yield good("lower-case-key", first, secrets=[one.lower()])
    yield good("unsigned-reason-changed", {**first, "reason": "another"})
    yield good("unsigned-data-added",
               {**first, "additionalData": {**first["additionalData"], "own": "x"}})
    yield good("unsigned-date-gone", {k: v for k, v in first.items() if k != "eventDate"})
    yield good("rotation-new-secret-second", item(two), secrets=[one, two])
    yield good("rotation-an-item-each", first, item(two), secrets=[one, two])
    yield bad("rotation-old-secret-removed", [first], secrets=[two],
              why="the secret that signed is not configured any more")
    yield bad("signed-by-a-stranger", [item(stranger)], "the secret is not configured")
    yield bad("second-item-by-a-stranger", [first, item(stranger)], "the second item is forged")
    yield bad("first-item-by-a-stranger", [item(stranger), first], "the first item is forged")
    for name, change in (("psp-reference", {"pspReference": "7914073381342285"}),
                         ("original-reference", {"originalReference": "x"}),
                         ("merchant-account", {"merchantAccountCode": "Another"}),
                         ("merchant-reference", {"merchantReference": "own order 2"}),
                         ("amount", {"amount": {"value": 1131, "currency": "EUR"}}),
                         ("currency", {"amount": {"value": 1130, "currency": "USD"}}),
                         ("event-code", {"eventCode": "CAPTURE"}),
                         ("success", {"success": "false"})):
        yield bad(f"{name}-changed", [{**first, **change}], "a signed field changed after signing")
    yield bad("second-item-changed", [first, {**second, "success": "false"}],
              "a signed field of the second item changed after signing")
    yield bad("signatures-swapped",
              [{**first, "additionalData": second["additionalData"]},
               {**second, "additionalData": first["additionalData"]}],
              "each signature is of the other item")
    yield bad("colon-moved", [{**item(merchantReference="own:order"),
                               "merchantAccountCode": "OwnMerchantECOM:own",
                               "merchantReference": "order"}],
              "a part of the reference was moved into the account")
    yield bad("colon-in-the-account", [item(merchantAccountCode="Own:Merchant")],
              "the same bytes could be split in another way")
    yield bad("success-is-no-text", [{**item(success="true"), "success": True}],
              "a signed field is neither text nor an integer")
    yield bad("no-signature", [{**first, "additionalData": {}}], "there is no signature")
    yield bad("second-item-without-signature", [first, {**second, "additionalData": {}}],
              "the second item has no signature")
    yield bad("empty-signature", [{**first, "additionalData": {"hmacSignature": ""}}],
              "the signature is empty")
    yield bad("signature-cut",
              [{**first, "additionalData": {"hmacSignature":
                                            first["additionalData"]["hmacSignature"][:-2]}}],
              "two characters are missing")
    yield bad("signature-in-hex",
              [{**first, "additionalData": {"hmacSignature": base64.b64decode(
                  first["additionalData"]["hmacSignature"]).hex()}}], "hex instead of base64")
    yield bad("key-taken-for-text",
              [{**first, "additionalData": {"hmacSignature": tag(one, ITEM, key=text_key)}}],
              "the key is hexadecimal digits, not text")
    text = body(first)
    yield bad("signature-twice", text.replace('"hmacSignature"', '"hmacSignature":"x","hmacSignature"'),
              "the signature is there twice")
    yield bad("signed-field-twice", text.replace('"success"', '"success":"false","success"'),
              "a signed field is there twice")
    yield bad("items-twice", text.replace('"notificationItems"',
                                          '"notificationItems":[],"notificationItems"'),
              "the list of items is there twice")
    yield bad("item-twice", text.replace('"NotificationRequestItem"',
                                         '"NotificationRequestItem":{},"NotificationRequestItem"'),
              "an item is there twice")
    yield bad("no-items", body(), "a batch without items proves nothing")
    yield bad("no-list", '{"live":"false"}', "there are no items")
    yield bad("items-are-no-list", json.dumps({"notificationItems": {"0": first}}), "no list")
    yield bad("more-items-than-a-batch-has", [first] * 1001, "too many items")
    yield good("sixty-four-items", *[{"pspReference": "p", "additionalData": {
        "hmacSignature": tag(one, {"pspReference": "p"})}}] * 64)
    yield bad("not-json", "live=false", "not JSON")
    yield bad("half-a-json", text[:-1], "not whole JSON")
    yield bad("empty-body", "", "no body")
    yield vector(p, "signature-in-the-header", [["HmacSignature", b64(mac(
        hex_key(one), body({**first, "additionalData": {}}).encode()))]],
        body({**first, "additionalData": {}}), "invalid", why="that is how platform webhooks sign")
