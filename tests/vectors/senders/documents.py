"""Files, tables, pages and drawings."""

from kit import *  # noqa: F403

KEYS = tuple(b64(bytes(range(n, n + 32))) for n in (1, 65, 129))


def box(secret, body, time, header="BOX-SIGNATURE-PRIMARY", version="1", algorithm="HmacSHA256"):
    tag = b64(mac(text_key(secret), body, str(time).encode()))
    return [["BOX-DELIVERY-TIMESTAMP", str(time)], ["BOX-SIGNATURE-VERSION", version],
            ["BOX-SIGNATURE-ALGORITHM", algorithm], [header, tag]]


# The body is made by `figma_body`: the passcode is in it.
def figma(secret, body, time):
    return []


PRESETS = [
    Preset("airtable", body_only("X-Airtable-Content-MAC", hexa, "hmac-sha256=", key=base64.b64decode),
           '{"base":{"id":"appOwn"},"webhook":{"id":"achOwn"},"timestamp":"2026-09-21T12:26:40Z"}',
           KEYS),
    Preset("box", box, '{"type":"webhook_event","id":"own-1","trigger":"FILE.UPLOADED"}', TEXTS,
           (600, 0), unit="rfc3339", unsigned=[["BOX-DELIVERY-ID", "own-2"]]),
    Preset("dropbox", body_only("X-Dropbox-Signature", hexa),
           '{"list_folder":{"accounts":["dbid:own"]},"delta":{"users":[1]}}', TEXTS),
    Preset("figma", figma, "", TEXTS, plain=False),
    Preset("notion", body_only("X-Notion-Signature", hexa, "sha256="),
           '{"id":"own-3","type":"page.created","timestamp":"2026-09-21T12:26:40Z","data":{}}', TEXTS),
]


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug in ("airtable", "notion"):
        yield from github_like(p)
    if p.slug == "airtable":
        text = body_only("X-Airtable-Content-MAC", hexa, "hmac-sha256=")(secret, raw, NOW)
        yield vector(p, "secret-taken-for-text", text, raw, "invalid",
                     why="the key is what the base64 stands for")
    if p.slug == "box":
        yield from boxes(p)
    if p.slug == "dropbox":
        yield from other_forms(p, prefix=lambda tag: "sha256=" + tag, cut=lambda tag: tag[:32])
    if p.slug == "figma":
        yield from passcodes(p)


def boxes(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    stamp = p.stamp(NOW)
    good = box(secret, raw, stamp)
    more = box(other, raw, stamp, "BOX-SIGNATURE-SECONDARY")[3]
    wrong = box(stranger, raw, stamp)[3][1]
    yield vector(p, "both-keys", [*good, more], raw, secrets=[secret, other])
    yield vector(p, "secondary-alone", [*good[:3], more], raw, secrets=[secret, other])
    yield vector(p, "primary-wrong", [*good[:3], [good[3][0], wrong], more], raw,
                 secrets=[secret, other])
    yield vector(p, "secondary-wrong", [*good, [more[0], wrong]], raw)
    yield vector(p, "both-wrong", [*good[:3], [good[3][0], wrong], [more[0], wrong]], raw, "invalid",
                 why="neither is of a configured key")
    yield vector(p, "secondary-twice", [*good, more, more], raw, "invalid", secrets=[secret, other],
                 why="the second header is there twice")
    for case, more in (("version-2", {"version": "2"}), ("version-empty", {"version": ""}),
                       ("algorithm-sha-1", {"algorithm": "HmacSHA1"}),
                       ("algorithm-lower-case", {"algorithm": "hmacsha256"})):
        yield vector(p, case, box(secret, raw, stamp, **more), raw, "invalid",
                     why="another version or algorithm than the known one")
    for n, name in ((1, "version"), (2, "algorithm")):
        yield vector(p, f"no-{name}", good[:n] + good[n + 1:], raw, "invalid",
                     why=f"the signature's {name} is not there")
    offset = "2026-09-21T07:13:20-07:00"
    yield vector(p, "time-with-an-offset", box(secret, raw, offset), raw)
    yield vector(p, "time-in-another-offset",
                 [["BOX-DELIVERY-TIMESTAMP", stamp], *box(secret, raw, offset)[1:]], raw, "invalid",
                 why="the same time, but not the text that was signed")
    yield vector(p, "time-in-seconds", box(secret, raw, NOW), raw, "invalid", why="not RFC 3339")
    front = [["BOX-DELIVERY-TIMESTAMP", stamp],
             *good[1:3], [good[3][0], b64(mac(text_key(secret), stamp.encode(), raw))]]
    yield vector(p, "time-first", front, raw, "invalid", why="the body comes first")
    yield vector(p, "digit-moved", [["BOX-DELIVERY-TIMESTAMP", stamp[1:]], *good[1:]],
                 raw + stamp[:1].encode(), "invalid", why="the time begins in the body")
    escaped = '{"id":"own-1","source":{"name":"\\u30b9\\/ \\ud83d\\ude00"}}'
    yield vector(p, "escaped-body", box(secret, escaped.encode(), stamp), escaped)


def figma_body(**fields):
    fields = {"event_type": "FILE_UPDATE", "webhook_id": "1", "timestamp": "2026-09-21T12:26:40Z",
              **fields}
    return json.dumps(fields)


def passcodes(p):
    secret, other, stranger = p.secrets

    def bad(case, body, why, **more):
        return vector(p, case, [], body, "invalid", why=why, **more)

    good = figma_body(passcode=secret)
    yield vector(p, "valid", [], good)
    yield vector(p, "ping", [], figma_body(event_type="PING", passcode=secret))
    yield vector(p, "body-changed", [], figma_body(file_key="own", passcode=secret))
    yield vector(p, "passcode-written-in-another-way", [],
                 good.replace(secret, "".join(f"\\u{ord(char):04x}" for char in secret)))
    yield bad("another-passcode", figma_body(passcode=stranger), "the passcode is not configured")
    yield bad("no-passcode", figma_body(), "there is no passcode")
    yield bad("passcode-cut", figma_body(passcode=secret[:-1]), "the last character is missing")
    yield bad("passcode-and-more", figma_body(passcode=secret + "x"), "a character more")
    yield bad("empty-passcode", figma_body(passcode=""), "the passcode is empty")
    yield bad("passcode-null", figma_body(passcode=None), "not a text")
    yield bad("passcode-number", figma_body(passcode=17), "not a text", secrets=["17x"])
    yield bad("passcode-in-a-list", figma_body(passcode=[secret]), "not a text")
    yield bad("passcode-further-in", figma_body(data={"passcode": secret}), "in another place")
    twice = good[:-1] + f', "passcode": "{secret}"' + "}"
    yield bad("passcode-twice", twice, "there twice")
    yield bad("right-and-wrong", good[:-1] + f', "passcode": "{stranger}"' + "}", "there twice")
    yield bad("half-a-json", good[:-1], "not whole JSON")
    yield bad("a-list", f"[{good}]", "in another place")
    yield bad("a-form", f"passcode={secret}", "not JSON")
    yield bad("empty-body", "", "there is no passcode")
    yield vector(p, "passcode-in-a-header", [["X-Figma-Passcode", secret]], figma_body(), "invalid",
                 why="the passcode is looked for in the body")
    yield vector(p, "rotation-new-passcode", [], figma_body(passcode=other), secrets=[secret, other])
    yield bad("rotation-old-passcode-removed", good, "the passcode is not configured any more",
              secrets=[other])
