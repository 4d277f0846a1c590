"""Content management and web sites."""

from urllib.parse import quote

from kit import *  # noqa: F403

# What `encodeURI` and `querystring.escape` leave as it is.
MARKS = "-_.!~*'()"
SIGNED, STAMP = "x-contentful-signed-headers", "x-contentful-timestamp"


def b64url(tag):
    return base64.urlsafe_b64encode(tag).decode().rstrip("=")


def contentful(secret, body, time, url, more=None, method="POST", names=None):
    """`more` are headers that are signed besides; `names` the list, where it is not what it should be."""
    path, _, query = "/".join([""] + url.split("/")[3:]).partition("?")
    path = path + "?" + quote(query, safe=MARKS) if query else path
    headers = {name.lower(): value.strip() for name, value in (more or {}).items()}
    headers[STAMP] = str(time)
    headers[SIGNED] = ""
    headers[SIGNED] = ",".join(sorted(headers)) if names is None else names
    listed = headers[SIGNED].split(",")
    text = ";".join(f"{name}:{headers[name]}" for name in listed)
    target = quote(path, safe=MARKS + ";/?:@&=+$,#")
    tag = mac(text_key(secret), "\n".join([method, target, text, ""]).encode(), body)
    return [["X-Contentful-Signed-Headers", headers[SIGNED]], ["X-Contentful-Timestamp", str(time)],
            ["X-Contentful-Signature", hexa(tag)], *[[n, v] for n, v in (more or {}).items()]]


PRESETS = [
    Preset("contentful", contentful, '{"sys":{"type":"Entry","id":"own-1"},"fields":{}}',
           tuple(char * 64 for char in "abc"), 30, unit="ms",
           url="https://hooks.example.com/in/cms?b=2&a=1",
           unsigned=[["X-Contentful-Topic", "ContentManagement.Entry.publish"]]),
    Preset("sanity", pairs("sanity-webhook-signature", ",", "t", "v1", b".", b64url),
           '{"_id":"own-2","_type":"post"}', TEXTS, 300, unit="ms",
           unsigned=[["idempotency-key", "own-3"]]),
    Preset("strapi", token("Authorization"),
           '{"event":"entry.create","createdAt":"2026-09-21T12:26:40Z","entry":{}}',
           tuple("Bearer " + text for text in TEXTS), plain=False),
    Preset("webflow", time_first("x-webflow-signature", "x-webflow-timestamp", b":"),
           '{"triggerType":"form_submission","payload":{}}', TEXTS, 300, unit="ms"),
]


def special(p):
    raw, (secret, _, stranger) = p.body.encode(), p.secrets
    if p.slug == "contentful":
        yield from canonical(p)
    if p.slug == "sanity":
        (name, good), *rest = p.headers(secret, raw, NOW)
        time, tag = good.split(",")
        yield vector(p, "comma-and-space", [[name, f"{time}, {tag}"], *rest], raw)
        yield vector(p, "unknown-version", [[name, f"{time},v5={tag[3:]}"], *rest], raw, "invalid",
                     why="another version")
        yield vector(p, "time-twice", [[name, f"{time},{good}"], *rest], raw, "invalid",
                     why="the time is there twice")
        yield vector(p, "padded", [[name, good + "="], *rest], raw, "invalid", why="there is no padding")
        yield vector(p, "hex", pairs(name, ",", "t", "v1", b".")(secret, raw, NOW * 1000), raw,
                     "invalid", why="hexadecimal instead of base64 for URLs")
        standard64 = pairs(name, ",", "t", "v1", b".", b64)
        yield vector(p, "base64", standard64(secret, raw, NOW * 1000), raw, "invalid",
                     why="with padding and the other alphabet")
        # The last of 43 characters has two bits too many.
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = alphabet[alphabet.index(good[-1]) ^ 1]
        yield vector(p, "bits-left-over", [[name, good[:-1] + last], *rest], raw, "invalid",
                     why="the same bytes, but bits are left over")
    if p.slug == "strapi":
        yield from configured(p)
    if p.slug == "webflow":
        yield from other_forms(p, prefix=lambda tag: "sha256=" + tag)
        stamp, (name, tag) = p.headers(secret, raw, NOW)
        stop = time_first(name, stamp[0], b".")(secret, raw, NOW * 1000)
        yield vector(p, "another-sign-between", stop, raw, "invalid", why="a full stop, not a colon")
        yield vector(p, "no-time", [[name, tag]], raw, "invalid", why="the time is missing")
        yield vector(p, "time-twice", [stamp, stamp, [name, tag]], raw, "invalid",
                     why="the time is there twice")


def configured(p):
    """The whole value of a header is the secret, whatever was configured."""
    secret, other, stranger = p.secrets
    name = "Authorization"

    def one(case, *values, expect="valid", **more):
        return vector(p, case, [[name, text] for text in values], p.body, expect, **more)

    def bad(case, *values, why, **more):
        return one(case, *values, expect="invalid", why=why, **more)

    yield one("valid", secret)
    yield vector(p, "body-changed", [[name, secret]], "{}")
    yield one("without-a-scheme", "own token", secrets=["own token"])
    yield bad("another-token", stranger, why="the token is not configured")
    yield bad("no-token", why="the header is missing")
    yield bad("two-tokens", secret, secret, why="the header is there twice")
    yield bad("empty-token", "", why="the header is empty")
    yield bad("without-the-scheme", secret.removeprefix("Bearer "), why="the whole value is the token")
    yield bad("scheme-in-lower-case", secret.lower().replace("Bearer", "bearer"),
              why="the whole value is the token, letter by letter")
    yield bad("token-cut", secret[:-1], why="the last character is missing")
    yield one("rotation-new-token-second", other, secrets=[secret, other])
    yield bad("rotation-old-token-removed", secret, secrets=[other],
              why="the token is not configured any more")


def canonical(p):
    raw, (secret, _, stranger), stamp = p.body.encode(), p.secrets, p.stamp(NOW)

    def made(url=p.url, **more):
        return contentful(secret, raw, stamp, url, **more)

    def bad(case, headers, why, **more):
        return vector(p, case, headers, more.pop("body", raw), "invalid", why=why, **more)

    topic = {"X-Contentful-Topic": "ContentManagement.Entry.publish",
             "X-Contentful-Idempotency-Key": "0f" * 32,
             "Content-Type": "application/json; charset=utf-8", "Z-Own": " a, b;c "}
    good = made(more=topic)
    yield vector(p, "more-signed-headers", good, raw)
    for n in range(3, len(good)):
        name, value = good[n]
        case = name.lower()
        yield bad(f"{case}-tampered", [*good[:n], [name, value + "1"], *good[n + 1:]], "it is signed")
        yield bad(f"{case}-missing", good[:n] + good[n + 1:], "it is signed")
        yield bad(f"{case}-twice", [*good, [name, value]], "it is signed, and there twice")
    yield vector(p, "blanks-around-a-value",
                 [[name, f"  {value} "] if name == "Z-Own" else [name, value] for name, value in good],
                 raw)
    yield vector(p, "unsigned-header-lies", [*made(), ["X-Contentful-Topic", "own"]], raw)

    yield bad("list-without-the-time", made(names=SIGNED), "the time is not signed")
    yield bad("list-without-itself", made(names=STAMP), "the list is not signed")
    yield bad("empty-list", [["X-Contentful-Signed-Headers", ""], *made()[1:]], "the list is empty")
    yield bad("no-list", made()[1:], "the list is missing")
    yield bad("list-twice", [made()[0], *made()], "the list is there twice")
    yield bad("list-with-a-name-twice", made(names=f"{SIGNED},{STAMP},{STAMP}"), "a name twice")
    yield bad("list-with-an-empty-name", [["X-Contentful-Signed-Headers", f"{SIGNED},,{STAMP}"],
                                          *made()[1:]], "a name is empty")
    yield bad("list-in-another-order", made(names=f"{STAMP},{SIGNED}")[:1] + made()[1:],
              "another list than the one that was signed")
    yield vector(p, "list-signed-in-another-order", made(names=f"{STAMP},{SIGNED}"), raw)

    # `a:1;b:2` could be the header `a` with `1;b:2`.
    two = {"X-A": "1", "X-B": "2"}
    merged = [["X-A", "1;x-b:2"] if name == "X-A" else [name, value]
              for name, value in made(more=two) if name != "X-B"]
    yield bad("two-headers-merged", merged, "a header of the list is missing")
    merged[0] = ["X-Contentful-Signed-Headers", f"x-a,{SIGNED},{STAMP}"]
    yield bad("two-headers-merged-in-the-list-too", merged, "another list")
    joined = {"X-A": f"1;{STAMP}:{stamp}", "X-B": "2"}
    yield bad("value-with-another-headers-beginning", made(more=joined),
              "a value that could be taken for two headers")

    for case, url in (("path", "https://hooks.example.com/in?b=2&a=1"),
                      ("slash", "https://hooks.example.com/in/cms/?b=2&a=1"),
                      ("query", "https://hooks.example.com/in/cms?b=2&a=2"),
                      ("query-order", "https://hooks.example.com/in/cms?a=1&b=2"),
                      ("no-query", "https://hooks.example.com/in/cms")):
        yield bad(f"url-{case}", made(), "another URL than the one that was signed", url=url)
    for case, target in (("escaped", "/own%20path?q=%C3%BC+%26&r=(1)*"), ("root", "/"),
                         ("question-mark", "/in?"), ("signs", "/a;b@c,d'e/$f?x=~.-_!")):
        url = "https://hooks.example.com" + target
        yield vector(p, f"target-{case}", made(url=url), raw, url=url)
    host = p.url.replace("hooks.", "other.")
    yield vector(p, "host-is-not-signed", made(url=host), raw, url=p.url)
    yield bad("signed-for-another-method", made(method="PUT"), "the method is signed")
    yield bad("time-in-seconds", contentful(secret, raw, NOW, p.url), "seconds, not milliseconds")
    line = contentful(secret, b"\n" + raw, stamp, p.url)
    yield bad("line-end-not-in-the-body", line, "the body begins with a line end")
    yield vector(p, "line-end-in-the-body", line, b"\n" + raw)
