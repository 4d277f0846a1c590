"""Streams, feeds and messages in real time."""

from kit import *  # noqa: F403

KEYS = ("xVLyHw.AbCdEf:own_secret:1", "xVLyHw.GhIjKl:own_secret_2", "xVLyHw.MnOpQr:never_configured")
APPS = ("278d425bdf160c739803:7ad3773142a6692b25b8", "other_app_key:other_secret", "278d425bdf160c739803:never")


def named(key):
    """`id:secret`, at the last colon."""
    return key.rsplit(":", 1)


def ably(key, body, time):
    id, secret = named(key)
    return [["X-Ably-Key", id], ["X-Ably-Signature", b64(mac(text_key(secret), body))],
            ["X-Ably-Version", "1.2"]]


def pusher(key, body, time):
    id, secret = named(key)
    return [["X-Pusher-Key", id], ["X-Pusher-Signature", hexa(mac(text_key(secret), body))]]


def livekit(secret, body, time):
    secs = int(time)
    return [["Authorization", jwt(secret, {"iss": "APIown", "nbf": secs, "exp": secs + 300,
                                           "sha256": b64(sha256(body))})]]


def twitch(secret, body, time, id="e76c6bd4-55c9-4987-8304-da1588d8988b"):
    tag = hexa(mac(text_key(secret), id.encode(), time.encode(), body))
    return [["Twitch-Eventsub-Message-Id", id], ["Twitch-Eventsub-Message-Timestamp", time],
            ["Twitch-Eventsub-Message-Signature", "sha256=" + tag]]


def websub(hash):
    return lambda secret, body, time: [
        ["X-Hub-Signature", f"{hash}={hexa(mac(text_key(secret), body, hash=hash))}"]]


PRESETS = [
    Preset("ably", ably, '{"items":[{"webhookId":"w1","source":"channel.message","data":{}}]}', KEYS),
    Preset("pusher-channels", pusher,
           '{"time_ms":%d000,"events":[{"channel":"own","name":"channel_vacated"}]}' % NOW, APPS, 300,
           plain=False),
    Preset("livekit", livekit, '{"event":"room_started","id":"EV_own","createdAt":"1790000000"}', TEXTS, 60,
           plain=False, signature="Authorization"),
    Preset("mux", pairs("Mux-Signature", ",", "t", "v1", b"."),
           '{"id":"own-1","type":"video.asset.ready","data":{}}', TEXTS, 300),
    Preset("twitch-eventsub", twitch,
           '{"subscription":{"type":"channel.follow","version":"2"},"event":{"user_id":"1"}}',
           ("own-secret-of-10", *TEXTS[1:]), 600, unit="rfc3339"),
    Preset("websub", websub("sha256"), '<feed xmlns="http://www.w3.org/2005/Atom"><id>own</id></feed>', TEXTS),
]


def special(p):
    secret, other, stranger = p.secrets
    raw = p.body.encode()
    good = p.headers(secret, raw, NOW)
    if p.slug in ("ably", "pusher-channels"):
        yield from key_cases(p, good)
    if p.slug == "pusher-channels":
        yield from common(p)
        yield from timed(p)
        for name, body, why in (
            ("time-missing", '{"events":[]}', "there is no time"),
            ("time-in-seconds", '{"time_ms":%d,"events":[]}' % NOW, "seconds instead of milliseconds"),
            ("time-twice", '{"time_ms":%d000,"time_ms":%d000}' % (NOW, NOW), "there twice"),
            ("time-nested", '{"events":[{"time_ms":%d000}]}' % NOW, "in another place"),
            ("not-json", "time_ms=%d000" % NOW, "not JSON"),
            ("empty-body", "", "there is no time"),
        ):
            yield vector(p, name, p.headers(secret, body.encode(), NOW), body, "invalid", why=why)
    if p.slug == "livekit":
        yield from common(p)
        yield from livekit_cases(p, raw)
    if p.slug == "mux":
        yield from in_signature(p, ",", "t", "v1")
    if p.slug == "twitch-eventsub":
        nanos = "2026-09-21T14:13:20.123456789Z"
        yield vector(p, "nanoseconds", p.headers(secret, raw, nanos), raw)
        offset = "2026-09-21T16:13:20+02:00"
        yield vector(p, "offset", p.headers(secret, raw, offset), raw)
        rewritten = [[n, "2026-09-21T14:13:20Z" if v == nanos else v]
                     for n, v in p.headers(secret, raw, nanos)]
        yield vector(p, "time-rewritten", rewritten, raw, "invalid", why="signed as received")
        yield vector(p, "unix-time", p.headers(secret, raw, str(NOW)), raw, "invalid", why="RFC 3339 only")
        id, time, signature = good
        yield vector(p, "id-changed", [[id[0], "x" + id[1]], time, signature], raw, "invalid",
                     why="the id is signed")
        yield vector(p, "no-id", [time, signature], raw, "invalid", why="the id is missing")
        yield vector(p, "id-twice", [id, *good], raw, "invalid", why="the id is there twice")
        yield vector(p, "no-time", [id, signature], raw, "invalid", why="the time is missing")
        moved = p.headers(secret, b"", NOW, id=id[1])
        yield vector(p, "time-moved-into-the-body", [id, [time[0], "2026-09-21T14:13:20+00:00"], moved[2]],
                     time[1], "invalid", why="the same bytes, read in another way")
        yield vector(p, "id-like-a-time", p.headers(secret, raw, NOW, id="2026-09-21T14:13:20Z"), raw,
                     "invalid", why="the same bytes could be split in another way")
    if p.slug == "websub":
        for hash in ("sha1", "sha384", "sha512"):
            yield vector(p, hash, websub(hash)(secret, raw, NOW), raw)
            yield vector(p, f"{hash}-other-secret", websub(hash)(stranger, raw, NOW), raw, "invalid",
                         why="the secret is not configured")
            yield vector(p, f"{hash}-other-body", websub(hash)(secret, raw, NOW), raw + b" ", "invalid",
                         why="the body is signed")
            yield vector(p, f"{hash}-cut", [[n, v[:-2]] for n, v in websub(hash)(secret, raw, NOW)], raw,
                         "invalid", why="the last two characters are missing")
        md5 = websub("md5")(secret, raw, NOW)
        yield vector(p, "md5", md5, raw, "invalid", why="not one of the four methods")
        (name, value), = websub("sha1")(secret, raw, NOW)
        yield vector(p, "sha1-called-sha256", [[name, value.replace("sha1", "sha256")]], raw, "invalid",
                     why="another method's length")
        yield vector(p, "upper-case-method", [[name, value.replace("sha1", "SHA1")]], raw, "invalid",
                     why="methods are lower case")
        yield vector(p, "no-method", [[name, value[5:]]], raw, "invalid", why="no method")
        wrong = websub("sha512")(stranger, raw, NOW)
        yield vector(p, "strong-one-wrong", [*wrong, [name, value]], raw, "invalid",
                     why="there are two headers")


def key_cases(p, good):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    id, signature, *rest = good
    yield vector(p, "second-key", p.headers(other, raw, NOW), raw, secrets=[secret, other])
    yield vector(p, "one-secret-under-two-keys", p.headers(f"k2:{named(secret)[1]}", raw, NOW), raw,
                 secrets=[secret, f"k2:{named(secret)[1]}"])
    yield vector(p, "key-of-another", [[id[0], named(other)[0]], signature, *rest], raw, "invalid",
                 secrets=[secret, other], why="not the key that is named")
    yield vector(p, "unknown-key", [[id[0], "nobody"], signature, *rest], raw, "invalid",
                 why="no such key")
    yield vector(p, "no-key", [signature, *rest], raw, "invalid", why="no key is named")
    yield vector(p, "empty-key", [[id[0], ""], signature, *rest], raw, "invalid", why="no key is named")
    yield vector(p, "key-twice", [id, *good], raw, "invalid", why="the key is named twice")


def livekit_cases(p, raw):
    secret, other, _ = p.secrets
    claims = {"iss": "APIown", "nbf": NOW, "exp": NOW + 300, "sha256": b64(sha256(raw))}

    def sent(case, token, expect="valid", **more):
        return vector(p, case, [["Authorization", token]], raw, expect, **more)

    def bad(case, token, why, **more):
        return sent(case, token, "invalid", why=why, **more)

    good = jwt(secret, claims)
    yield sent("a-minute-early", good, now=NOW - 60)
    yield bad("more-than-a-minute-early", good, "not yet good", now=NOW - 61)
    yield sent("a-minute-late", good, now=NOW + 360)
    yield bad("more-than-a-minute-late", good, "expired", now=NOW + 361)
    for name in ("nbf", "exp", "sha256"):
        less = {claim: value for claim, value in claims.items() if claim != name}
        yield bad(f"no-{name}", jwt(secret, less), f"{name} is missing")
    access = {"iss": "APIown", "sub": "participant", "nbf": NOW, "exp": NOW + 300,
              "video": {"roomJoin": True}}
    yield bad("access-token-of-a-participant", jwt(secret, access), "signed with the same secret")
    yield bad("hash-in-hex", jwt(secret, {**claims, "sha256": hexa(sha256(raw))}), "not in base64")
    yield bad("hash-without-padding", jwt(secret, {**claims, "sha256": b64(sha256(raw)).rstrip("=")}),
              "no padding")
    yield bad("claims-changed", retold(good, {**claims, "exp": NOW + 900}), "the claims are signed")
    yield bad("alg-none", jwt(secret, claims, alg="none"), "not signed")
    yield bad("alg-hs512", jwt(secret, claims, alg="HS512"), "another algorithm")
    yield bad("bearer", "Bearer " + good, "the token stands alone")
    yield sent("another-issuer", jwt(secret, {**claims, "iss": "APIother"}))
