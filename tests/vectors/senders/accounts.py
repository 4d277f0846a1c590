"""Sign-in and identity."""

from kit import *  # noqa: F403

# As Supabase shows its secrets.
V1_WHSECS = tuple("v1," + secret for secret in WHSECS)

PRESETS = [
    Preset("auth0-log-streams", token("Authorization"),
           '[{"log_id":"90020260921","data":{"type":"s","date":"2026-09-21T12:26:40Z"}}]',
           TEXTS, plain=False),
    Preset("clerk", standard("svix-"), '{"type":"user.created","object":"event","data":{}}', WHSECS,
           300),
    Preset("okta-event-hooks", token("Authorization"),
           '{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","eventId":"own-1",'
           '"data":{"events":[{"uuid":"own-2","eventType":"user.lifecycle.create"}]}}',
           TEXTS, plain=False),
    Preset("supabase-auth-hooks", standard(key=lambda secret: whsec_key(secret.removeprefix("v1,"))),
           '{"user":{"id":"own-3"},"email_data":{"token":"123456"}}', V1_WHSECS, 300),
    Preset("workos", pairs("WorkOS-Signature", ", ", "t", "v1", b"."),
           '{"id":"event_own_4","event":"dsync.user.created","created_at":"2026-09-21T12:26:40Z"}',
           TEXTS, 180, unit="ms"),
]


def special(p):
    raw, (secret, _, stranger) = p.body.encode(), p.secrets
    if p.slug in ("auth0-log-streams", "okta-event-hooks"):
        yield from tokens(p)
    if p.slug == "clerk":
        yield from signed_id(p, "svix-")
    if p.slug == "supabase-auth-hooks":
        yield from signed_id(p, "webhook-")
        good = p.headers(secret, raw, NOW)
        yield vector(p, "secret-of-the-bare-base64", good, raw, secrets=[secret[len("v1,whsec_"):]])
        text = b64(mac(text_key(secret), f"msg_own_2Zq8.{NOW}.".encode(), raw))
        yield vector(p, "secret-taken-for-text", [*good[:2], [good[2][0], f"v1,{text}"]], raw,
                     "invalid", why="the key is what the base64 stands for")
    if p.slug == "workos":
        yield from in_signature(p, ",", "t", "v1")
        (name, good), = p.headers(secret, raw, NOW)
        yield vector(p, "comma-without-a-space", [[name, good.replace(", ", ",")]], raw)
        colon = pairs(name, ", ", "t", "v1", b":")(secret, raw, NOW * 1000)
        yield vector(p, "another-sign-between", colon, raw, "invalid", why="a colon, not a full stop")
        _, wrong = p.headers(stranger, raw, NOW)[0][1].split(", ")
        yield vector(p, "signature-of-a-stranger-first",
                     [[name, good.replace(", ", f", {wrong}, ")]], raw)
