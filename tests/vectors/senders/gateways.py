"""Gateways and engines that pass on the events of others."""

from kit import *  # noqa: F403

PRESETS = [
    Preset("cloudevents-http-webhook", token("Authorization", "Bearer "), '{"own":1}', TEXTS,
           plain=False,
           unsigned=[["ce-specversion", "1.0"], ["ce-type", "com.example.own"],
                     ["ce-source", "/own/source"], ["ce-id", "own-1"]]),
    Preset("convoy-advanced", pairs("X-Convoy-Signature", ",", "t", "v1", b","),
           '{"event_type":"invoice.paid","data":{"n":1}}', TEXTS, 300,
           unsigned=[["X-Convoy-Event-ID", "01HOWN"]]),
    Preset("convoy-simple", body_only("X-Convoy-Signature", hexa),
           '{"event_type":"invoice.paid","data":{"n":1}}', TEXTS,
           unsigned=[["X-Convoy-Event-ID", "01HOWN"]]),
    Preset("hasura-event-triggers", token("Authorization"),
           '{"id":"own-2","trigger":{"name":"insert_own"},"event":{"op":"INSERT","data":{}}}', TEXTS,
           plain=False),
    Preset("hookdeck", body_only("x-hookdeck-signature", b64), '{"own":"event"}', TEXTS,
           unsigned=[["x-hookdeck-eventid", "evt_own_3"]]),
]


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug in ("cloudevents-http-webhook", "hasura-event-triggers"):
        yield from tokens(p)
    if p.slug == "cloudevents-http-webhook":
        good = p.headers(secret, raw, NOW)[:1]
        structured = ('{"specversion":"1.0","type":"com.example.own","source":"/own","id":"1",'
                      '"data":{}}')
        yield vector(p, "structured",
                     [*good, ["Content-Type", "application/cloudevents+json"]], structured)
        for case, text in (("lower-case-scheme", f"bearer {secret}"), ("basic", f"Basic {secret}"),
                           ("two-spaces", f"Bearer  {secret}"), ("no-space", f"Bearer{secret}")):
            yield vector(p, case, [["Authorization", text]], raw, "invalid",
                         why="not the scheme, one space and the token")
        yield vector(p, "token-in-the-query", [], raw, "invalid",
                     url=f"https://hooks.example.com/in?access_token={secret}",
                     why="the token is looked for in the header")
    if p.slug == "convoy-advanced":
        (name, good), *rest = p.headers(secret, raw, NOW)
        time, tag = good.split(",")
        (_, wrong), *_ = p.headers(stranger, raw, NOW)
        wrong = wrong.split(",")[1]
        yield vector(p, "version-1-in-the-middle", [[name, f"v2=AAAA,{tag},{time},v0=00"], *rest], raw)
        yield vector(p, "one-for-each-secret", [[name, f"{time},{wrong},{tag}"], *rest], raw)
        yield vector(p, "version-2-only", [[name, f"{time},v2={tag[3:]}"], *rest], raw, "invalid",
                     why="another version has another hash")
        yield vector(p, "time-twice", [[name, f"{time},{good}"], *rest], raw, "invalid",
                     why="the time is there twice")
        yield vector(p, "time-that-is-no-number", [[name, f"t=Infinity,{tag}"], *rest], raw, "invalid",
                     why="not a number")
        stop = pairs(name, ",", "t", "v1", b".")(secret, raw, NOW)
        yield vector(p, "another-sign-between", stop, raw, "invalid", why="a full stop, not a comma")
        simple = body_only(name, hexa)(secret, raw, NOW)
        yield vector(p, "simple", simple, raw, "invalid", why="a simple signature has no time")
    if p.slug == "convoy-simple":
        sha512 = {"params": {"hash": "sha512", "encoding": "base64"}}
        good = body_only("X-Convoy-Signature", b64, hash="sha512")(secret, raw, NOW)
        yield vector(p, "sha-512-in-base64", good, raw, **sha512)
        yield vector(p, "sha-512-in-base64-not-configured", good, raw, "invalid",
                     why="another hash and encoding")
        yield vector(p, "sha-256-in-hex-not-configured", p.headers(secret, raw, NOW), raw, "invalid",
                     why="another hash and encoding", **sha512)
    if p.slug == "hookdeck":
        (name, good), *rest = p.headers(secret, raw, NOW)
        (_, second), *_ = p.headers(other, raw, NOW)
        (_, wrong), *_ = p.headers(stranger, raw, NOW)
        more = "x-hookdeck-signature-2"
        yield vector(p, "both-right", [[name, good], [more, second]], raw, secrets=[secret, other])
        yield vector(p, "second-right", [[name, wrong], [more, good]], raw)
        yield vector(p, "first-right", [[name, good], [more, wrong]], raw)
        yield vector(p, "second-alone", [[more, good]], raw)
        yield vector(p, "both-wrong", [[name, wrong], [more, wrong]], raw, "invalid",
                     why="neither is of the configured secret")
        yield vector(p, "second-twice", [[name, good], [more, good], [more, good]], raw, "invalid",
                     why="the second header is there twice")
        yield vector(p, "third", [["x-hookdeck-signature-3", good]], raw, "invalid",
                     why="there is no third")
        yield from other_forms(p, hex=lambda text: base64.b64decode(text).hex(),
                               no_padding=lambda text: text.rstrip("="))
