"""Payment providers of the United States."""

import urllib.parse

from kit import *


def finix(secret, body, time, between=", "):
    tag = hexa(mac(text_key(secret), f"{time}:".encode(), body))
    return [["Finix-Signature", f"timestamp={time}{between}sig={tag}"]]


PRESETS = [
    Preset("braintree", None, "", ("own_public_1:own-private-1", "own_public_2:own-private-2",
                                   "own_public_3:own-private-3"), plain=False),
    Preset(
        "finix",
        finix,
        '{"id":"event_own_1","type":"created","entity":"transfer","_embedded":{}}',
        TEXTS,
        300,
    ),
    Preset(
        "stripe-thin",
        pairs("Stripe-Signature", ",", "t", "v1", b"."),
        '{\n  "id": "evt_own_thin",\n  "object": "v2.core.event",\n'
        '  "type": "v1.billing.meter.error_report_triggered",\n'
        '  "created": "2026-09-21T14:13:20.000Z"\n}',
        ("whsec_own_text_not_base64", *TEXTS[1:]),
        300,
    ),
]


def special(p):
    if p.slug == "braintree":
        yield from braintree(p)
    if p.slug == "stripe-thin":
        yield from in_signature(p, ",", "t", "v1")
    if p.slug == "finix":
        raw, (secret, other, stranger) = p.body.encode(), p.secrets
        yield vector(p, "no-space", finix(secret, raw, NOW, between=","), raw)
        (name, good), = finix(secret, raw, NOW)
        (_, wrong), = finix(stranger, raw, NOW)
        wrong = wrong.split(", ")[1]
        yield vector(p, "two-signatures-second-right", [[name, good.replace(", ", f", {wrong}, ")]], raw)
        yield vector(p, "time-twice", [[name, f"timestamp={NOW}, {good}"]], raw, "invalid",
                     why="the time is there twice")
        yield vector(p, "no-time", [[name, good.split(", ")[1]]], raw, "invalid",
                     why="the time is missing")
        yield vector(p, "full-stop", [[name, good.split("sig=")[0] + "sig=" + hexa(
            mac(text_key(secret), f"{NOW}.".encode(), raw))]], raw, "invalid",
            why="a full stop instead of a colon was signed")


FORM = [["Content-Type", "application/x-www-form-urlencoded"]]
XML = ("<notification>\n  <kind>subscription_went_past_due</kind>\n"
       "  <timestamp type=\"datetime\">2026-09-21T14:13:20Z</timestamp>\n</notification>\n")


def braintree(p):
    def hmac_of(secret, text):
        key = hashlib.sha1(secret.rsplit(":", 1)[1].encode()).digest()
        return hmac.new(key, text.encode(), hashlib.sha1).hexdigest()

    def pair(secret, text, label=None):
        return f"{label or secret.split(':')[0]}|{hmac_of(secret, text)}"

    def form(signature, payload, **more):
        return urllib.parse.urlencode({"bt_signature": signature, "bt_payload": payload, **more})

    one, two, stranger = p.secrets
    # Sixty characters a line, as Ruby's encoder writes it.
    whole = base64.b64encode(XML.encode()).decode()
    text = "".join(whole[at:at + 60] + "\n" for at in range(0, len(whole), 60))
    flat = whole

    def good(name, body, **more):
        return vector(p, name, FORM, body, **more)

    def bad(name, body, why, headers=FORM, **more):
        return vector(p, name, headers, body, "invalid", why=why, **more)

    yield good("valid", form(pair(one, text), text))
    yield good("valid-without-line-ends", form(pair(one, flat), flat))
    yield good("signed-with-a-line-end-behind", form(pair(one, flat + "\n"), flat))
    yield bad("signed-with-two-line-ends-behind", form(pair(one, flat + "\n\n"), flat),
              "only one line end may be missing")
    yield bad("signed-without-the-line-end-that-is-there", form(pair(one, flat), flat + "\n"),
              "the payload has a line end that was not signed")
    yield good("payload-first", urllib.parse.urlencode(
        {"bt_payload": text, "bt_signature": pair(one, text)}))
    yield good("further-fields", form(pair(one, text), text, other="1"))
    yield good("two-signatures", form(f"{pair(stranger, text)}&{pair(one, text)}", text))
    yield good("label-of-another-key", form(pair(one, text, label="whoever"), text))
    yield good("spaces-for-percent-20", form(pair(one, text), text).replace("%0A", "%0a"))
    yield good("rotation-new-secret-second", form(pair(two, text), text), secrets=[one, two])
    yield bad("rotation-old-secret-removed", form(pair(one, text), text), secrets=[two],
              why="the secret that signed is not configured any more")
    yield bad("signed-by-a-stranger", form(pair(stranger, text), text),
              "the secret is not configured")
    yield bad("payload-tampered", form(pair(one, text), "PQ" + text[2:]),
              "the payload changed after signing")
    yield bad("payload-cut", form(pair(one, flat), flat[:-4]), "the payload lost its end")
    yield bad("plus-not-encoded", form(pair(one, "Pa+b"), "Pa+b").replace("%2B", "+"),
              "a plus sign in a form is a space")
    yield bad("no-signature", urllib.parse.urlencode({"bt_payload": text}),
              "there is no signature")
    yield bad("no-payload", urllib.parse.urlencode({"bt_signature": pair(one, text)}),
              "there is no payload")
    yield bad("empty-signature", form("", text), "the signature is empty")
    yield bad("no-label", form(hmac_of(one, text), text), "no public key before the signature")
    yield bad("two-signature-fields", form(pair(one, text), text) + "&bt_signature=x%7Cy",
              "the signature is there twice")
    yield bad("two-payload-fields", form(pair(one, text), text) + "&bt_payload=UDw%3D",
              "the payload is there twice")
    yield bad("signature-cut", form(pair(one, text)[:-2], text), "two digits are missing")
    yield bad("key-not-hashed", form("own_public_1|" + hmac.new(
        b"own-private-1", text.encode(), hashlib.sha1).hexdigest(), text),
        "the private key itself was taken for the key")
    yield bad("sha-256", form("own_public_1|" + hmac.new(
        hashlib.sha1(b"own-private-1").digest(), text.encode(), hashlib.sha256).hexdigest(), text),
        "another algorithm")
    challenge = "20f9f8ed05f77439fe955c977e4c8a53"
    yield bad("answer-to-a-challenge", form(pair(one, challenge), challenge),
              "an answer to a challenge is signed with the same key and is no payload")
    yield bad("empty-payload", form(pair(one, ""), ""), "an empty payload is none")
    yield bad("not-a-form", json.dumps({"bt_signature": pair(one, text), "bt_payload": text}),
              "JSON instead of a form", headers=[["Content-Type", "application/json"]])
