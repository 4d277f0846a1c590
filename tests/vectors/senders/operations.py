"""Alerts, incidents, and what infrastructure reports."""

from kit import *  # noqa: F403

PRESETS = [
    Preset("aws-eventbridge-api-destinations", token("X-Api-Key"),
           '{"version":"0","id":"own-1","detail-type":"Own Event","source":"own","detail":{}}', TEXTS,
           plain=False),
    Preset("cloudflare-notifications", token("cf-webhook-auth"),
           '{"name":"own","text":"own","data":{},"ts":1790000000,"alert_type":"own_alert"}', TEXTS,
           plain=False),
    Preset("grafana-alerting", body_only("X-Grafana-Alerting-Signature", hexa),
           '{"version":"1","status":"firing","alerts":[{"fingerprint":"own"}]}', TEXTS),
    Preset("pagerduty-v3", body_only("X-PagerDuty-Signature", hexa, "v1="),
           '{"event":{"id":"01OWN","event_type":"incident.triggered","data":{}}}',
           ("bG9va3MgbGlrZSBiYXNlNjQ=", *TEXTS[1:])),
    Preset("sentry", body_only("Sentry-Hook-Signature", hexa), '{"action":"created","data":{}}', TEXTS,
           unsigned=[["Sentry-Hook-Resource", "issue"], ["Sentry-Hook-Timestamp", str(NOW)],
                     ["Request-ID", "own-2"]]),
]


def special(p):
    raw, (secret, other, stranger) = p.body.encode(), p.secrets
    if p.slug in ("aws-eventbridge-api-destinations", "cloudflare-notifications"):
        yield from tokens(p)
    if p.slug == "aws-eventbridge-api-destinations":
        yield vector(p, "by-user-and-password", [["Authorization", "Basic " + b64(secret.encode())]],
                     raw, "invalid", why="the row has the key's header")
    if p.slug == "grafana-alerting":
        yield from other_forms(p, prefix=lambda tag: "sha256=" + tag)
        timed = time_first("X-Grafana-Alerting-Signature", "X-Grafana-Alerting-Timestamp", b":")
        yield vector(p, "with-a-time", timed(secret, raw, NOW), raw, "invalid",
                     why="with a time's header configured the row must have it as well")
    if p.slug == "pagerduty-v3":
        yield from versions(p)
        key = base64.b64decode(secret)
        yield vector(p, "secret-taken-for-base64",
                     [["X-PagerDuty-Signature", "v1=" + hexa(mac(key, raw))]], raw, "invalid",
                     why="the secret is text, not base64")
    if p.slug == "sentry":
        good = p.headers(secret, raw, NOW)
        yield vector(p, "unsigned-time-lies", [*good[:2], ["Sentry-Hook-Timestamp", "1"]], raw)
        yield vector(p, "app-signature", [["Sentry-App-Signature", good[0][1]]], raw, "invalid",
                     why="a request of a component, not an event")
        spaced = json.dumps(json.loads(p.body))
        yield vector(p, "signed-without-white-space", good, spaced, "invalid",
                     why="the raw bytes are signed, not the JSON written anew")
