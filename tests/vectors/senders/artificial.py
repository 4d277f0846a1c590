"""Models and what runs them."""

from kit import *  # noqa: F403

# The key is what follows the last underscore.
UNDERSCORED = tuple("whsec_own_" + secret.removeprefix("whsec_") for secret in WHSECS)


def after_underscore(secret):
    return base64.b64decode(secret.rsplit("_", 1)[1])


PRESETS = [
    Preset("anthropic", standard(),
           '{"type":"event","id":"event_own_1","data":{"type":"session.status_idled"}}', WHSECS, 300),
    Preset("elevenlabs", pairs("ElevenLabs-Signature", ",", "t", "v0", b"."),
           '{"type":"post_call_transcription","event_timestamp":1790000000,"data":{}}', TEXTS, 1800),
    Preset("huggingface", token("X-Webhook-Secret"),
           '{"event":{"action":"create","scope":"discussion"},"repo":{},"webhook":{"version":3}}',
           TEXTS, plain=False),
    Preset("openai", standard(),
           '{"id":"evt_own_2","object":"event","type":"response.completed","data":{"id":"resp_1"}}',
           WHSECS, 300),
    Preset("replicate", standard(key=after_underscore),
           '{"id":"prediction","status":"succeeded","output":[]}', UNDERSCORED, 300),
]


def special(p):
    raw, (secret, _, stranger) = p.body.encode(), p.secrets
    if p.slug == "anthropic":
        yield from signed_id(p, "webhook-")
    if p.slug == "elevenlabs":
        yield from in_signature(p, ",", "t", "v0")
        (name, good), = p.headers(secret, raw, NOW)
        yield vector(p, "version-1", [[name, good.replace("v0=", "v1=")]], raw, "invalid",
                     why="the version is v0")
        theirs = standard()("whsec_" + b64(secret.encode()), raw, NOW)
        yield vector(p, "as-standard-webhooks", theirs, raw, "invalid", why="another scheme")
    if p.slug == "huggingface":
        yield from tokens(p)
    if p.slug == "openai":
        yield from signed_id(p, "webhook-", without_prefix="invalid")
        text = "own secret that is text"
        id, time = ["webhook-id", "wh_own"], ["webhook-timestamp", str(NOW)]
        tag = b64(mac(text_key(text), f"wh_own.{NOW}.".encode(), raw))
        yield vector(p, "secret-that-is-text", [id, time, ["webhook-signature", f"v1,{tag}"]], raw,
                     secrets=[text])
        yield vector(p, "signature-without-a-version", [id, time, ["webhook-signature", tag]], raw,
                     "invalid", secrets=[text], why="no version, which only OpenAI's libraries take")
    if p.slug == "replicate":
        yield from signed_id(p, "webhook-")
        whole = standard()(WHSECS[2], raw, NOW)
        yield vector(p, "secret-with-one-underscore", whole, raw, secrets=WHSECS[2:])
        yield vector(p, "secret-without-an-underscore", whole, raw,
                     secrets=[WHSECS[2].removeprefix("whsec_")])
