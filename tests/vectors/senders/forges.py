"""Where code is kept."""

from urllib.parse import quote_plus

from kit import *  # noqa: F403

PUSH = '{"ref":"refs/heads/main","commits":[{"message":"Gr\u00fc\u00dfe & more = \u2615"}],"action":"own"}'

PRESETS = [
    Preset("bitbucket-cloud", body_only("X-Hub-Signature", hexa, "sha256="), PUSH, TEXTS,
           unsigned=[["X-Event-Key", "repo:push"], ["X-Request-UUID", "own-1"]]),
    Preset("bitbucket-server", body_only("X-Hub-Signature", hexa, "sha256="), PUSH, TEXTS,
           unsigned=[["X-Event-Key", "repo:refs_changed"], ["X-Request-Id", "own-2"]]),
    Preset("gitea", body_only("X-Gitea-Signature", hexa), PUSH, TEXTS,
           unsigned=[["X-Gitea-Event", "push"], ["X-Gitea-Delivery", "own-3"],
                     ["Content-Type", "application/json"]]),
    Preset("forgejo", body_only("X-Forgejo-Signature", hexa), PUSH, TEXTS,
           unsigned=[["X-Forgejo-Event", "push"], ["X-Forgejo-Delivery", "own-4"],
                     ["Content-Type", "application/json"]]),
    Preset("gitlab-token", token("X-Gitlab-Token"), '{"object_kind":"push","ref":"refs/heads/main"}',
           TEXTS, plain=False,
           unsigned=[["X-Gitlab-Event", "Push Hook"], ["Idempotency-Key", "own-5"]]),
    Preset("npm-hooks", body_only("x-npm-signature", hexa, "sha256="),
           '{"event":"package:publish","name":"own","version":"1.0.0"}', TEXTS),
]

ATLASSIAN = ("sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
             "Hello World!", "It's a Secret to Everybody")


def special(p):
    raw, (secret, _, stranger) = p.body.encode(), p.secrets
    if p.slug in ("bitbucket-cloud", "bitbucket-server", "npm-hooks"):
        yield from github_like(p)
    if p.slug == "bitbucket-cloud":
        signature, body, text = ATLASSIAN
        yield vector(p, "docs", [["X-Hub-Signature", signature]], body, secrets=[text],
                     source="https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/")
    if p.slug in ("gitea", "forgejo"):
        yield from forms(p)
    if p.slug == "gitlab-token":
        yield from tokens(p)


def forms(p):
    """The JSON in a form's field: its text is signed, not the form."""
    raw, (secret, *_) = p.body.encode(), p.secrets
    (name, tag), *rest = p.headers(secret, raw, NOW)
    kind = ["Content-Type", "application/x-www-form-urlencoded"]
    rest = [[name, tag], *rest[:-1], kind]
    form = "payload=" + quote_plus(p.body)

    def bad(case, body, why, headers=rest):
        return vector(p, case, headers, body, "invalid", why=why)

    yield vector(p, "form", rest, form)
    yield vector(p, "form-with-a-charset", [*rest[:-1], [kind[0], kind[1] + "; charset=utf-8"]], form)
    yield vector(p, "form-written-in-another-way", rest,
                 "payload=" + "".join(f"%{byte:02x}" for byte in raw))
    yield vector(p, "form-with-more-in-it", rest, form + "&unsigned=1")
    yield bad("form-payload-tampered", form.replace("main", "evil"), "the payload has changed")
    yield bad("form-payload-twice", f"{form}&{form}", "the payload is there twice")
    yield bad("form-without-the-payload", form.replace("payload", "body", 1), "no payload")
    yield bad("form-signed-as-it-is-sent", form, "the form is signed in the payload's place",
              p.headers(secret, form.encode(), NOW)[:-1] + [kind])
    yield bad("form-that-is-not-declared", form, "it is no form, and so no payload in it", rest[:-1])
    yield bad("json-declared-as-a-form", p.body, "no payload")
    sha1 = hmac.new(text_key(secret), raw, hashlib.sha1).hexdigest()
    twins = [["X-Hub-Signature", f"sha1={sha1}"], ["X-Hub-Signature-256", f"sha256={tag}"],
             ["X-Gogs-Signature", tag]]
    yield vector(p, "twins-beside", [[name, tag], *twins], raw)
    yield bad("only-the-twins", raw, "the twins are not looked at", twins)
    yield bad("prefix", raw, "there is no prefix", [[name, f"sha256={tag}"]])
