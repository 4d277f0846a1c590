"""How each SDK signs (`signs`) and verifies (`verifies`) a delivery, by the functions that it has for its users."""

import base64
import datetime
import email
import hashlib
import json
import types
import urllib.parse

import Adyen.util
import anthropic
import box_sdk_gen
import braintree
import cloudinary.utils
import dropbox_sign
import easypost.util
import elevenlabs
import gocardless_pro.webhooks
import hook0
import increase
import linebot.v3.webhook
import lithic
import livekit.api
import mercadopago.webhook.validator
import messagebird.request_validator
import messagebird.signed_request
import modern_treasury
import mollie.utils.webhooks.signature_validator
import openai
import paddle_billing.Notifications
import polar.v2026_10.webhooks
import pusher
import razorpay
import replicate.webhook
import resend
import slack_sdk.signature
import square.utils.webhooks_helper
import standardwebhooks
import stream_chat
import stripe
import svix
import twilio.request_validator
import vonage_http_client.auth
import vonage_jwt
import workos
from hubspot.utils.signature import Signature as HubSpot

from kit import signs, verifies


# Standard Webhooks, and those who say that their customers should verify with its libraries.

STANDARD = ["standard-webhooks", "supabase-auth-hooks"]


def standard(d):
    return standardwebhooks.Webhook(d.secret.removeprefix("v1,"))


def standard_verify(d):
    standard(d).verify(d.text, dict(d.headers.lower_items()))


def standard_sign(d):
    at = datetime.datetime.fromtimestamp(d.time, datetime.timezone.utc)
    d.headers.update({"webhook-id": d.id, "webhook-timestamp": str(d.time),
                      "webhook-signature": standard(d).sign(d.id, at, d.text)})


for slug in STANDARD:
    verifies(slug, "standardwebhooks", "past", "future")(standard_verify)
    signs(slug, "standardwebhooks")(standard_sign)


@verifies("svix", "svix", "past", "future")
def _(d):
    svix.Webhook(d.secret).verify(d.body, dict(d.headers.lower_items()))


@signs("svix", "svix")
def _(d):
    at = datetime.datetime.fromtimestamp(d.time, datetime.timezone.utc)
    d.headers.update({"svix-id": d.id, "svix-timestamp": str(d.time),
                      "svix-signature": svix.Webhook(d.secret).sign(d.id, at, d.text)})


@verifies("resend", "resend", "past", "future")
def _(d):
    names = {"id": "svix-id", "timestamp": "svix-timestamp", "signature": "svix-signature"}
    headers = {name: d.headers[there] for name, there in names.items()}
    resend.Webhooks.verify({"payload": d.text, "headers": headers, "webhook_secret": d.secret})


@verifies("openai", "openai", "past", "future")
def _(d):
    openai.OpenAI(api_key="none").webhooks.unwrap(d.text, d.headers, secret=d.secret)


@verifies("anthropic", "anthropic", "past", "future")
def _(d):
    anthropic.Anthropic(api_key="none").beta.webhooks.unwrap(d.text, headers=d.headers, key=d.secret)


@verifies("replicate", "replicate", "past", "future")
def _(d):
    secret = replicate.webhook.WebhookSigningSecret(key=d.secret)
    replicate.webhook.Webhooks.validate(headers=dict(d.headers), body=d.text, secret=secret, tolerance=300)


@verifies("lithic", "lithic", "past", "future")
def _(d):
    lithic.Lithic(api_key="none").webhooks.verify_signature(d.text, d.headers, secret=d.secret)


@verifies("increase", "increase", "past", "future")
def _(d):
    increase.Increase(api_key="none", webhook_secret=d.secret).events.unwrap(d.text, headers=d.headers)


@verifies("polar", "polar-sdk", "past", "future")
def _(d):
    try:
        polar.v2026_10.webhooks.validate_event(d.body, d.headers, d.secret)
    except polar.v2026_10.webhooks.PolarWebhookUnknownTypeError:
        pass  # It was verified before its type was looked at.


# Payments.


@verifies("stripe", "stripe", "past")
def _(d):
    stripe.Webhook.construct_event(d.body, d.headers["stripe-signature"], d.secret)


@verifies("stripe-thin", "stripe", "past")
def _(d):
    client = stripe.StripeClient("sk_test_none")
    client.parse_event_notification(d.body, d.headers["stripe-signature"], d.secret)


@verifies("adyen-payments", "Adyen")
def _(d):
    return Adyen.util.is_valid_hmac_notification(json.loads(d.body), d.secret)


@signs("adyen-payments", "Adyen")
def _(d):
    whole = json.loads(d.body)
    for item in whole["notificationItems"]:
        item = item["NotificationRequestItem"]
        item["additionalData"]["hmacSignature"] = Adyen.util.generate_notification_sig(item, d.secret).decode()
    d.body = json.dumps(whole).encode()


@verifies("adyen-platform", "Adyen")
def _(d):
    return Adyen.util.is_valid_hmac_payload(d.headers["hmacsignature"], d.secret, d.body)


@signs("adyen-platform", "Adyen")
def _(d):
    d.headers["HmacSignature"] = Adyen.util.generate_payload_sig(d.body, d.secret).decode()


def braintree_of(d):
    return braintree.BraintreeGateway(braintree.Configuration(
        braintree.Environment.Sandbox, merchant_id="interop", public_key=d.key_id, private_key=d.key))


@verifies("braintree", "braintree")
def _(d):
    braintree_of(d).webhook_notification.parse(d.form["bt_signature"], d.form["bt_payload"])


@verifies("gocardless", "gocardless_pro")
def _(d):
    gocardless_pro.webhooks.parse(d.body, d.secret, d.headers["webhook-signature"])


@verifies("mercado-pago", "mercadopago", "past", "future", body=False)
def _(d):
    mercadopago.webhook.validator.WebhookSignatureValidator.validate(
        d.headers["x-signature"], d.headers["x-request-id"], d.query["data.id"], d.secret, tolerance_seconds=300)


@verifies("modern-treasury", "modern-treasury")
def _(d):
    return modern_treasury_of(d).validate_signature(d.text, d.headers, key=d.secret)


@signs("modern-treasury", "modern-treasury")
def _(d):
    d.headers["X-Signature"] = modern_treasury_of(d).get_signature(d.text, key=d.secret)


def modern_treasury_of(_):
    return modern_treasury.ModernTreasury(api_key="none", organization_id="none").webhooks


@verifies("mollie", "mollie-api-py")
def _(d):
    return mollie.utils.webhooks.signature_validator.SignatureValidator.validate(
        d.text, d.secret, d.headers["x-mollie-signature"])


@signs("mollie", "mollie-api-py")
def _(d):
    made = mollie.utils.webhooks.signature_validator.SignatureValidator.create_signature(d.text, d.secret)
    d.headers["X-Mollie-Signature"] = f"sha256={made}"


@verifies("paddle", "paddle-python-sdk", "past", "future")
def _(d):
    request = types.SimpleNamespace(headers=d.headers, body=d.body)
    secret = paddle_billing.Notifications.Secret(d.secret)
    return paddle_billing.Notifications.Verifier().verify(request, secret)


@verifies("razorpay", "razorpay")
def _(d):
    razorpay.Client(auth=("none", "none")).utility.verify_webhook_signature(
        d.text, d.headers["x-razorpay-signature"], d.secret)


@verifies("square", "squareup")
def _(d):
    return square.utils.webhooks_helper.verify_signature(
        request_body=d.text, signature_header=d.headers["x-square-hmacsha256-signature"], signature_key=d.secret,
        notification_url=d.url)


# Messages and calls.


@verifies("slack", "slack_sdk", "past", "future")
def _(d):
    return slack_sdk.signature.SignatureVerifier(d.secret).is_valid(
        d.body, d.headers["x-slack-request-timestamp"], d.headers["x-slack-signature"])


@signs("slack", "slack_sdk")
def _(d):
    made = slack_sdk.signature.SignatureVerifier(d.secret).generate_signature(timestamp=str(d.time), body=d.body)
    d.headers.update({"X-Slack-Request-Timestamp": str(d.time), "X-Slack-Signature": made})


@verifies("twilio-form", "twilio")
def _(d):
    validator = twilio.request_validator.RequestValidator(d.secret)
    return validator.validate(d.url, d.form, d.headers["x-twilio-signature"])


@signs("twilio-form", "twilio")
def _(d):
    made = twilio.request_validator.RequestValidator(d.secret).compute_signature(d.url, d.form)
    d.headers.update({"X-Twilio-Signature": made, "Content-Type": "application/x-www-form-urlencoded"})


@verifies("twilio-json", "twilio")
def _(d):
    validator = twilio.request_validator.RequestValidator(d.secret)
    return validator.validate(d.url, d.text, d.headers["x-twilio-signature"])


@signs("twilio-json", "twilio")
def _(d):
    validator = twilio.request_validator.RequestValidator(d.secret)
    d.target += f"&bodySHA256={validator.compute_hash(d.text)}"
    d.headers.update({"X-Twilio-Signature": validator.compute_signature(d.url, {}), "Content-Type": "application/json"})


@verifies("line", "line-bot-sdk")
def _(d):
    return linebot.v3.webhook.SignatureValidator(d.secret).validate(d.text, d.headers["x-line-signature"])


@verifies("messagebird-jwt", "messagebird", "past", "future")
def _(d):
    messagebird.request_validator.RequestValidator(d.secret).validate_signature(
        d.headers["messagebird-signature-jwt"], d.url, d.body)


@verifies("messagebird-legacy", "messagebird", "past")
def _(d):
    request = messagebird.signed_request.SignedRequest(
        d.headers["messagebird-signature"], d.headers["messagebird-request-timestamp"],
        d.body.decode("latin-1"), d.query)
    return request.verify(d.secret) and request.is_recent()


@verifies("vonage-jwt", "vonage-jwt", "future", body=False)
def _(d):
    return vonage_jwt.verify_signature(d.headers["authorization"].removeprefix("Bearer "), d.secret)


def vonage_of(d):
    return vonage_http_client.auth.Auth(api_key="none", signature_secret=d.secret, signature_method="sha256")


@verifies("vonage-sms-signature", "vonage-http-client")
def _(d):
    return vonage_of(d).check_signature(d.query | d.form)


@signs("vonage-sms-signature", "vonage-http-client")
def _(d):
    params = d.form | {"timestamp": str(d.time)}
    d.body = urllib.parse.urlencode(params | {"sig": vonage_of(d).sign_params(d.query | params)}).encode()
    d.headers["Content-Type"] = "application/x-www-form-urlencoded"


@verifies("getstream", "stream-chat")
def _(d):
    return stream_chat.StreamChat("none", d.secret).verify_webhook(d.body, d.headers["x-signature"])


@verifies("pusher-channels", "pusher", "past", "future")
def _(d):
    client = pusher.Pusher(app_id="1", key=d.key_id, secret=d.key)
    return client.validate_webhook(d.headers["x-pusher-key"], d.headers["x-pusher-signature"], d.text) is not None


@verifies("livekit", "livekit-api", "past", "future")
def _(d):
    verifier = livekit.api.TokenVerifier("interop", d.secret)
    livekit.api.WebhookReceiver(verifier).receive(d.text, d.headers["authorization"])


@signs("livekit", "livekit-api", dated=False)
def _(d):
    digest = base64.b64encode(hashlib.sha256(d.body).digest()).decode()
    d.headers["Authorization"] = livekit.api.AccessToken("interop", d.secret).with_sha256(digest).to_jwt()


# Everything else.


@verifies("box", "boxsdk", "past", "future")
def _(d):
    headers = {name: d.headers[name] for name in d.headers}
    headers = {name.lower(): value for name, value in headers.items()}
    return box_sdk_gen.WebhooksManager.validate_message(d.text, headers, d.secret)


def cloudinary_of(d):
    cloudinary.config(api_secret=d.secret)
    return cloudinary.utils


@verifies("cloudinary", "cloudinary", "past")
def _(d):
    return cloudinary_of(d).verify_notification_signature(
        d.text, int(d.headers["x-cld-timestamp"]), d.headers["x-cld-signature"])


@verifies("dropbox-sign", "dropbox-sign")
def _(d):
    head = f"Content-Type: {d.headers['content-type']}\r\n\r\n".encode()
    part, = email.message_from_bytes(head + d.body).get_payload()
    event = dropbox_sign.EventCallbackRequest.init(json.loads(part.get_payload(decode=True)))
    return dropbox_sign.EventCallbackHelper.is_valid(d.secret, event)


@verifies("easypost", "easypost")
def _(d):
    easypost.util.validate_webhook(d.body, {"X-Hmac-Signature": d.headers["x-hmac-signature"]}, d.secret)


@verifies("elevenlabs", "elevenlabs", "past")
def _(d):
    elevenlabs.ElevenLabs(api_key="none").webhooks.construct_event(
        d.text, d.headers["elevenlabs-signature"], d.secret)


@verifies("hook0", "hook0-client", "past", "future")
def _(d):
    hook0.verify_webhook_signature(
        d.headers["x-hook0-signature"], d.body, d.headers, d.secret, 300)


def hubspot(version):
    slug, header = f"hubspot-{version}", "x-hubspot-signature" + ("-v3" if version == "v3" else "")

    @verifies(slug, "hubspot-api-client", *(["past"] if version == "v3" else []))
    def _(d):
        return HubSpot.is_valid(
            signature=d.headers[header], client_secret=d.secret, request_body=d.text, http_uri=d.url,
            http_method=d.method, signature_version=version, timestamp=d.headers.get("x-hubspot-request-timestamp"))

    @signs(slug, "hubspot-api-client")
    def _(d):
        time = str(d.time * 1000)
        d.headers[header] = HubSpot.get_signature(d.secret, d.text, version, d.url, d.method, time)
        if version == "v3":
            d.headers["X-HubSpot-Request-Timestamp"] = time
        else:
            d.headers["X-HubSpot-Signature-Version"] = version


for version in ("v1", "v2", "v3"):
    hubspot(version)


@verifies("workos", "workos", "past", "future")
def _(d):
    client = workos.WorkOSClient(api_key="none", client_id="none")
    client.webhooks.verify_header(event_body=d.body, event_signature=d.headers["workos-signature"], secret=d.secret)
