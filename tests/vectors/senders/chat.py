"""Chats, social networks and what stands around them."""

from kit import *  # noqa: F403

TEAMS = tuple(b64(bytes(range(n, n + 32))) for n in (1, 65, 129))
TOKENS = ("Own_token-1", "Own_token-2", "never_configured")
ITEM = '{"subscriptionId":"s1","clientState":%s,"changeType":"updated","resource":"Users/1"}'


def teams(secret, body, time):
    return [["Authorization", "HMAC " + b64(mac(base64.b64decode(secret), body))]]


def x(secret, body, time):
    return [["x-twitter-webhooks-signature", "sha256=" + b64(mac(text_key(secret), body))]]


def token(header, *rest):
    return lambda secret, body, time: [[header, secret], *rest]


def notifications(*states):
    return '{"value":[%s]}' % ",".join(ITEM % json.dumps(state) for state in states)


PRESETS = [
    Preset("line", body_only("X-Line-Signature", b64),
           '{"destination":"U1","events":[{"type":"message","webhookEventId":"own-1"}]}', TEXTS),
    Preset("whatsapp-cloud", body_only("X-Hub-Signature-256", hexa, "sha256="),
           '{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[]}]}', TEXTS),
    Preset("telegram", token("X-Telegram-Bot-Api-Secret-Token"),
           '{"update_id":7,"message":{"text":"Gr\u00fc\u00dfe"}}', TOKENS, plain=False),
    Preset("x-twitter", x, '{"for_user_id":"1","tweet_create_events":[]}', TEXTS, plain=False),
    Preset("getstream", body_only("X-Signature", hexa), '{"type":"message.new","message":{"id":"m1"}}', TEXTS,
           unsigned=[["X-Webhook-Id", "own-2"], ["X-Webhook-Attempt", "1"], ["X-Api-Key", "key"]]),
    Preset("microsoft-teams-outgoing", teams, '{"type":"message","id":"1","text":"<at>own</at> hi"}', TEAMS,
           signature="Authorization"),
    Preset("microsoft-graph", lambda secret, body, time: [], "", TOKENS, plain=False),
    Preset("google-calendar-drive-channels",
           token("X-Goog-Channel-Token", ["X-Goog-Channel-ID", "own-3"], ["X-Goog-Message-Number", "10"],
                 ["X-Goog-Resource-State", "exists"]), "", TOKENS, plain=False),
]


def special(p):
    secret, other, stranger = p.secrets
    raw = p.body.encode()
    if p.slug in ("telegram", "google-calendar-drive-channels"):
        yield from tokens(p)
    if p.slug == "line":
        empty = b'{"destination":"U1","events":[]}'
        yield vector(p, "no-events", p.headers(secret, empty, NOW), empty)
        (name, value), = p.headers(secret, raw, NOW)
        yield vector(p, "upper-case", [[name, value.upper()]], raw, "invalid", why="another signature")
        yield vector(p, "hex", [[name, base64.b64decode(value).hex()]], raw, "invalid",
                     why="hexadecimal instead of base64")
    if p.slug == "whatsapp-cloud":
        sha1 = "sha1=" + hexa(mac(text_key(secret), raw, hash="sha1"))
        yield vector(p, "sha-1-only", [["X-Hub-Signature", sha1]], raw, "invalid",
                     why="the SHA-1 header is not looked at")
    if p.slug == "x-twitter":
        yield from common(p)
        crc = b"MDg2NTQ1Yzct"
        yield vector(p, "answer-to-a-challenge", p.headers(secret, crc, NOW), crc, "invalid",
                     why="no delivery: we sign such answers ourselves")
        array = b"[]"
        yield vector(p, "array", p.headers(secret, array, NOW), array, "invalid",
                     why="deliveries are objects")
        spaced = b" {}"
        yield vector(p, "space-first", p.headers(secret, spaced, NOW), spaced, "invalid",
                     why="deliveries start with a brace")
        yield vector(p, "half-a-json", p.headers(secret, b"{", NOW), "{")
        tag = hexa(mac(text_key(secret), raw))
        yield vector(p, "hex", [["x-twitter-webhooks-signature", "sha256=" + tag]], raw, "invalid",
                     why="hexadecimal instead of base64")
    if p.slug == "microsoft-teams-outgoing":
        as_text = b64(mac(text_key(secret), raw))
        yield vector(p, "secret-taken-for-text", [["Authorization", "HMAC " + as_text]], raw, "invalid",
                     why="the secret is base64")
        (name, value), = p.headers(secret, raw, NOW)
        yield vector(p, "no-prefix", [[name, value[5:]]], raw, "invalid", why="no prefix")
        yield vector(p, "hmac-in-lower-case", [[name, value.replace("HMAC", "hmac")]], raw, "invalid",
                     why="the prefix is upper case")
    if p.slug == "microsoft-graph":
        yield from graph_cases(p)


def graph_cases(p):
    secret, other, stranger = p.secrets

    def sent(case, body, expect="valid", **more):
        return vector(p, case, [["Content-Type", "application/json"]], body, expect, **more)

    def bad(case, body, why):
        return sent(case, body, "invalid", why=why)

    yield sent("valid", notifications(secret))
    yield sent("three", notifications(secret, secret, secret))
    yield sent("two-hundred", notifications(*[secret] * 200))
    yield sent("two-subscriptions", notifications(secret, other), secrets=[secret, other])
    yield sent("rotation-new-secret-second", notifications(other), secrets=[secret, other])
    yield sent("beside-others", notifications(secret)[:-1] + ',"validationTokens":["x"]}')
    yield sent("other-content", notifications(secret).replace("updated", "deleted"))
    yield bad("other-state", notifications(stranger), "not configured")
    yield bad("one-of-three-other", notifications(secret, stranger, secret), "one item is not theirs")
    yield bad("last-of-two-hundred-other", notifications(*[secret] * 199, stranger), "not theirs")
    yield bad("two-subscriptions-one-configured", notifications(secret, other), "not configured")
    yield bad("no-state", notifications(secret).replace("clientState", "clientstate"), "no state")
    yield bad("null-state", notifications(None), "no state")
    yield bad("empty-state", notifications(""), "no state")
    yield bad("number", notifications(7), "no text of ours")
    twice = notifications(secret).replace('"changeType"', '"clientState":"x","changeType"')
    yield bad("state-twice", twice, "two states")
    yield bad("no-items", '{"value":[]}', "nothing is there to verify")
    yield bad("no-array", '{"value":%s}' % (ITEM % json.dumps(secret)), "no array")
    yield bad("in-the-wrong-place", '{"clientState":%s,"value":[{}]}' % json.dumps(secret), "not an item's")
    yield bad("array-of-texts", '{"value":[%s]}' % json.dumps(secret), "no objects")
    yield bad("not-json", "clientState=" + secret, "not JSON")
    yield bad("half-a-json", notifications(secret)[:-1], "not whole JSON")
    yield bad("no-body", "", "not JSON")
