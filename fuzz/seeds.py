#!/usr/bin/env python3
"""Writes seeds for the targets from the vectors into fuzz/corpus (not committed).

    seeds.py [FOLDER...]   tests/vectors, and each further folder of vectors
"""

import hashlib
import json
import pathlib
import struct
import sys

FUZZ = pathlib.Path(__file__).resolve().parent
UNITS = {"seconds": 0, "milliseconds": 1, "rfc3339": 2}


def seed(target, content):
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


def time_seed(unit, now_ms, text):
    seed("timestamps", struct.pack("<Bq", UNITS[unit], now_ms) + text.encode())


def main():
    folders = [FUZZ.parent / "tests" / "vectors", *map(pathlib.Path, sys.argv[1:])]
    for path in sorted(path for folder in folders for path in folder.glob("*.json")):
        for vector in json.loads(path.read_text(encoding="utf-8")):
            body = vector.get("body")
            if body is None or len(body) > 4096:
                continue
            seed("event_fields", body.encode())
            # Structured targets take any bytes; real ones are a better start than none.
            headers = b"".join(value.encode() for _, value in vector["headers"])
            seed("verify_any_preset", body.encode() + headers)
            seed("signature_header", headers)
    now = 1_790_000_000_000
    for offset in (0, -60_000, -60_001, 60_000, 300_000, 300_001, 300_999):
        time_seed("seconds", now + offset, "1790000000")
        time_seed("milliseconds", now + offset, str(now))
        time_seed("rfc3339", now + offset, "2026-09-21T14:13:20Z")
    for text in ("", "0", "01", "-1", "+1", "9223372036854775807", "9223372036854776", "1e9"):
        time_seed("seconds", now, text)
    for text in ("2026-09-21T14:13:20.123456789Z", "2026-09-21T16:13:20+02:00", "2026-09-21t14:13:20z",
                 "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        time_seed("rfc3339", now, text)
    for lines in ('for="203.0.113.1, for=198.51.100.7', "198.51.100.7,,unknown", "_hidden\n198.51.100.7",
                  'for=198.51.100.7;host="a,b;for=c\\"', "[2001:db8::1]:443\n::ffff:198.51.100.7",
                  "192.0.2.0/24\n# x\n2001:db8::/32\n::ffff:192.0.2.0/120", "10.0.0.0/8\n10.1.2.3"):
        seed("origin", lines.encode())
    for target in sorted((FUZZ / "corpus").iterdir()):
        print(f"{target.name}: {len(list(target.iterdir()))} seeds")


if __name__ == "__main__":
    main()
