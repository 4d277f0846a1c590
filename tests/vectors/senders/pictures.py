"""Calls, pictures and video."""

from kit import *  # noqa: F403


def cloudinary(secret, body, time, hash="sha1"):
    """Not a MAC: body, time and secret, hashed."""
    tag = hashlib.new(hash, body + str(time).encode() + secret.encode()).hexdigest()
    return [["X-Cld-Timestamp", str(time)], ["X-Cld-Signature", tag]]


PRESETS = [
    Preset("agora", body_only("Agora-Signature-V2", hexa),
           '{"noticeId":"own-1","productId":1,"eventType":103,"notifyMs":1790000000000,"payload":{}}',
           TEXTS),
    Preset("cloudflare-stream", pairs("Webhook-Signature", ",", "time", "sig1", b"."),
           '{"uid":"own-2","status":{"state":"ready"},"modified":"2026-09-21T12:26:40Z"}', TEXTS, 300),
    Preset("cloudinary", cloudinary, '{"notification_type":"upload","public_id":"own"}', TEXTS, 7200),
]

AGORA = "https://docs.agora.io/en/video-calling/advanced-features/receive-notifications"
NOTICE = ('{"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e-53f411c2761f",'
          '"notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}')


def special(p):
    raw, (secret, _, stranger) = p.body.encode(), p.secrets
    if p.slug == "agora":
        v1, v2 = "Agora-Signature", "Agora-Signature-V2"
        sha1 = lambda key, body: hexa(mac(text_key(key), body, hash="sha1"))  # noqa: E731
        sha256 = lambda key, body: hexa(mac(text_key(key), body))  # noqa: E731
        yield vector(p, "docs-version-2",
                     [[v2, "de96da5acf03b0021ac3b4fa2225e7ae6f3533a30d50bb02c08ea4fa748bda24"]],
                     NOTICE, secrets=["secret"], source=AGORA)
        yield vector(p, "docs-version-1", [[v1, "5a3bb6a6d9fad2ea9ae3fb707a14c9d7f3136df1"]], NOTICE,
                     secrets=["secret"], source=AGORA)
        yield vector(p, "both", [[v1, sha1(secret, raw)], [v2, sha256(secret, raw)]], raw)
        yield vector(p, "version-1-wrong", [[v1, sha1(stranger, raw)], [v2, sha256(secret, raw)]], raw)
        yield vector(p, "version-1-alone", [[v1, sha1(secret, raw)]], raw)
        for case, text in (("wrong", sha256(stranger, raw)), ("empty", ""), ("rubbish", "own"),
                           ("sha-1", sha1(secret, raw))):
            yield vector(p, f"version-2-{case}", [[v1, sha1(secret, raw)], [v2, text]], raw, "invalid",
                         why="version 1 does not rescue a version 2 that is not right")
        yield vector(p, "version-2-twice", [[v1, sha1(secret, raw)], [v2, sha256(secret, raw)],
                                            [v2, sha256(secret, raw)]], raw, "invalid",
                     why="the header is there twice")
        yield vector(p, "version-1-of-a-stranger", [[v1, sha1(stranger, raw)]], raw, "invalid",
                     why="the secret is not configured")
        yield vector(p, "version-1-with-sha-256", [[v1, sha256(secret, raw)]], raw, "invalid",
                     why="version 1 is SHA-1")
        yield vector(p, "version-1-tampered", [[v1, sha1(secret, raw)]], raw[:-1], "invalid",
                     why="the last byte is missing")
    if p.slug == "cloudflare-stream":
        yield from in_signature(p, ",", "time", "sig1")
        theirs = standard()("whsec_" + b64(secret.encode()), raw, NOW)
        yield vector(p, "as-standard-webhooks", theirs, raw, "invalid", why="another scheme")
        digits = "5c" * 32
        good = p.headers(digits, raw, NOW)
        yield vector(p, "secret-that-looks-hexadecimal", good, raw, secrets=[digits])
        tag = hexa(mac(bytes.fromhex(digits), f"{NOW}.".encode(), raw))
        yield vector(p, "secret-taken-for-hexadecimal", [[good[0][0], f"time={NOW},sig1={tag}"]], raw,
                     "invalid", secrets=[digits], why="the secret is text")
    if p.slug == "cloudinary":
        sha256 = {"params": {"hash": "sha256"}}
        good = p.headers(secret, raw, NOW, hash="sha256")
        yield vector(p, "sha-256", good, raw, **sha256)
        yield vector(p, "sha-256-not-configured", good, raw, "invalid", why="the account's hash is SHA-1")
        yield vector(p, "sha-1-not-configured", p.headers(secret, raw, NOW), raw, "invalid",
                     why="the account's hash is SHA-256", **sha256)
        yield vector(p, "sha-256-tampered", good, raw[:-1], "invalid", why="a byte is missing", **sha256)
        stamp, tag = p.headers(secret, raw, NOW)
        yield vector(p, "digit-moved-into-the-body", [[stamp[0], str(NOW)[1:]], tag],
                     raw + str(NOW)[:1].encode(), "invalid", why="the time begins in the body")
        longer = [[stamp[0], "1" + str(NOW)], cloudinary(secret, raw[:-1], f"1{NOW}")[1]]
        yield vector(p, "digit-moved-into-the-time", longer, raw[:-1], "invalid",
                     why="the time is far ahead")
        mac_tag = hexa(mac(text_key(secret), raw, str(NOW).encode(), hash="sha1"))
        yield vector(p, "a-mac", [stamp, [tag[0], mac_tag]], raw, "invalid", why="it is not a MAC")
        first = hashlib.sha1(secret.encode() + raw + str(NOW).encode()).hexdigest()
        yield vector(p, "secret-first", [stamp, [tag[0], first]], raw, "invalid",
                     why="the secret comes last")
