// What sdks.mjs is written with.

export const sdks = new Map();

/** One request, and what the receiver's side has configured. */
export class Delivery {
  headers = {};
  id = "";
  time = 0;

  constructor(method, target, origin, secret, body) {
    Object.assign(this, { method, target, origin, secret, body });
  }

  get text() {
    return this.body.toString();
  }

  get json() {
    return JSON.parse(this.text);
  }

  get url() {
    return this.origin + this.target;
  }

  get query() {
    return Object.fromEntries(new URL(this.url).searchParams);
  }

  get form() {
    return Object.fromEntries(new URLSearchParams(this.text));
  }

  /** What stands before the secret where both are configured. */
  get keyId() {
    return this.secret.split(":")[0];
  }

  get key() {
    return this.secret.split(":").at(-1);
  }

  /** As a handler of a web framework gets it. */
  get request() {
    return new Request(this.url, { method: this.method, headers: this.headers, body: this.body });
  }

  change(marker) {
    const at = this.body.indexOf(marker) + marker.length - 1;
    if (at < marker.length - 1) throw new Error(`no ${marker} in the body`);
    this.body = Buffer.from(this.body);
    this.body[at] = this.body[at] === 0x78 ? 0x79 : 0x78;
  }
}

function of(slug, name) {
  const key = `${slug} ${name}`;
  if (!sdks.has(key)) sdks.set(key, { slug, name, clock: [], body: true, dated: true });
  return sdks.get(key);
}

/** `sign` gives a delivery its signature. `dated`: at `delivery.time`, not only now. */
export function signs(slug, name, sign, { dated = true } = {}) {
  Object.assign(of(slug, name), { sign, dated });
}

/**
 * `verify` gives false or throws when the SDK refuses. `clock`: which times it refuses, `past` and `future`.
 * `body`: whether it looks at the body.
 */
export function verifies(slug, name, clock, verify, { body = true } = {}) {
  Object.assign(of(slug, name), { verify, clock, body });
}
