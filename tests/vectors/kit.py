"""What the descriptions of senders are made of; see make.py."""

import base64
import datetime
import email.utils
import hashlib
import hmac
import json

OWN = "own body, signed with Python's hmac"
NOW = 1_790_000_000  # 2026-09-21


def mac(key, *parts, hash="sha256"):
    return hmac.new(key, b"".join(parts), hash).digest()


def text_key(secret):
    return secret.encode()


def hex_key(secret):
    return bytes.fromhex(secret)


def whsec_key(secret):
    text = secret.removeprefix("whsec_")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def hexa(tag):
    return tag.hex()


def b64(tag):
    return base64.b64encode(tag).decode()


class Preset:
    """How one sender signs: `sign(secret, body, time, **more)` gives the headers.

    `tolerance` is in seconds, or a pair (into the past, into the future); `unit` is how a signed time
    is written: "s", "ms", "rfc3339" or "http"; `unsigned` are headers beside; `signature` is the header
    with the signature, where its name does not say so. A sender whose signature is not
    in a header, or does not cover the raw body, or whose time is in the body, is not `plain`: all of its
    vectors are then made by the `special` of its file.
    """

    def __init__(self, slug, sign, body, secrets, tolerance=None, url=None, unsigned=(), unit="s",
                 plain=True, signature=None):
        self.signature = signature
        self.slug, self.sign, self.body, self.secrets = slug, sign, body, secrets
        self.url, self.unsigned, self.unit, self.plain = url, list(unsigned), unit, plain
        self.reach = tolerance if isinstance(tolerance, tuple) else (tolerance, tolerance)
        self.timed = tolerance is not None

    def headers(self, secret, body, time, **more):
        """`time` is unix seconds, or a text that takes the place of a time."""
        if self.url is not None:
            more.setdefault("url", self.url)
        stamp = self.stamp(time) if isinstance(time, int) else time
        return [*self.sign(secret, body, stamp, **more), *self.unsigned]

    def stamp(self, secs):
        """A time as this sender writes it."""
        if self.unit == "rfc3339":
            return datetime.datetime.fromtimestamp(secs, datetime.timezone.utc).strftime(
                "%Y-%m-%dT%H:%M:%SZ")
        if self.unit == "http":
            return email.utils.formatdate(secs, usegmt=True)
        return str(secs * 1000 if self.unit == "ms" else secs)


def body_only(header, encode, prefix="", hash="sha256", key=text_key):
    def sign(secret, body, time):
        return [[header, prefix + encode(mac(key(secret), body, hash=hash))]]

    return sign


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwt(secret, claims, alg="HS256"):
    """A compact token, RFC 7515. `claims` is an object, or its text."""
    return jwt_with_head(secret, json.dumps({"alg": alg, "typ": "JWT"}, separators=(",", ":")), claims, alg)


def jwt_with_head(secret, head, claims, alg="HS256"):
    text = claims if isinstance(claims, str) else json.dumps(claims, separators=(",", ":"))
    signed = f"{b64url(head.encode())}.{b64url(text.encode())}"
    if alg == "none":
        return signed + "."
    tag = mac(text_key(secret), signed.encode(), hash="sha" + alg[2:])
    return f"{signed}.{b64url(tag)}"


def retold(token, claims):
    """The token with other claims and the signature that it had."""
    head, _, tag = token.split(".")
    return f"{head}.{b64url(json.dumps(claims, separators=(',', ':')).encode())}.{tag}"


def sha256(data):
    return hashlib.sha256(data).digest()


def pairs(header, separator, time_key, signature_key, between, encode=hexa):
    def sign(secret, body, time):
        tag = encode(mac(text_key(secret), str(time).encode(), between, body))
        return [[header, f"{time_key}={time}{separator}{signature_key}={tag}"]]

    return sign


def time_first(header, time_header, between):
    """The time in a header of its own, and in the message before the body."""
    def sign(secret, body, time):
        tag = hexa(mac(text_key(secret), str(time).encode(), between, body))
        return [[time_header, str(time)], [header, tag]]

    return sign


def token(header, prefix=""):
    """Nothing is signed: the secret itself is there."""
    def sign(secret, body, time):
        return [[header, prefix + secret]]

    return sign


def v0(header, time_header):
    def sign(secret, body, time):
        tag = hexa(mac(text_key(secret), b"v0:", str(time).encode(), b":", body))
        return [[time_header, str(time)], [header, f"v0={tag}"]]

    return sign


def standard(family="webhook-", key=whsec_key):
    def sign(secret, body, time, id="msg_own_2Zq8", family=family):
        tag = b64(mac(key(secret), f"{id}.{time}.".encode(), body))
        return [
            [f"{family}id", id],
            [f"{family}timestamp", str(time)],
            [f"{family}signature", f"v1,{tag}"],
        ]

    return sign


TEXTS = ("first-own-secret", "second-own-secret", "never-configured")
HEXES = tuple(bytes(range(n, n + 32)).hex().upper() for n in (1, 65, 129))
WHSECS = tuple("whsec_" + b64(bytes(range(n, n + 24))) for n in (1, 65, 129))


def vector(preset, name, headers, body, expect="valid", **more):
    if isinstance(body, bytes):
        try:
            body = {"body": body.decode()}
        except UnicodeDecodeError:
            body = {"body_base64": b64(body)}
    elif isinstance(body, str):
        body = {"body": body}
    made = {
        "provider": preset.slug,
        "name": name,
        "source": more.pop("source", OWN),
        "secrets": list(more.pop("secrets", preset.secrets[:1])),
        "method": "POST",
        "url": more.pop("url", preset.url),
        "headers": headers,
        **body,
        "now": more.pop("now", NOW) if preset.timed else None,
        "expect": expect,
        **more,
    }
    assert (expect == "invalid") == ("why" in made), name
    return made


def is_signature(preset, name):
    """Whether a header holds the signature, as far as names tell."""
    if preset.signature is not None:
        return name == preset.signature
    named = ("signature", "signature-1", "signature-256", "signature-sha256", "signature-sha-256",
             "hmac-sha256", "hmac", "signature-v2", "signature-primary", "-mac", "-webhook")
    return name.lower().endswith(named)


def common(p):
    """What every preset has to do."""
    secret, other, stranger = p.secrets
    raw = p.body.encode()
    good = p.headers(secret, raw, NOW)
    signature = next(n for n, header in enumerate(good) if is_signature(p, header[0]))
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
    if p.plain:
        odd = b"\x00\xff\xfe not text \r\n"
        yield vector(p, "body-that-is-not-text", p.headers(secret, odd, NOW), odd)
        yield vector(p, "empty-body", p.headers(secret, b"", NOW), b"")
        big = {"body_repeat": ["own ", 262_144]}
        yield vector(p, "one-mebibyte", p.headers(secret, b"own " * 262_144, NOW), big)
        yield vector(p, "one-mebibyte-cut", p.headers(secret, b"own " * 262_144, NOW),
                     {"body_repeat": ["own ", 262_143]}, "invalid", why="four bytes are missing")


def tokens(p):
    """What every preset has to do whose deliveries come with a shared token in a header."""
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    (name, good), *rest = p.headers(secret, raw, NOW)

    def written(text):
        return p.headers(text, raw, NOW)[0][1]

    def one(case, *values, expect="valid", body=raw, **more):
        return vector(p, case, [*([name, text] for text in values), *rest], body, expect, **more)

    def bad(case, *values, why, **more):
        return one(case, *values, expect="invalid", why=why, **more)

    yield one("valid", good)
    yield one("another-body", good, body='{"anything":"at all"}')
    yield one("empty-body", good, body="")
    yield one("body-that-is-not-text", good, body=b"\x00\xff\xfe")
    yield one("rotation-new-token-second", written(other), secrets=[secret, other])
    yield one("rotation-old-token-still-there", good, secrets=[other, secret])
    yield bad("rotation-old-token-removed", good, secrets=[other],
              why="the token is not configured any more")
    yield bad("another-token", written(stranger), why="the token is not configured")
    yield bad("no-token", why="the header is missing")
    yield bad("two-tokens", good, good, why="the header is there twice")
    yield bad("right-and-wrong", good, written(stranger), why="the header is there twice")
    yield bad("wrong-and-right", written(stranger), good, why="the header is there twice")
    yield bad("joined-by-a-proxy", f"{good}, {good}", why="two headers joined by a proxy")
    yield bad("empty-header", "", why="the header is empty")
    yield bad("token-cut", written(secret[:-1]), why="the last character is missing")
    yield bad("token-and-more", written(secret + "x"), why="a character more")
    yield bad("token-in-another-case", written(secret.upper()), why="other letters")
    yield bad("token-in-quotes", f'"{good}"', why="quotes do not belong to it")
    yield bad("hash-of-the-token", written(hashlib.sha256(secret.encode()).hexdigest()),
              why="the token's hash is not the token")
    yield vector(p, "token-in-another-header", [["X-Another", good], *rest], raw, "invalid",
                 why="it is looked for in one header only")
    if good == secret:
        yield bad("a-prefix", f"Bearer {good}", why="the token is the whole value")
    else:
        yield bad("empty-token", written(""), why="the token is empty")
        yield bad("no-prefix", secret, why="the token stands alone")


def timed(p):
    """What every preset that signs a time has to do."""
    raw, secret, (past, future) = p.body.encode(), p.secrets[0], p.reach
    good = p.headers(secret, raw, NOW)
    yield vector(p, "as-old-as-it-may-be", good, raw, now=NOW + past)
    yield vector(p, "stale", good, raw, "invalid", now=NOW + past + 1,
                 why="one second older than the tolerance")
    yield vector(p, "as-early-as-it-may-be", good, raw, now=NOW - future)
    yield vector(p, "future", good, raw, "invalid", now=NOW - future - 1,
                 why="one second further ahead than the tolerance")
    yield vector(p, "stale-but-tolerated", good, raw, now=NOW + 10_000, tolerance_s=10_000)
    if not p.plain:
        return
    stamp, next_stamp = p.stamp(NOW), p.stamp(NOW + 1)
    moved = [[n, v.replace(stamp, next_stamp)] for n, v in good]
    yield vector(p, "time-tampered", moved, raw, "invalid", why="the time changed after signing")
    for name, text in (("empty", ""), ("milliseconds", f"{NOW}000"), ("signed", f"+{stamp}"),
                       ("fraction", f"{stamp}.0"), ("padded", f"0{stamp}")):
        if p.unit == "ms" and name == "milliseconds":
            name, text = "seconds", str(NOW)
        yield vector(p, f"time-{name}", p.headers(secret, raw, text), raw, "invalid",
                     why="the time is not in the sender's form, though it was signed like that")


def bare(p):
    """The one signature of a body, in other spellings. Nothing but the case of hex digits is free."""
    raw, secret = p.body.encode(), p.secrets[0]
    headers = p.headers(secret, raw, NOW)
    at = next(n for n, header in enumerate(headers) if is_signature(p, header[0]))
    good = headers[at][1]

    def spelled(case, text, expect="valid", **more):
        return vector(p, case, headers[:at] + [[headers[at][0], text]] + headers[at + 1:], raw,
                      expect, **more)

    yield spelled("comma-joined", f"{good}, {good}", "invalid", why="two headers joined by a proxy")
    yield spelled("prefixed", f"sha256={good}", "invalid", why="a prefix that this sender has not")
    try:
        tag = bytes.fromhex(good)
        yield spelled("upper-case-digits", good.upper())
        yield spelled("base64", b64(tag), "invalid", why="base64 instead of hexadecimal digits")
        yield spelled("one-digit-more", good + "0", "invalid", why="half a byte too many")
    except ValueError:
        tag = base64.b64decode(good, validate=True)
        yield spelled("hex", tag.hex(), "invalid", why="hexadecimal digits instead of base64")
        yield spelled("no-padding", good.rstrip("="), "invalid", why="no padding")
        yield spelled("one-byte-more", b64(tag + b"x"), "invalid", why="44 characters for 33 bytes")
    yield spelled("half", good[: len(good) // 2], "invalid", why="half of the signature")


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


def signed_id(p, family, without_prefix="valid"):
    """Standard Webhooks; the prefix of a secret may be left out where secrets are in base64."""
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
    if secret.removeprefix("whsec_") not in WHSECS[0]:
        return
    why = {} if without_prefix == "valid" else {"why": "without the prefix it is text"}
    yield vector(p, "secret-without-prefix", good, raw, without_prefix,
                 secrets=[secret.removeprefix("whsec_")], **why)


def github_like(p):
    """A prefix, and then hexadecimal digits."""
    raw, (secret, *_) = p.body.encode(), p.secrets
    (name, good), *rest = p.headers(secret, raw, NOW)
    start = good.index("=") + 1
    yield vector(p, "no-prefix", [[name, good[start:]], *rest], raw, "invalid", why="no prefix")
    yield vector(p, "upper-case-digits", [[name, good[:start] + good[start:].upper()], *rest], raw)
    yield vector(p, "upper-case-prefix", [[name, good[:start].upper() + good[start:]], *rest], raw,
                 "invalid", why="the prefix is lower case")
    yield vector(p, "comma-joined", [[name, f"{good}, {good}"], *rest], raw, "invalid",
                 why="two headers joined by a proxy")
    sha1 = hmac.new(text_key(secret), raw, hashlib.sha1).hexdigest()
    yield vector(p, "sha-1", [[name, f"sha1={sha1}"], *rest], raw, "invalid",
                 why="another algorithm")


def other_forms(p, **forms):
    """The right signature, written in a way that is not the sender's."""
    raw = p.body.encode()
    good = p.headers(p.secrets[0], raw, NOW)
    at = next(n for n, header in enumerate(good) if is_signature(p, header[0]))
    for name, write in forms.items():
        headers = [*good[:at], [good[at][0], write(good[at][1])], *good[at + 1:]]
        yield vector(p, name.replace("_", "-"), headers, raw, "invalid", why="in another form")


def versions(p):
    """A comma list of `v1=`, without a time."""
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    (name, good), = p.headers(secret, raw, NOW)
    (_, second), = p.headers(other, raw, NOW)
    (_, wrong), = p.headers(stranger, raw, NOW)

    def one(case, *elements, expect="valid", **more):
        return vector(p, case, [[name, ",".join(elements)]], raw, expect, **more)

    def bad(case, *elements, why):
        return one(case, *elements, expect="invalid", why=why)

    yield one("two-signatures-second-right", wrong, good)
    yield one("two-signatures-both-right", good, second, secrets=[secret, other])
    yield one("newer-version-beside", good, "v2=00ff")
    yield one("rubbish-beside", "v1=own", good, "v0=", "x=1")
    yield one("space-after-the-comma", good, " " + second, secrets=[secret, other])
    yield one("sixteen-signatures", *[wrong] * 15, good)
    yield bad("seventeen-signatures", *[wrong] * 16, good, why="too many signatures")
    yield bad("newer-version-only", "v2=" + good[3:], why="an unknown version")
    yield bad("older-version-only", "v0=" + good[3:], why="an unknown version")
    yield bad("upper-case-version", "V1" + good[2:], why="versions are lower case")
    yield bad("no-version", good[3:], why="no version")
    yield bad("not-a-signature", "v1=not-a-valid-signature", why="no hexadecimal digits")
    yield bad("semicolons", good + ";" + second, why="the elements are separated by commas")
