"""Calls and text messages."""

import urllib.parse

from kit import *  # noqa: F403

FORM = ["Content-Type", "application/x-www-form-urlencoded"]
JSON = ["Content-Type", "application/json"]
TOKENS = ("0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210",
          "00000000000000000000000000000000")


def fields(body):
    return urllib.parse.parse_qsl(body.decode(errors="replace"), keep_blank_values=True)


def twilio(secret, body, time, url, form=True):
    """URL, then each name with its different values, both in order."""
    text = url
    names = {}
    for name, value in fields(body) if form else []:
        names.setdefault(name, set()).add(value)
    for name in sorted(names):
        text += "".join(name + value for value in sorted(names[name]))
    return [["X-Twilio-Signature", b64(mac(text_key(secret), text.encode(), hash="sha1"))]]


def twilio_form(secret, body, time, url):
    return [*twilio(secret, body, time, url), FORM]


def twilio_json(secret, body, time, url):
    return [*twilio(secret, body, time, url, form=False), JSON]


def vonage_sms(secret, pairs, hash="sha256"):
    text = "".join(f"&{name}={value.replace('&', '_').replace('=', '_')}"
                   for name, value in sorted(pairs.items()) if name != "sig")
    return hexa(mac(text_key(secret), text.encode(), hash=hash))


def messagebird_legacy(secret, body, time, url):
    query = urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True)
    query.sort(key=lambda pair: pair[0])
    text = f"{time}\n{urllib.parse.urlencode(query)}\n".encode()
    return [["MessageBird-Signature", b64(mac(text_key(secret), text, sha256(body)))],
            ["MessageBird-Request-Timestamp", time]]


def messagebird_claims(body, url, nbf=NOW, exp=NOW + 60):
    claims = {"iss": "MessageBird", "nbf": nbf, "exp": exp, "jti": "own-1",
              "url_hash": hexa(sha256(url.encode()))}
    return {**claims, "payload_hash": hexa(sha256(body))} if body else claims


def vonage_claims(body, iat=NOW):
    claims = {"iat": iat, "jti": "own-2", "iss": "Vonage", "api_key": "a1b2c3d4"}
    return {**claims, "payload_hash": hexa(sha256(body))} if body else claims


CALL = "CallSid=CA1&From=%2B4930123&To=%2B4940456&CallStatus=ringing&Digits=2&Digits=1&Digits=2"
JSON_BODY = '{"property": "value", "boolean": true}'
TWILIO = "https://hooks.example.com/twilio?foo=1&bar=2"
TWILIO_JSON = f"{TWILIO}&bodySHA256={hexa(sha256(JSON_BODY.encode()))}"
BIRD = "https://hooks.example.com/bird?b=2&a=x+y%2Fz&empty=&b=1"
BIRD_JWT = "https://hooks.example.com/bird?bar=1&foo=2"

PRESETS = [
    Preset("twilio-form", twilio_form, CALL, TOKENS, url=TWILIO, plain=False),
    Preset("twilio-json", twilio_json, JSON_BODY, TOKENS, url=TWILIO_JSON, plain=False),
    Preset("vonage-jwt", lambda secret, body, time: [], '{"status":"answered"}', TEXTS, 300, plain=False),
    Preset("vonage-sms-signature", lambda secret, body, time: [], "", TEXTS, 300, plain=False),
    Preset("messagebird-jwt", lambda secret, body, time: [], '{"type":"message"}', TEXTS, 5, url=BIRD_JWT,
           plain=False),
    Preset("messagebird-legacy", messagebird_legacy, '{"status":"delivered"}', TEXTS, 10, url=BIRD),
]


def special(p):
    yield from {"twilio-form": form_cases, "twilio-json": json_cases, "vonage-jwt": vonage_jwt_cases,
                "vonage-sms-signature": sms_cases, "messagebird-jwt": bird_cases,
                "messagebird-legacy": legacy_cases}[p.slug](p)


def ports(p, raw):
    """The sender is not consistent about the port."""
    secret = p.secrets[0]
    with_port = p.url.replace(".com", ".com:8443")
    default = p.url.replace(".com", ".com:443")
    plain = p.url.replace("https", "http")
    for name, url, signed in (
        ("signed-with-the-default-port", p.url, default),
        ("signed-without-the-port", with_port, p.url),
        ("signed-with-the-port", with_port, with_port),
        ("http-signed-with-the-default-port", plain, plain.replace(".com", ".com:80")),
    ):
        yield vector(p, name, p.headers(secret, raw, NOW, url=signed), raw, url=url)
    for name, url, signed in (
        ("signed-with-another-port", p.url, with_port),
        ("signed-with-the-port-of-http", p.url, p.url.replace(".com", ".com:80")),
        ("signed-with-a-wrong-port", with_port, default),
    ):
        yield vector(p, name, p.headers(secret, raw, NOW, url=signed), raw, "invalid", url=url,
                     why="another port")
    for name, url in (("query-order", "https://hooks.example.com/twilio?bar=2&foo=1"),
                      ("path", p.url.replace("/twilio", "/twili0")),
                      ("scheme", plain), ("host", p.url.replace("hooks", "hoaks"))):
        yield vector(p, f"other-{name}", p.headers(secret, raw, NOW), raw, "invalid", url=url,
                     why="the URL is signed")


def form_cases(p):
    secret, raw = p.secrets[0], p.body.encode()
    good = p.headers(secret, raw, NOW)
    yield from common(p)
    yield from ports(p, raw)
    yield vector(p, "other-order", good, "&".join(reversed(CALL.split("&"))))
    yield vector(p, "repeated-once-less", good, CALL.removesuffix("&Digits=2"))
    yield vector(p, "escaped-otherwise", good, CALL.replace("ringing", "%72inging").replace("%2B", "%2b"))
    yield vector(p, "field-added", good, CALL + "&x=1", "invalid", why="a field was added")
    yield vector(p, "field-removed", good, CALL.replace("CallSid=CA1&", ""), "invalid",
                 why="a field is missing")
    yield vector(p, "value-moved", good, CALL.replace("Digits=1", "Digits=3"), "invalid",
                 why="another value")
    prefixed = b"Reason=1&ReasonEnded=2"
    yield vector(p, "names-are-sorted-alone", p.headers(secret, prefixed, NOW), prefixed)
    joined = p.url + "".join(sorted(["ReasonEnded2", "Reason1"], reverse=True))
    tag = b64(mac(text_key(secret), joined.encode(), hash="sha1"))
    yield vector(p, "names-and-values-sorted", [["X-Twilio-Signature", tag], FORM], prefixed, "invalid",
                 why="sorted with their values")
    text = "Body=Gr%C3%BC%C3%9Fe+%E2%98%95%26%3D".encode()
    yield vector(p, "umlauts", p.headers(secret, text, NOW), text)
    yield vector(p, "empty-form", p.headers(secret, b"", NOW), "")
    asked = "https://hooks.example.com/twilio?CallSid=CA1&CallStatus=ringing"
    got = twilio(secret, b"", NOW, asked)
    yield vector(p, "get", got, "", method="GET", url=asked)
    yield vector(p, "get-other-query", got, "", "invalid", method="GET", url=asked + "&x=1",
                 why="the URL is signed")
    sha256_tag = b64(mac(text_key(secret), p.url.encode()))
    yield vector(p, "sha-256", [["X-Twilio-Signature", sha256_tag], FORM], "", "invalid",
                 why="another algorithm")
    yield vector(p, "not-utf-8", p.headers(secret, raw, NOW), CALL + "&x=%FF", "invalid",
                 why="a value that is no text")


def json_cases(p):
    secret, raw = p.secrets[0], p.body.encode()
    yield from common(p)
    yield from ports(p, raw)
    for name, url in (("no-hash", TWILIO), ("hash-of-nothing", f"{TWILIO}&bodySHA256="),
                      ("hash-of-another-body", f"{TWILIO}&bodySHA256={hexa(sha256(b'x'))}"),
                      ("hash-cut", TWILIO_JSON[:-1]), ("hash-twice", TWILIO_JSON + "&bodySHA256=x"),
                      ("name-in-lower-case", TWILIO_JSON.replace("SHA", "sha"))):
        yield vector(p, name, p.headers(secret, raw, NOW, url=url), raw, "invalid", url=url,
                     why="the URL's hash is not that of the body")
    empty = f"{TWILIO}&bodySHA256={hexa(sha256(b''))}"
    yield vector(p, "no-body", p.headers(secret, b"", NOW, url=empty), "", url=empty)
    form = f"{TWILIO}&bodySHA256={hexa(sha256(CALL.encode()))}"
    yield vector(p, "signed-as-a-form", [*twilio(secret, CALL.encode(), NOW, form), FORM], CALL, "invalid",
                 url=form, why="the fields are not signed here")


def vonage_jwt_cases(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets

    def sent(case, token, expect="valid", body=raw, prefix="Bearer ", **more):
        return vector(p, case, [["Authorization", prefix + token]], body, expect, **more)

    def bad(case, token, why, **more):
        return sent(case, token, "invalid", why=why, **more)

    claims = vonage_claims(raw)
    good = jwt(secret, claims)
    yield sent("valid", good)
    yield sent("second-secret", jwt(other, claims), secrets=[secret, other])
    yield sent("get-without-a-body", jwt(secret, vonage_claims(b"")), body=b"", method="GET")
    yield sent("as-old-as-it-may-be", good, now=NOW + 300)
    yield bad("stale", good, "older than the tolerance", now=NOW + 301)
    yield sent("as-early-as-it-may-be", good, now=NOW - 300)
    yield bad("future", good, "further ahead than the tolerance", now=NOW - 301)
    yield bad("another-body", good, "the hash is of another body", body=raw + b" ")
    yield bad("no-body", good, "there is a hash and no body", body=b"")
    no_hash = {name: claim for name, claim in claims.items() if name != "payload_hash"}
    yield bad("no-hash", jwt(secret, no_hash), "the token would fit any body")
    yield bad("hash-in-base64", jwt(secret, {**claims, "payload_hash": b64(sha256(raw))}), "not in hex")
    yield bad("hash-in-upper-case", jwt(secret, {**claims, "payload_hash": hexa(sha256(raw)).upper()}),
              "hex digits are lower case")
    no_time = {name: claim for name, claim in claims.items() if name != "iat"}
    yield bad("no-time", jwt(secret, no_time), "there is no time")
    yield bad("other-secret", jwt(stranger, claims), "the secret is not configured")
    yield bad("claims-changed", retold(good, {**claims, "api_key": "x"}), "the claims are signed")
    yield bad("alg-none", jwt(secret, claims, alg="none"), "not signed")
    yield bad("alg-hs384", jwt(secret, claims, alg="HS384"), "another algorithm")
    yield bad("no-bearer", good, "the token stands after Bearer", prefix="")
    yield bad("bearer-in-lower-case", good, "Bearer is written so", prefix="bearer ")
    yield bad("signature-cut", good[:-2], "the signature is not whole")
    yield bad("four-segments", good + ".x", "that is no token")
    yield vector(p, "no-header", [], raw, "invalid", why="there is no token")
    yield vector(p, "twice", [["Authorization", "Bearer " + good]] * 2, raw, "invalid", why="there twice")


def sms_cases(p):
    secret, other, stranger = p.secrets
    pairs = {"msisdn": "447700900000", "to": "447700900001", "messageId": "own-3", "text": "a&b=c d",
             "timestamp": str(NOW), "Upper": "1"}

    def form(pairs):
        return urllib.parse.urlencode(pairs)

    def signed(pairs, secret=secret, **more):
        return {**pairs, "sig": vonage_sms(secret, pairs, **more)}

    def sent(case, pairs, expect="valid", **more):
        return vector(p, case, [FORM], form(pairs), expect, **more)

    def bad(case, pairs, why, **more):
        return sent(case, pairs, "invalid", why=why, **more)

    good = signed(pairs)
    yield sent("valid", good)
    yield sent("other-order", dict(reversed(good.items())))
    query = "https://hooks.example.com/sms?" + form(good)
    yield vector(p, "in-the-query", [], "", method="GET", url=query)
    yield vector(p, "in-the-query-changed", [], "", "invalid", method="GET", url=query + "&x=1",
                 why="a parameter was added")
    yield vector(p, "json", [JSON], json.dumps(good))
    yield vector(p, "json-changed", [JSON], json.dumps({**good, "text": "other"}), "invalid",
                 why="another text")
    split = {name: good[name] for name in ("msisdn", "to")}
    rest = {name: value for name, value in good.items() if name not in split}
    yield vector(p, "half-in-the-query", [FORM], form(rest),
                 url="https://hooks.example.com/sms?" + form(split))
    for hash in ("md5", "sha1", "sha512"):
        yield sent(f"hmac-{hash}", signed(pairs, hash=hash), params={"signature_method": f"hmac-{hash}"})
        yield bad(f"hmac-{hash}-not-configured", signed(pairs, hash=hash), "another algorithm")
    yield sent("signature-in-upper-case", {**pairs, "sig": good["sig"].upper()})
    yield sent("second-secret", signed(pairs, other), secrets=[secret, other])
    yield sent("as-old-as-it-may-be", good, now=NOW + 300)
    yield bad("stale", good, "older than the tolerance", now=NOW + 301)
    yield sent("as-early-as-it-may-be", good, now=NOW - 300)
    yield bad("future", good, "further ahead than the tolerance", now=NOW - 301)
    yield bad("other-secret", signed(pairs, stranger), "the secret is not configured")
    yield bad("text-changed", {**good, "text": "a&b=c e"}, "another text")
    yield bad("parameter-added", {**good, "x": "1"}, "a parameter was added")
    yield bad("parameter-removed", {n: v for n, v in good.items() if n != "to"}, "one is missing")
    yield bad("time-changed", {**good, "timestamp": str(NOW + 1)}, "another time")
    yield bad("no-signature", pairs, "there is no signature")
    yield bad("empty-signature", {**pairs, "sig": ""}, "there is no signature")
    yield bad("signature-cut", {**pairs, "sig": good["sig"][:-2]}, "the signature is not whole")
    no_time = {name: value for name, value in pairs.items() if name != "timestamp"}
    yield bad("no-time", signed(no_time), "there is no time")
    yield bad("time-is-text", signed({**pairs, "timestamp": "now"}), "no time")
    text = form(good)
    yield vector(p, "signature-twice", [FORM], f"{text}&sig={good['sig']}", "invalid", why="there twice")
    yield vector(p, "signature-in-a-header", [FORM, ["sig", good["sig"]]], form(pairs), "invalid",
                 why="not where the parameters are")
    # Vonage's first signature: no HMAC, the secret at the end.
    plain = "".join(f"&{n}={v.replace('&', '_').replace('=', '_')}" for n, v in sorted(pairs.items()))
    md5 = hashlib.md5((plain + secret).encode()).hexdigest()
    yield bad("md5-hash", {**pairs, "sig": md5}, "the hash that is no HMAC",
              params={"signature_method": "hmac-md5"})


def bird_cases(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    url = p.url

    def sent(case, token, expect="valid", body=raw, **more):
        return vector(p, case, [["MessageBird-Signature-JWT", token]], body, expect, **more)

    def bad(case, token, why, **more):
        return sent(case, token, "invalid", why=why, **more)

    claims = messagebird_claims(raw, url)
    good = jwt(secret, claims)
    yield sent("valid", good)
    for alg in ("HS384", "HS512"):
        yield sent(alg.lower(), jwt(secret, claims, alg=alg))
        yield bad(f"{alg.lower()}-other-secret", jwt(stranger, claims, alg=alg), "another secret")
    for method in ("GET", "DELETE"):
        yield sent(f"{method.lower()}-without-a-body", jwt(secret, messagebird_claims(b"", url)), body=b"",
                   method=method)
    yield sent("second-secret", jwt(other, claims), secrets=[secret, other])
    yield sent("five-seconds-early", good, now=NOW - 5)
    yield bad("six-seconds-early", good, "not yet good", now=NOW - 6)
    yield sent("five-seconds-late", good, now=NOW + 65)
    yield bad("six-seconds-late", good, "expired", now=NOW + 66)
    yield bad("other-url", good, "the URL is hashed", url=url.replace("bar=1&foo=2", "foo=2&bar=1"))
    yield bad("other-host", good, "the URL is hashed", url=url.replace("hooks", "hoaks"))
    yield bad("another-body", good, "the hash is of another body", body=raw + b" ")
    yield bad("body-removed", good, "there is a hash and no body", body=b"")
    yield bad("body-added", jwt(secret, messagebird_claims(b"", url)), "there is a body and no hash")
    yield bad("hash-of-nothing", jwt(secret, {**claims, "payload_hash": hexa(sha256(b""))}),
              "a hash where there is nothing", body=b"")
    for name in ("nbf", "exp", "url_hash", "payload_hash", "iss"):
        less = {claim: value for claim, value in claims.items() if claim != name}
        yield bad(f"no-{name.replace('_', '-')}", jwt(secret, less), f"{name} is missing")
    yield bad("other-issuer", jwt(secret, {**claims, "iss": "Messagebird"}), "another issuer")
    yield bad("other-secret", jwt(stranger, claims), "the secret is not configured")
    yield bad("claims-changed", retold(good, {**claims, "jti": "x"}), "the claims are signed")
    yield bad("alg-none", jwt(secret, claims, alg="none"), "not signed")
    head = '{"alg":"HS512","typ":"JWT"}'
    yield bad("alg-is-not-the-one-used", jwt_with_head(secret, head, claims), "signed with HS256")
    yield bad("signature-cut", good[:-2], "the signature is not whole")
    yield bad("no-token", "", "there is no token")
    yield vector(p, "no-header", [], raw, "invalid", why="there is no token")
    yield vector(p, "twice", [["MessageBird-Signature-JWT", good]] * 2, raw, "invalid", why="there twice")


def legacy_cases(p):
    secret, raw = p.secrets[0], p.body.encode()
    good = p.headers(secret, raw, NOW)
    base = "https://hooks.example.com/bird?"
    yield vector(p, "get", p.headers(secret, b"", NOW), "", method="GET")
    yield vector(p, "query-in-another-order", good, raw, url=base + "a=x+y%2Fz&b=1&b=2&empty=",
                 expect="invalid", why="values of one name keep their order")
    yield vector(p, "names-in-another-order", good, raw, url=base + "a=x+y%2fz&empty=&b=2&b=1")
    yield vector(p, "query-changed", good, raw, "invalid", url=base + "a=x+y%2Fz&empty=1&b=2&b=1",
                 why="the query is signed")
    yield vector(p, "other-host-and-path", good, raw, url=p.url.replace("hooks", "hoaks")
                 .replace("/bird", "/other"))
    bare = "https://hooks.example.com/bird"
    yield vector(p, "no-query", p.headers(secret, raw, NOW, url=bare), raw, url=bare)
    text = f"{NOW}\n\n{hexa(sha256(raw))}".encode()
    tag = b64(mac(text_key(secret), text))
    yield vector(p, "hash-in-hex", [["MessageBird-Signature", tag], good[1]], raw, "invalid",
                 url=bare, why="the hash is signed as bytes")
