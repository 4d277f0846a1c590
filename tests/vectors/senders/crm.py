"""CRM, help desks, forms and boards."""

from kit import *  # noqa: F403

URL = "https://hooks.example.com/crm/in?portal=7&to=a%3Ab%2Fc%20d"
UUIDS = ("11111111-aaaa-4bbb-8ccc-000000000001", "22222222-aaaa-4bbb-8ccc-000000000002",
         "33333333-aaaa-4bbb-8ccc-000000000003")
BATCH = ('[{"eventId":1,"subscriptionId":12,"portalId":62,"occurredAt":1790000000000,'
         '"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123}]')
DOCS = "https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests"
HUBSPOT_SECRET = ["yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"]


def concat(version):
    """SHA-256 of the secret and what follows; no MAC."""
    def sign(secret, body, time, url="", method="POST"):
        before = {"v1": "", "v2": method + url}[version]
        return [["X-HubSpot-Signature", hexa(sha256((secret + before).encode() + body))],
                ["X-HubSpot-Signature-Version", version]]

    return sign


def hubspot_v3(secret, body, time, url, method="POST", signed_url=None):
    message = (method + (signed_url or url)).encode() + body + time.encode()
    return [["X-HubSpot-Signature-v3", b64(mac(text_key(secret), message))],
            ["X-HubSpot-Request-Timestamp", time],
            # The older one comes along and is not looked at.
            ["X-HubSpot-Signature-Version", "v1"]]


def intercom(secret, body, time):
    return [["X-Hub-Signature", "sha1=" + hexa(mac(text_key(secret), body, hash="sha1"))]]


def front(secret, body, time):
    tag = b64(mac(text_key(secret), time.encode(), b":", body))
    return [["X-Front-Request-Timestamp", time], ["X-Front-Signature", tag]]


def zendesk(secret, body, time):
    return [["X-Zendesk-Webhook-Signature", b64(mac(text_key(secret), time.encode(), body))],
            ["X-Zendesk-Webhook-Signature-Timestamp", time]]


def monday(secret, body, time):
    return [["Authorization", jwt(secret, {"accountId": 1, "aud": "https://hooks.example.com/monday",
                                           "exp": int(time), "iat": int(time) - 300})]]


PRESETS = [
    Preset("hubspot-v1", concat("v1"), BATCH, UUIDS),
    Preset("hubspot-v2", concat("v2"), BATCH, UUIDS, url=URL),
    Preset("hubspot-v3", hubspot_v3, BATCH, UUIDS, 300, url=URL, unit="ms",
           signature="X-HubSpot-Signature-v3"),
    Preset("intercom", intercom, '{"type":"notification_event","id":"notif_1","topic":"user.created"}',
           TEXTS),
    Preset("front", front, '{"type":"inbound_received","authorization":{"id":"cmp_1"}}', TEXTS, 300,
           unit="ms"),
    Preset("zendesk", zendesk, '{"id":"own-1","type":"zen:event-type:ticket.created",'
           '"zendesk_event_version":"2022-11-06"}', ("b3duIHNlY3JldCBvbmU=", *TEXTS[1:]), 300,
           unit="rfc3339"),
    Preset("monday", monday, '{"event":{"type":"create_pulse","triggerUuid":"own-2"}}', TEXTS, 60,
           plain=False, signature="Authorization"),
    Preset("tally", body_only("Tally-Signature", b64), '{"eventId":"own-3","eventType":"FORM_RESPONSE",'
           '"createdAt":"2026-09-21T14:13:20Z"}', TEXTS),
]


def special(p):
    secret, raw = p.secrets[0], p.body.encode()
    if p.slug == "hubspot-v1":
        yield vector(p, "docs", [["X-HubSpot-Signature",
                                  "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"],
                                 ["X-HubSpot-Signature-Version", "v1"]],
                     '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
                     '"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,'
                     '"changeSource":"CRM","changeFlag":"NEW","appId":54321}]',
                     secrets=HUBSPOT_SECRET, source=DOCS)
    if p.slug == "hubspot-v2":
        url = "https://www.example.com/webhook_uri"
        for name, method, tag, body in (
            ("docs-get", "GET", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e", ""),
            ("docs-post", "POST", "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
             '{"example_field":"example_value"}'),
        ):
            yield vector(p, name, [["X-HubSpot-Signature", tag], ["X-HubSpot-Signature-Version", "v2"]],
                         body, method=method, url=url, secrets=HUBSPOT_SECRET, source=DOCS)
    if p.slug in ("hubspot-v1", "hubspot-v2"):
        signature, version = p.headers(secret, raw, NOW)
        yield vector(p, "no-version", [signature], raw, "invalid", why="the version is missing")
        other = {"v1": "v2", "v2": "v1"}[version[1]]
        yield vector(p, "other-version", [signature, [version[0], other]], raw, "invalid",
                     why="signed in another way")
        yield vector(p, "version-twice", [signature, version, version], raw, "invalid",
                     why="the version is there twice")
        as_mac = hexa(mac(text_key(secret), raw))
        yield vector(p, "hmac", [[signature[0], as_mac], version], raw, "invalid",
                     why="HMAC instead of a hash")
    if p.slug in ("hubspot-v2", "hubspot-v3"):
        for method in ("GET", "PUT", "DELETE"):
            good = p.headers(secret, b"", NOW, method=method)
            yield vector(p, f"{method.lower()}-without-a-body", good, b"", method=method)
            yield vector(p, f"{method.lower()}-sent-as-post", good, b"", "invalid",
                         why="the method is signed")
        good = p.headers(secret, raw, NOW)
        for name, url in (("other-query", URL + "1"), ("no-query", URL.split("?")[0]),
                          ("other-host", URL.replace("hooks", "hoaks")),
                          ("other-scheme", URL.replace("https", "http")),
                          ("other-path", URL.replace("/in", "/im"))):
            yield vector(p, f"url-{name}", good, raw, "invalid", url=url, why="the URL is signed")
    if p.slug == "hubspot-v3":
        undone = p.headers(secret, raw, NOW, signed_url=URL.replace("%3A", ":").replace("%2F", "/"))
        yield vector(p, "escapes-undone", undone, raw)
        every = "?a=" + "".join(f"%{ord(c):02X}" for c in ":/?@!$'()*,;")
        base = URL.split("?")[0]
        undone = p.headers(secret, raw, NOW, url=base + every, signed_url=base + "?a=:/?@!$'()*,;")
        yield vector(p, "all-escapes-undone", undone, raw, url=base + every)
        half = p.headers(secret, raw, NOW, signed_url=URL.replace("%3A", ":"))
        yield vector(p, "escapes-half-undone", half, raw, "invalid", why="neither of the two forms")
        too_many = p.headers(secret, raw, NOW, signed_url=URL.replace("%3A", ":").replace("%2F", "/")
                             .replace("%20", " "))
        yield vector(p, "space-undone", too_many, raw, "invalid", why="spaces stay escaped")
        v1 = hexa(sha256(secret.encode() + raw))
        yield vector(p, "v1-only", [["X-HubSpot-Signature", v1], ["X-HubSpot-Signature-Version", "v1"]],
                     raw, "invalid", why="the older signature is not looked at")
    if p.slug == "intercom":
        yield vector(p, "sha-256", [["X-Hub-Signature", "sha256=" + hexa(mac(text_key(secret), raw))]],
                     raw, "invalid", why="another algorithm")
    if p.slug == "front":
        sha1 = b64(mac(text_key(secret), raw, hash="sha1"))
        yield vector(p, "rule-webhook", [["X-Front-Signature", sha1]], raw, "invalid",
                     why="signed as rule webhooks are")
        tag = b64(mac(text_key(secret), str(NOW).encode(), b":", raw))
        yield vector(p, "seconds", [["X-Front-Request-Timestamp", str(NOW)],
                                    ["X-Front-Signature", tag]], raw, "invalid",
                     why="seconds instead of milliseconds")
    if p.slug == "zendesk":
        for method in ("GET", "DELETE", "PUT", "PATCH"):
            body = b"" if method in ("GET", "DELETE") else raw
            yield vector(p, f"{method.lower()}", p.headers(secret, body, NOW), body, method=method)
        stamp = p.stamp(NOW)
        other = b64(mac(text_key(secret), raw, stamp.encode()))
        yield vector(p, "body-first", [["X-Zendesk-Webhook-Signature", other],
                                       ["X-Zendesk-Webhook-Signature-Timestamp", stamp]], raw, "invalid",
                     why="the order of an older page")
        decoded = b64(mac(base64.b64decode(secret), stamp.encode(), raw))
        yield vector(p, "secret-taken-for-base64", [["X-Zendesk-Webhook-Signature", decoded],
                                                    ["X-Zendesk-Webhook-Signature-Timestamp", stamp]],
                     raw, "invalid", why="the secret is text")
    if p.slug == "monday":
        yield from monday_cases(p)


def monday_cases(p):
    raw, (secret, other, stranger) = p.body, p.secrets
    claims = {"accountId": 1, "exp": NOW}

    def sent(case, token, expect="valid", body=raw, **more):
        return vector(p, case, [["Authorization", token]], body, expect, **more)

    def bad(case, token, why, **more):
        return sent(case, token, "invalid", why=why, **more)

    good = jwt(secret, claims)
    yield sent("valid", good)
    yield sent("another-body", good, body='{"event":{"type":"not covered by the token"}}')
    yield sent("no-body", good, body="")
    yield sent("second-secret", jwt(other, claims), secrets=[secret, other])
    yield sent("just-expired", good, now=NOW + 60)
    yield bad("expired", good, "expired a minute and a second ago", now=NOW + 61)
    yield sent("long-before-it-expires", good, now=NOW - 1_000_000)
    yield bad("no-expiry", jwt(secret, {"accountId": 1}), "it would be good for ever")
    yield bad("expiry-is-text", jwt(secret, '{"exp":"soon"}'), "no time")
    yield bad("expiry-twice", jwt(secret, '{"exp":%d,"exp":%d}' % (NOW, NOW)), "two times")
    yield bad("other-secret", jwt(stranger, claims), "the secret is not configured")
    yield bad("alg-none", jwt(secret, claims, alg="none"), "not signed")
    yield bad("alg-hs512", jwt(secret, claims, alg="HS512"), "another algorithm")
    yield bad("alg-twice", jwt_with_head(secret, '{"alg":"none","alg":"HS256"}', claims), "two algorithms")
    yield bad("bearer", "Bearer " + good, "the token stands alone")
    yield bad("claims-changed", retold(good, {"accountId": 2, "exp": NOW}), "the claims are signed")
    yield bad("signature-cut", good[:-2], "the signature is not whole")
    yield bad("no-signature", good.rsplit(".", 1)[0] + ".", "there is no signature")
    yield bad("two-segments", good.rsplit(".", 1)[0], "there is no signature")
    yield bad("four-segments", good + ".x", "that is no token")
    yield bad("empty", "", "there is no token")
    yield vector(p, "no-header", [], raw, "invalid", why="there is no token")
    yield vector(p, "twice", [["Authorization", good]] * 2, raw, "invalid", why="there twice")
