"""Digital assets, and Hook0, whose scheme Coinbase's platform sends."""

from kit import *


def hook0(secret, body, time, listed=None, v0=None, v1=None):
    """`listed` are the headers that are signed, in the order of their names."""
    listed = listed or LISTED
    names = " ".join(name.lower() for name, _ in listed)
    values = ".".join(value for _, value in listed)
    tag = v1 or hexa(mac(text_key(secret), f"{time}.{names}.{values}.".encode(), body))
    older = f"v0={v0}," if v0 else ""
    return [*listed, ["X-Hook0-Signature", f"t={time},{older}h={names},v1={tag}"]]


def hook0_v0(secret, body, time):
    tag = hexa(mac(text_key(secret), f"{time}.".encode(), body))
    return [*LISTED, ["X-Hook0-Signature", f"t={time},v0={tag}"]]


LISTED = [["Content-Type", "application/json"],
          ["X-Event-Id", "1a01cb48-5142-4d9b-8f90-d20cca61f0ee"],
          ["X-Event-Type", "own.account.created"]]

PRESETS = [
    Preset("alchemy", body_only("x-alchemy-signature", hexa),
           '{"webhookId":"wh_own","id":"whevt_own","createdAt":"2026-09-21T14:13:20.000Z",'
           '"type":"ADDRESS_ACTIVITY","event":{}}',
           ("whsec_b3duIGtleSBvZiAyNCBieXRlcy4uLi4u", *TEXTS[1:])),
    Preset("coinbase-cdp", hook0, '{"id":"own","type":"own.account.created"}', TEXTS, 300),
    Preset("coinbase-commerce", body_only("X-CC-Webhook-Signature", hexa),
           '{"attempt_number":1,"event":{"id":"own-12","type":"charge:confirmed"},"id":1}', TEXTS),
    Preset("hook0", hook0, '{"own":"a.b","n":{"x":1.5}}', TEXTS, 300),
]

MAKER = "hook0/hook0:output-worker/src/work.rs"


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug == "alchemy":
        name = p.headers(secret, raw, NOW)[0][0]
        yield vector(p, "key-taken-for-base64", [[name, hexa(mac(whsec_key(secret), raw))]], raw,
                     "invalid", why="the key is text, though it looks like base64")
    if p.slug in ("alchemy", "coinbase-commerce"):
        yield from bare(p)
        return
    yield from of_hook0(p)
    name = "X-Hook0-Signature"
    if p.slug == "hook0":
        yield from downgrades(p)
        figure = "1b3d69df55f1e52f05224ba94a5162abeb17ef52cd7f4948c390f810d6a87e98"
        yield vector(p, "makers-figure-v0", [[name, f"t=1636936200,v0={figure}"]], "hello !",
                     secrets=["secret"], now=1636936200, source=MAKER)
        without_id = [LISTED[0], LISTED[2]]
        yield vector(p, "id-not-listed", [*hook0(secret, raw, NOW, without_id), LISTED[1]], raw,
                     "invalid", why="the event id is there and not among the signed headers")
    else:
        yield vector(p, "v0-alone", hook0_v0(secret, raw, NOW), raw, "invalid",
                     why="this sender always has v1: without it, headers could be exchanged")
        older = [["Content-Type", "application/json"], ["X-Hook0-Id", "own-older"]]
        yield vector(p, "older-headers", hook0(secret, raw, NOW, older), raw)


def of_hook0(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    name = "X-Hook0-Signature"
    good = hook0(secret, raw, NOW)
    tag = good[3][1].split("v1=")[1]

    def changed(at, value):
        return good[:at] + [[good[at][0], value]] + good[at + 1:]

    figure = "bc521546ba5de381b12f135782d2008b028c3065c191760b12b76850a8fc8f51"
    yield vector(p, "makers-figure-v1", [
        ["X-Event-Type", "service.resource.verb"], LISTED[1],
        [name, f"t=1636936200,h=x-event-id x-event-type,v1={figure}"]], "hello !",
        secrets=["secret"], now=1636936200, source=MAKER)
    yield vector(p, "wrong-v0-beside", hook0(secret, raw, NOW, v0="00" * 32), raw)
    yield vector(p, "two-v1-second-right", changed(3, good[3][1].replace(
        "v1=", f"v1={'00' * 32},v1=")), raw)
    yield vector(p, "unlisted-headers", [*good, ["X-Forwarded-For", "192.0.2.1"]], raw)
    yield vector(p, "one-header", hook0(secret, raw, NOW, [LISTED[1]]), raw)
    dashed = [LISTED[1], ["X-Own", "no full stop"]]
    yield vector(p, "a-header-of-its-own", hook0(secret, raw, NOW, dashed), raw)

    def bad(case, headers, why, body=raw, **more):
        return vector(p, case, headers, body, "invalid", why=why, **more)

    right_v0 = hexa(mac(text_key(secret), f"{NOW}.".encode(), raw))
    yield bad("right-v0-beside-a-wrong-v1", hook0(secret, raw, NOW, v0=right_v0, v1="00" * 32),
              "a right v0 does not rescue a wrong v1")
    yield bad("v1-of-v0", hook0(secret, raw, NOW, v1=right_v0), "v1 is signed as v0 is")
    yield bad("id-changed", changed(1, "2b01cb48-5142-4d9b-8f90-d20cca61f0ee"),
              "a signed header changed")
    yield bad("type-changed", changed(2, "own.account.deleted"), "a signed header changed")
    yield bad("content-type-changed", changed(0, "text/plain"), "a signed header changed")
    yield bad("id-taken-away", good[:1] + good[2:], "a signed header is gone")
    yield bad("id-twice", good + [good[1]], "a signed header is there twice")
    yield bad("id-empty", changed(1, ""), "a signed header is empty")
    yield bad("names-in-another-order", changed(3, good[3][1].replace(
        "x-event-id x-event-type", "x-event-type x-event-id")), "the order of the names is signed")
    yield bad("name-twice", hook0(secret, raw, NOW, LISTED[:2] + LISTED[1:2]),
              "a name is listed twice")
    yield bad("a-name-less", changed(3, good[3][1].replace(" x-event-type", "")),
              "a name was taken out of the list")
    yield bad("no-names", changed(3, f"t={NOW},v1={tag}"), "the list of names is missing")
    yield bad("empty-names", changed(3, f"t={NOW},h=,v1={tag}"), "the list of names is empty")
    yield bad("two-lists", changed(3, good[3][1].replace(",h=", ",h=x-event-id,h=")),
              "two lists of names")
    # The same bytes, split in other places.
    moved = [good[0], [good[1][0], good[1][1] + ".own"], [good[2][0], "account.created"], good[3]]
    yield bad("full-stop-moved-from-the-type-into-the-id", moved, "bytes moved between two headers")
    yield bad("full-stop-moved-from-the-body-into-the-type",
              hook0(secret, raw, NOW)[:2] + [["X-Event-Type", "own.account.created"],
              hook0(secret, b"verb." + raw, NOW, LISTED[:2] + [["X-Event-Type", "own.account"]])[3]],
              "another event type was signed")
    short = hook0(secret, b"created." + raw, NOW, LISTED[:2] + [["X-Event-Type", "own.account"]])
    yield bad("type-with-one-full-stop", short, "an event type has two full stops",
              body=b"created." + raw)
    yield bad("body-moved-into-the-type", short[:2] + [["X-Event-Type", "own.account.created"], short[3]],
              "what was the body's became the type's, and the signature is that of a type with one "
              "full stop", body=b"x." + raw)
    own = LISTED[1:2] + [["X-Own", "https://own.example"]]
    yield bad("full-stop-in-a-header-of-its-own", hook0(secret, raw, NOW, own),
              "only the event type may have full stops")
    named = [["X-Event-Id", "own"], ["X-Own.Header", "x"]]
    yield bad("full-stop-in-a-name", hook0(secret, raw, NOW, named),
              "names are joined by a full stop to what follows")
    many = [[f"X-Event-{n:02}", "x"] for n in range(32)] + [LISTED[1]]
    yield bad("thirty-three-names", hook0(secret, raw, NOW, many), "too many names")
    yield bad("half-a-byte", changed(3, good[3][1][:-1]), "half a byte is missing")
    yield bad("no-time", changed(3, good[3][1].split(",", 1)[1]), "the time is missing")
    yield bad("time-twice", changed(3, f"t={NOW}," + good[3][1]), "the time is there twice")


def downgrades(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    name = "X-Hook0-Signature"
    old = hook0_v0(secret, raw, NOW)
    yield vector(p, "v0-alone", old, raw)
    yield vector(p, "v0-and-names-without-v1", [*LISTED, [name, old[3][1] + ",h=x-event-id"]], raw)
    yield vector(p, "v0-rotation", hook0_v0(other, raw, NOW), raw, secrets=[secret, other])
    for case, headers, body, why in (
        ("v0-by-a-stranger", hook0_v0(stranger, raw, NOW), raw, "the secret is not configured"),
        ("v0-body-tampered", old, b"[" + raw[1:], "the body changed after signing"),
        ("v0-time-changed", [*LISTED, [name, old[3][1].replace(str(NOW), str(NOW + 1))]], raw,
         "the time changed after signing"),
        ("v0-stale", hook0_v0(secret, raw, NOW - 301), raw, "too old"),
        ("v0-future", hook0_v0(secret, raw, NOW + 301), raw, "too far ahead"),
        ("empty-v1-beside-v0", [*LISTED, [name, old[3][1] + ",h=x-event-id,v1="]], raw,
         "an empty v1 is a v1"),
        ("v2-alone", [*LISTED, [name, old[3][1].replace("v0", "v2")]], raw, "an unknown version"),
    ):
        yield vector(p, case, headers, body, "invalid", why=why)
