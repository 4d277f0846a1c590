"""Banking, cards and money movement by API."""

from kit import *

PRESETS = [
    Preset("brex", standard(), '{"event_type":"TRANSFER_PROCESSED","transfer_id":"own"}',
           tuple(whsec.removeprefix("whsec_") for whsec in WHSECS), 300),
    Preset("dwolla", body_only("X-Request-Signature-SHA-256", hexa),
           '{"id":"own-10","topic":"customer_created","timestamp":"2026-09-21T14:13:20.000Z"}', TEXTS),
    Preset("increase", standard(key=text_key), '{"id":"event_own","category":"account.created"}',
           ("whsec_b3duIGtleSBvZiAyNCBieXRlcy4uLi4u", *TEXTS[1:]), 300),
    Preset("lithic", standard(), '{"event_type":"card.created","card_token":"own"}', WHSECS, 300),
    Preset("modern-treasury", body_only("X-Signature", hexa),
           '{"event":"created","data":{"id":"own","object":"payment_order"}}', TEXTS),
    Preset("ramp", body_only("X-Ramp-Signature", hexa),
           '{"id":"own-11","type":"transactions.cleared","created_at":"2026-09-21T14:13:20Z"}', TEXTS,
           unsigned=[["X-Ramp-Webhook-ID", "own-subscription"]]),
]


def special(p):
    raw, secret = p.body.encode(), p.secrets[0]
    if p.slug in ("brex", "increase", "lithic"):
        yield from signed_id(p, "webhook-")
    else:
        yield from bare(p)
    if p.slug == "increase":
        tag = b64(mac(whsec_key(secret), f"msg_own_2Zq8.{NOW}.".encode(), raw))
        good = p.headers(secret, raw, NOW)
        yield vector(p, "secret-taken-for-base64", [*good[:2], [good[2][0], f"v1,{tag}"]], raw,
                     "invalid", why="the secret is text, though it looks like base64")
