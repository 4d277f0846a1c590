"""What sdks.py is written with."""

import dataclasses
import urllib.parse

from requests.structures import CaseInsensitiveDict

SDKS = {}


class Delivery:
    """One request, and what the receiver's side has configured."""

    def __init__(self, method, target, origin, secret, body):
        self.method, self.target, self.origin, self.secret, self.body = method, target, origin, secret, body
        self.headers = CaseInsensitiveDict()
        self.id, self.time = "", 0

    @property
    def text(self):
        return self.body.decode()

    @property
    def url(self):
        return self.origin + self.target

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query))

    @property
    def form(self):
        return dict(urllib.parse.parse_qsl(self.text, keep_blank_values=True))

    @property
    def key_id(self):
        """What stands before the secret where both are configured."""
        return self.secret.split(":", 1)[0]

    @property
    def key(self):
        return self.secret.split(":", 1)[-1]

    def change(self, marker):
        at = self.body.index(marker) + len(marker) - 1
        last = b"y" if self.body[at:at + 1] == b"x" else b"x"
        self.body = self.body[:at] + last + self.body[at + 1:]


@dataclasses.dataclass
class Sdk:
    slug: str
    name: str
    sign: object = None
    verify: object = None
    clock: tuple = ()
    body: bool = True
    dated: bool = True

    def described(self, version):
        return {"slug": self.slug, "name": self.name, "version": version(self.name), "signs": self.sign is not None,
                "verifies": self.verify is not None, "clock": list(self.clock), "body": self.body, "dated": self.dated}


def _of(slug, name):
    return SDKS.setdefault((slug, name), Sdk(slug, name))


def signs(slug, name, dated=True):
    """The function gives a delivery its signature. `dated`: at `delivery.time`, not only now."""
    def put(function):
        sdk = _of(slug, name)
        sdk.sign, sdk.dated = function, dated
        return function

    return put


def verifies(slug, name, *clock, body=True):
    """The function gives False or raises when the SDK refuses. `clock`: which times it refuses, `past` and
    `future`. `body`: whether it looks at the body."""
    def put(function):
        sdk = _of(slug, name)
        sdk.verify, sdk.clock, sdk.body = function, clock, body
        return function

    return put
