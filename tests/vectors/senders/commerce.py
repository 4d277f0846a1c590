"""Shops, and what ships from them."""

import unicodedata

from kit import *


def nfkd_key(secret):
    return unicodedata.normalize("NFKD", secret).encode()


PRESETS = [
    Preset("bigcommerce", standard(key=text_key),
           '{"scope":"store/order/created","store_id":"1","data":{"id":1},"hash":"own",'
           '"created_at":1790000000}', TEXTS, 300),
    Preset("easypost", body_only("X-Hmac-Signature", hexa, "hmac-sha256-hex=", key=nfkd_key),
           '{"id":"evt_own_13","description":"tracker.updated","result":{"weight":1}}',
           ("own-s\u00e9cret", "own-\ufb01rst \u2460", "never-configured")),
    Preset("printful", body_only("x-pf-webhook-signature", hexa, key=hex_key),
           '{"type":"order_created","occurred_at":"2026-09-21T14:13:20Z","retries":0}', HEXES,
           unsigned=[["x-pf-webhook-public-key", "own"]]),
    Preset("shopify-events", body_only("Shopify-Hmac-Sha256", b64), '{"id":820982911946154508}', TEXTS,
           unsigned=[["Shopify-Topic", "Product"], ["Shopify-Action", "update"],
                     ["Shopify-Webhook-Id", "own-14"], ["Shopify-Event-Id", "own-15"]]),
    Preset("woocommerce", body_only("X-WC-Webhook-Signature", b64), '{"id":727,"status":"processing"}',
           TEXTS, unsigned=[["X-WC-Webhook-Topic", "order.updated"],
                            ["X-WC-Webhook-Delivery-ID", "own-16"]]),
]


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug == "bigcommerce":
        yield from signed_id(p, "webhook-")
    elif p.slug != "easypost":
        yield from bare(p)
    if p.slug == "easypost":
        (name, good), = p.headers(secret, raw, NOW)
        for case, spelled in (("decomposed", "NFD"), ("composed", "NFC")):
            yield vector(p, f"secret-{case}", [[name, good]], raw,
                         secrets=[unicodedata.normalize(spelled, secret)])
        yield vector(p, "secret-with-ligatures", p.headers(other, raw, NOW), raw,
                     secrets=["own-first 1"])
        yield vector(p, "secret-not-normalized",
                     [[name, "hmac-sha256-hex=" + hexa(mac(secret.encode(), raw))]], raw, "invalid",
                     why="the secret is normalized before it signs")
        yield vector(p, "upper-case-digits", [[name, "hmac-sha256-hex=" + good[16:].upper()]], raw)
        for case, text, why in (
            ("no-prefix", good[16:], "no prefix"),
            ("other-prefix", "sha256=" + good[16:], "another prefix"),
            ("base64-prefix", "hmac-sha256=" + good[16:], "the prefix of another encoding"),
            ("upper-case-prefix", good.upper(), "the prefix is lower case"),
            ("comma-joined", f"{good}, {good}", "two headers joined by a proxy"),
        ):
            yield vector(p, case, [[name, text]], raw, "invalid", why=why)
        yield vector(p, "version-2-only", [["X-Hmac-Signature-V2", good]], raw, "invalid",
                     why="the header of version 2 is not looked at")
    if p.slug == "printful":
        yield vector(p, "lower-case-key", p.headers(secret, raw, NOW), raw, secrets=[secret.lower()])
        yield vector(p, "key-taken-for-text",
                     [["x-pf-webhook-signature", hexa(mac(secret.encode(), raw))]], raw, "invalid",
                     why="the key is hexadecimal digits, not text")
    if p.slug == "shopify-events":
        tag = p.headers(secret, raw, NOW)[0][1]
        wrong = p.headers(stranger, raw, NOW)[0][1]
        yield vector(p, "long-family", [["X-Shopify-Hmac-Sha256", tag]], raw)
        yield vector(p, "first-family-wrong", [["Shopify-Hmac-Sha256", wrong],
                                               ["X-Shopify-Hmac-Sha256", tag]], raw, "invalid",
                     why="the other family does not rescue a wrong signature")
    if p.slug == "woocommerce":
        yield vector(p, "ping", [["Content-Type", "application/x-www-form-urlencoded"]],
                     "webhook_id=7", "invalid", why="the ping of a new webhook is not signed")
        good = p.headers(secret, raw, NOW)
        yield vector(p, "headers-changed", [good[0], ["X-WC-Webhook-Topic", "another"],
                                            ["X-WC-Webhook-Delivery-ID", "another"]], raw)
