"""What builds and deploys."""

from kit import *  # noqa: F403


def b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def jwt(secret, claims, head=None):
    head = {"typ": "JWT", "alg": "HS256"} if head is None else head
    signed = ".".join(b64url(json.dumps(part).encode()) for part in (head, claims))
    return signed + "." + b64url(mac(text_key(secret), signed.encode()))


def claims(body, **more):
    return {"iss": "netlify", "sha256": hashlib.sha256(body).hexdigest(), **more}


def netlify(secret, body, time):
    return [["X-Webhook-Signature", jwt(secret, claims(body))]]


PRESETS = [
    Preset("buildkite-signature",
           pairs("X-Buildkite-Signature", ",", "timestamp", "signature", b"."),
           '{"event":"build.finished","build":{"id":"own-1"}}', TEXTS, 300,
           unsigned=[["X-Buildkite-Event", "build.finished"]]),
    Preset("buildkite-token", token("X-Buildkite-Token"),
           '{"event":"build.finished","build":{"id":"own-1"}}', TEXTS, plain=False),
    Preset("circleci", body_only("circleci-signature", hexa, "v1="),
           '{"id":"own-2","type":"workflow-completed","happened_at":"2026-09-21T12:26:40Z"}', TEXTS),
    Preset("heroku", body_only("Heroku-Webhook-Hmac-SHA256", b64),
           '{"id":"own-3","action":"update","resource":"release","data":{}}', TEXTS),
    Preset("netlify", netlify, '{"id":"deploy","site_id":"own","state":"ready"}', TEXTS,
           unsigned=[["X-Netlify-Event", "deploy_created"]]),
    Preset("render", standard(), '{"type":"deploy_ended","data":{"id":"own-4"}}', WHSECS, 300),
    Preset("vercel", body_only("x-vercel-signature", hexa, hash="sha1"),
           '{"id":"own-5","type":"deployment.created","createdAt":1790000000123,"payload":{}}', TEXTS),
    Preset("vercel-drains", body_only("x-vercel-signature", hexa, hash="sha1"),
           '{"id":"1","message":"own"}\n{"id":"2","message":"own"}\n', TEXTS),
]

CIRCLECI = "circleci/circleci-docs:docs/guides/modules/integration/pages/outbound-webhooks.adoc"


def special(p):
    raw, (secret, _, stranger) = p.body.encode(), p.secrets
    if p.slug == "buildkite-signature":
        good = p.headers(secret, raw, NOW)[:1]
        name, (time, tag) = good[0][0], good[0][1].split(",")
        yield vector(p, "signature-first", [[name, f"{tag},{time}"]], raw)
        yield vector(p, "space-after-the-comma", [[name, f"{time}, {tag}"]], raw)
        yield vector(p, "time-twice", [[name, f"{time},{time},{tag}"]], raw, "invalid",
                     why="the time is there twice")
        yield vector(p, "no-time", [[name, tag]], raw, "invalid", why="the time is missing")
        yield vector(p, "short-names", [[name, f"t={NOW},v1={tag[10:]}"]], raw, "invalid",
                     why="the names are other ones")
        yield vector(p, "only-a-token", [["X-Buildkite-Token", secret]], raw, "invalid",
                     why="a token is no signature")
        yield vector(p, "token-in-the-signatures-place", [[name, secret]], raw, "invalid",
                     why="a token is no signature")
    if p.slug == "buildkite-token":
        yield from tokens(p)
        signed = pairs("X-Buildkite-Signature", ",", "timestamp", "signature", b".")
        yield vector(p, "only-a-signature", signed(secret, raw, NOW), raw, "invalid",
                     why="the row has the token")
    if p.slug == "circleci":
        yield from versions(p)
        for n, (key, body, tag) in enumerate((
            ("secret", "hello world",
             "734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a"),
            ("another-secret", "lalala",
             "daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00"),
            ("hunter123", "an-important-request-payload",
             "9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa"),
        ), 1):
            yield vector(p, f"docs-{n}", [["circleci-signature", f"v1={tag}"]], body, secrets=[key],
                         source=CIRCLECI)
    if p.slug == "heroku":
        yield from other_forms(p, hex=lambda text: base64.b64decode(text).hex(),
                               no_padding=lambda text: text.rstrip("="),
                               prefix=lambda text: "sha256=" + text)
    if p.slug == "netlify":
        yield from webtokens(p)
    if p.slug == "render":
        yield from signed_id(p, "webhook-")
    if p.slug in ("vercel", "vercel-drains"):
        sha256 = body_only("x-vercel-signature", hexa)(secret, raw, NOW)
        yield vector(p, "sha-256", sha256, raw, "invalid", why="it is SHA-1")
        yield from other_forms(p, prefix=lambda tag: "sha1=" + tag)
    if p.slug == "vercel-drains":
        array = '[{"id":"1","message":"own"}]'
        yield vector(p, "an-array", p.headers(secret, array.encode(), NOW), array)
        yield vector(p, "lines-in-another-order", p.headers(secret, raw, NOW),
                     "".join(reversed(p.body.splitlines(True))), "invalid", why="the body has changed")


def webtokens(p):
    """A JSON Web Token in which the body's digest is."""
    raw, (secret, _, stranger) = p.body.encode(), p.secrets
    good = jwt(secret, claims(raw))
    head, payload, tag = good.split(".")

    def one(case, text, expect="valid", **more):
        return vector(p, case, [["X-Webhook-Signature", text]], raw, expect, **more)

    def bad(case, text, why):
        return one(case, text, "invalid", why=why)

    def claimed(**more):
        return jwt(secret, {key: value for key, value in claims(raw, **more).items() if value})

    def headed(**head):
        return jwt(secret, claims(raw), head)

    yield one("more-claims", claimed(sub="own", iat=1))
    yield one("expired-long-ago", claimed(exp=1))
    yield one("head-in-another-order", headed(alg="HS256", typ="JWT"))
    yield bad("another-issuer", claimed(iss="somebody"), "not issued by Netlify")
    yield bad("no-issuer", claimed(iss=None), "not issued by Netlify")
    yield bad("no-digest", claimed(sha256=None), "the body's digest is missing")
    yield bad("empty-digest", jwt(secret, claims(raw, sha256="")), "the body's digest is empty")
    yield bad("digest-null", jwt(secret, claims(raw, sha256=None)), "the body's digest is null")
    yield bad("digest-in-base64", claimed(sha256=b64(hashlib.sha256(raw).digest())),
              "not in hexadecimal digits")
    yield bad("digest-in-upper-case", claimed(sha256=hashlib.sha256(raw).hexdigest().upper()),
              "Netlify writes lower case")
    yield bad("digest-of-another-body", claimed(sha256=hashlib.sha256(b"own").hexdigest()),
              "another body's digest")
    yield bad("algorithm-none", headed(alg="none"), "another algorithm in the head")
    yield bad("algorithm-none-and-no-signature",
              b64url(b'{"alg":"none"}') + "." + payload + ".", "nothing is signed")
    yield bad("algorithm-512", headed(alg="HS512"), "another algorithm in the head")
    yield bad("algorithm-lower-case", headed(alg="hs256"), "another algorithm in the head")
    yield bad("no-algorithm", headed(typ="JWT"), "no algorithm in the head")
    twice = b64url(b'{"alg":"HS256","alg":"none"}') + "." + payload
    yield bad("algorithm-twice", twice + "." + b64url(mac(text_key(secret), twice.encode())),
              "two algorithms in the head")
    yield bad("no-signature-at-the-end", f"{head}.{payload}.", "the signature is empty")
    yield bad("two-segments", f"{head}.{payload}", "no signature")
    yield bad("four-segments", good + "." + tag, "a segment too many")
    yield bad("padded", good + "=", "there is no padding")
    yield bad("bearer", "Bearer " + good, "there is nothing before the token")
    theirs = jwt(stranger, claims(raw)).split(".")[2]
    yield bad("signature-of-a-stranger", f"{head}.{payload}.{theirs}", "the secret is not configured")
    other = b64url(json.dumps(claims(b"own")).encode())
    yield bad("claims-exchanged", f"{head}.{other}.{tag}", "the claims are not what was signed")
    yield bad("a-bare-mac", hexa(mac(text_key(secret), raw)), "not a token")
