"""Accounts and sign-in."""

from kit import *  # noqa: F403


def fusionauth(secret, body, time):
    return [["X-FusionAuth-Signature-JWT", jwt(secret, {"request_body_sha256": b64(sha256(body))})]]


PRESETS = [
    Preset("fusionauth", fusionauth, '{"event":{"id":"own-1","type":"user.create"}}', TEXTS, plain=False,
           signature="X-FusionAuth-Signature-JWT"),
]


def special(p):
    secret, raw = p.secrets[0], p.body.encode()
    (name, good), = p.headers(secret, raw, NOW)
    yield from common(p)

    def sent(case, token, expect="valid", **more):
        return vector(p, case, [[name, token]], more.pop("body", raw), expect, **more)

    def bad(case, token, why):
        return sent(case, token, "invalid", why=why)

    yield sent("no-body", jwt(secret, {"request_body_sha256": b64(sha256(b""))}), body="")
    yield sent("more-claims", jwt(secret, {"iss": "own", "request_body_sha256": b64(sha256(raw))}))
    yield bad("no-hash", jwt(secret, {"iss": "own"}), "the token would fit any body")
    yield bad("hash-of-another", jwt(secret, {"request_body_sha256": b64(sha256(b"x"))}), "another body")
    yield bad("hash-in-hex", jwt(secret, {"request_body_sha256": hexa(sha256(raw))}), "not in base64")
    twice = '{"request_body_sha256":"%s","request_body_sha256":"x"}' % b64(sha256(raw))
    yield bad("hash-twice", jwt(secret, twice), "two hashes")
    yield bad("alg-none", jwt(secret, {"request_body_sha256": b64(sha256(raw))}, alg="none"), "not signed")
    yield bad("alg-hs512", jwt(secret, {"request_body_sha256": b64(sha256(raw))}, alg="HS512"),
              "not the key's algorithm")
    head = '{"alg":"RS256","typ":"JWT"}'
    yield bad("alg-of-a-public-key", jwt_with_head(secret, head, {"request_body_sha256": b64(sha256(raw))}),
              "signed with the text of a key")
    yield bad("claims-changed", retold(good, {"request_body_sha256": b64(sha256(b"x"))}), "signed")
    yield bad("bearer", "Bearer " + good, "the token stands alone")
