"""Forms, bookings and leads."""

from kit import *  # noqa: F403


def linkedin(secret, body, time):
    return [["X-LI-Signature", hexa(mac(text_key(secret), b"hmacsha256=", body))]]


PRESETS = [
    Preset("cal-com", body_only("X-Cal-Signature-256", hexa),
           '{"triggerEvent":"BOOKING_CREATED","createdAt":"2026-09-21T12:26:40.000Z","payload":{}}',
           TEXTS),
    Preset("calendly", pairs("Calendly-Webhook-Signature", ",", "t", "v1", b"."),
           '{"event":"invitee.created","created_at":"2026-09-21T12:26:40Z","payload":{}}', TEXTS, 180),
    Preset("linkedin", linkedin,
           '{"type":"LEAD_ACTION","notificationId":17,"leadAction":"CREATED"}', TEXTS),
    Preset("typeform", body_only("Typeform-Signature", b64, "sha256="),
           '{"event_id":"own-1","event_type":"form_response","form_response":{}}', TEXTS),
]


def special(p):
    raw, (secret, _, stranger) = p.body.encode(), p.secrets
    (name, good), *rest = p.headers(secret, raw, NOW)
    if p.slug == "cal-com":
        yield vector(p, "no-secret-provided", [[name, "no-secret-provided"]], raw, "invalid",
                     why="what Cal.com writes when the webhook has no secret")
        text = "trigger=BOOKING_CREATED&who=own"
        yield vector(p, "a-template-that-is-a-form",
                     [*p.headers(secret, text.encode(), NOW),
                      ["Content-Type", "application/x-www-form-urlencoded"]], text)
        yield from other_forms(p, prefix=lambda tag: "sha256=" + tag)
    if p.slug == "calendly":
        yield from in_signature(p, ",", "t", "v1")
    if p.slug == "linkedin":
        yield vector(p, "text-in-the-header-too", [[name, "hmacsha256=" + good]], raw)
        yield vector(p, "text-in-the-header-twice", [[name, "hmacsha256=" * 2 + good]], raw, "invalid",
                     why="the text is there twice")
        yield vector(p, "another-text-in-the-header", [[name, "sha256=" + good]], raw, "invalid",
                     why="another text")
        plain = body_only(name, hexa)(secret, raw, NOW)
        yield vector(p, "text-not-signed", plain, raw, "invalid",
                     why="the text before the body is not signed")
        # The answer to LinkedIn's challenge, which anybody can ask for, is no signature.
        challenge = b"5a7a3f6e-0000-4000-8000-0123456789ab"
        tag = hexa(mac(text_key(secret), challenge))
        yield vector(p, "answer-to-a-challenge", [[name, tag]], challenge, "invalid",
                     why="a challenge is signed without the text")
    if p.slug == "typeform":
        yield from other_forms(
            p, no_prefix=lambda text: text[7:], no_padding=lambda text: text.rstrip("="),
            upper_case_prefix=lambda text: "SHA256=" + text[7:],
            hex=lambda text: "sha256=" + base64.b64decode(text[7:]).hex(),
            comma_joined=lambda text: f"{text}, {text}")
