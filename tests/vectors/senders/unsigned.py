"""Senders that cannot sign: a token in the URL."""

from kit import *  # noqa: F403

URL = "https://hooks.example.com/in?token="
PRESETS = [
    Preset("token-in-query", lambda secret, body, time: [], '{"push":1}', TEXTS, plain=False),
]


def special(p):
    secret, other, stranger = p.secrets
    raw, good = p.body, URL + secret

    def one(name, url, expect="valid", body=raw, **more):
        return vector(p, name, [], body, expect, url=url, **more)

    def bad(name, url, why, **more):
        return one(name, url, "invalid", why=why, **more)

    yield one("valid", good)
    yield one("other-body", good, body="anything at all")
    yield one("no-body", good, body="")
    yield one("beside-others", URL.replace("?", "?a=1&") + secret + "&b=2")
    yield one("escaped", URL + "%66irst%2Down-secret")
    yield one("plus-is-a-space", URL + "a+b%26%3D", secrets=["a b&="])
    yield one("rotation-second-secret", URL + other, secrets=[secret, other])
    yield bad("other-token", URL + stranger, "the token is not configured")
    yield bad("token-cut", good[:-1], "the last character is missing")
    yield bad("token-longer", good + "x", "a character more")
    yield bad("upper-case", URL + secret.upper(), "another token")
    yield bad("empty", URL, "the token is empty")
    yield bad("no-token", "https://hooks.example.com/in", "there is no token")
    yield bad("twice", good + "&token=" + secret, "the token is there twice")
    yield bad("twice-second-right", URL + "x&token=" + secret, "the token is there twice")
    yield bad("other-name", good.replace("token", "Token"), "names are compared letter by letter")
    yield bad("in-the-path", "https://hooks.example.com/token=" + secret, "not in the query")
    yield vector(p, "in-a-header", [["token", secret]], raw, "invalid", url="https://hooks.example.com/",
                 why="not in the query")
    yield vector(p, "in-the-body", [], "token=" + secret, "invalid", url="https://hooks.example.com/",
                 why="not in the query")
