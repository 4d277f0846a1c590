// How each SDK signs (`signs`) and verifies (`verifies`) a delivery, by the functions that it has for its users.

import { createRequire } from "node:module";
import { createSecretKey } from "node:crypto";

import { signs, verifies } from "./kit.mjs";

const require = createRequire(import.meta.url);
const NEVER = [];
const PAST = ["past"];
const BOTH = ["past", "future"];

// Standard Webhooks, and those who say that their customers should verify with its libraries.

const { Webhook: Standard } = require("standardwebhooks");
for (const slug of ["standard-webhooks", "supabase-auth-hooks"]) {
  const webhook = (d) => new Standard(d.secret.replace(/^v1,/, ""));
  verifies(slug, "standardwebhooks", BOTH, (d) => webhook(d).verify(d.text, d.headers));
  signs(slug, "standardwebhooks", (d) => {
    const signature = webhook(d).sign(d.id, new Date(d.time * 1000), d.text);
    d.headers = { "webhook-id": d.id, "webhook-timestamp": d.time, "webhook-signature": signature };
  });
}

const svix = require("svix");
verifies("svix", "svix", BOTH, (d) => new svix.Webhook(d.secret).verify(d.text, d.headers));
signs("svix", "svix", (d) => {
  const signature = new svix.Webhook(d.secret).sign(d.id, new Date(d.time * 1000), d.text);
  d.headers = { "svix-id": d.id, "svix-timestamp": d.time, "svix-signature": signature };
});

const { Resend } = require("resend");
verifies("resend", "resend", BOTH, (d) => {
  const headers = { id: d.headers["svix-id"], timestamp: d.headers["svix-timestamp"], signature: d.headers["svix-signature"] };
  new Resend("re_none").webhooks.verify({ payload: d.text, headers, webhookSecret: d.secret });
});

const { verifyWebhook } = require("@clerk/backend/webhooks");
verifies("clerk", "@clerk/backend", BOTH, (d) => verifyWebhook(d.request, { signingSecret: d.secret }));

const { OpenAI } = require("openai");
verifies("openai", "openai", BOTH, (d) => new OpenAI({ apiKey: "none" }).webhooks.unwrap(d.text, d.headers, d.secret));

const { Anthropic } = require("@anthropic-ai/sdk");
verifies("anthropic", "@anthropic-ai/sdk", BOTH, (d) =>
  new Anthropic({ apiKey: "none" }).beta.webhooks.unwrap(d.text, { headers: d.headers, key: d.secret }));

const { validateWebhook } = require("replicate");
verifies("replicate", "replicate", NEVER, (d) => validateWebhook({ headers: d.headers, body: d.text }, d.secret));

const { Lithic } = require("lithic");
verifies("lithic", "lithic", BOTH, (d) => new Lithic({ apiKey: "none" }).webhooks.unwrap(d.text, d.headers, d.secret));

const polar = require("@polar-sh/sdk/webhooks");
verifies("polar", "@polar-sh/sdk", BOTH, (d) => {
  try {
    polar.validateEvent(d.text, d.headers, d.secret);
  } catch (why) {
    // Of an event that it has verified and does not know, it says so.
    if (why instanceof polar.WebhookVerificationError) throw why;
    if (!String(why).includes("Unknown event type")) throw why;
  }
});

// Payments.

const Stripe = require("stripe");
const stripe = new Stripe("sk_test_none");
verifies("stripe", "stripe", PAST, (d) => stripe.webhooks.constructEvent(d.body, d.headers["stripe-signature"], d.secret));
verifies("stripe-thin", "stripe", PAST, (d) => stripe.parseEventNotification(d.body, d.headers["stripe-signature"], d.secret));
for (const slug of ["stripe", "stripe-thin"]) {
  signs(slug, "stripe", (d) => {
    d.headers["stripe-signature"] = stripe.webhooks.generateTestHeaderString({ payload: d.text, secret: d.secret, timestamp: d.time });
  });
}

const { hmacValidator: HmacValidator } = require("@adyen/api-library");
const adyen = new HmacValidator();
verifies("adyen-payments", "@adyen/api-library", NEVER, (d) =>
  d.json.notificationItems.every((item) => adyen.validateHMAC(item.NotificationRequestItem, d.secret)));
signs("adyen-payments", "@adyen/api-library", (d) => {
  const whole = d.json;
  for (const { NotificationRequestItem: item } of whole.notificationItems) {
    item.additionalData.hmacSignature = adyen.calculateHmac(item, d.secret);
  }
  d.body = Buffer.from(JSON.stringify(whole));
});
verifies("adyen-platform", "@adyen/api-library", NEVER, (d) => adyen.validateHMACSignature(d.secret, d.headers.hmacsignature, d.text));
signs("adyen-platform", "@adyen/api-library", (d) => {
  d.headers.hmacsignature = adyen.calculateHmac(d.text, d.secret);
});

const { BraintreeGateway, Environment, WebhookNotification } = require("braintree");
const braintree = (d) =>
  new BraintreeGateway({ environment: Environment.Sandbox, merchantId: "interop", publicKey: d.keyId, privateKey: d.key });
verifies("braintree", "braintree", NEVER, (d) => braintree(d).webhookNotification.parse(d.form.bt_signature, d.form.bt_payload));
signs("braintree", "braintree", async (d) => {
  // What it signs is its own; the test's body is thrown away, and with it the place that is changed.
  const sample = await braintree(d).webhookTesting.sampleNotification(WebhookNotification.Kind.Check, "interop");
  d.body = Buffer.from(new URLSearchParams(sample).toString());
  d.headers["content-type"] = "application/x-www-form-urlencoded";
});

const gocardless = require("gocardless-nodejs/webhooks");
verifies("gocardless", "gocardless-nodejs", NEVER, (d) => gocardless.parse(d.body, d.secret, d.headers["webhook-signature"]));

const { WebhookSignatureValidator } = require("mercadopago");
verifies("mercado-pago", "mercadopago", BOTH, (d) =>
  WebhookSignatureValidator.validate({
    xSignature: d.headers["x-signature"], xRequestId: d.headers["x-request-id"], dataId: d.query["data.id"],
    secret: d.secret, toleranceSeconds: 300,
  }), { body: false });

const { ModernTreasury } = require("modern-treasury");
const treasury = new ModernTreasury({ apiKey: "none", organizationID: "none" }).webhooks;
verifies("modern-treasury", "modern-treasury", NEVER, (d) => treasury.validateSignature(d.text, d.headers, { key: d.secret }));
signs("modern-treasury", "modern-treasury", (d) => {
  d.headers["x-signature"] = treasury.getSignature(d.text, { key: d.secret });
});

const { Paddle } = require("@paddle/paddle-node-sdk");
verifies("paddle", "@paddle/paddle-node-sdk", PAST, (d) =>
  new Paddle("none").webhooks.isSignatureValid(d.text, d.secret, d.headers["paddle-signature"]));

const Razorpay = require("razorpay");
verifies("razorpay", "razorpay", NEVER, (d) =>
  Razorpay.validateWebhookSignature(d.body, d.headers["x-razorpay-signature"], d.secret));

const { WebhooksHelper } = require("square");
verifies("square", "square", NEVER, (d) =>
  WebhooksHelper.verifySignature({
    requestBody: d.text, signatureHeader: d.headers["x-square-hmacsha256-signature"], signatureKey: d.secret, notificationUrl: d.url,
  }));

const { Webhook: Commerce } = require("coinbase-commerce-node");
verifies("coinbase-commerce", "coinbase-commerce-node", NEVER, (d) =>
  Commerce.verifyEventBody(d.text, d.headers["x-cc-webhook-signature"], d.secret));
signs("coinbase-commerce", "coinbase-commerce-node", (d) => {
  d.headers["x-cc-webhook-signature"] = Commerce.computeSignature(d.text, d.secret);
});

const { basicAuthValidator } = require("chargebee");
verifies("chargebee", "chargebee", NEVER, (d) =>
  basicAuthValidator((user, password) => `${user}:${password}` === d.secret)(d.headers));

// Messages and calls.

const { verifySlackRequest } = require("@slack/bolt");
verifies("slack", "@slack/bolt", PAST, (d) =>
  verifySlackRequest({ signingSecret: d.secret, body: d.text, headers: d.headers }));

const twilio = require("twilio");
verifies("twilio-form", "twilio", NEVER, (d) => twilio.validateRequest(d.secret, d.headers["x-twilio-signature"], d.url, d.form));
signs("twilio-form", "twilio", (d) => {
  d.headers["x-twilio-signature"] = twilio.getExpectedTwilioSignature(d.secret, d.url, d.form);
  d.headers["content-type"] = "application/x-www-form-urlencoded";
});
verifies("twilio-json", "twilio", NEVER, (d) =>
  twilio.validateRequestWithBody(d.secret, d.headers["x-twilio-signature"], d.url, d.text));
signs("twilio-json", "twilio", (d) => {
  d.target += `&bodySHA256=${twilio.getExpectedBodyHash(d.text)}`;
  d.headers["x-twilio-signature"] = twilio.getExpectedTwilioSignature(d.secret, d.url, {});
  d.headers["content-type"] = "application/json";
});

const line = require("@line/bot-sdk");
verifies("line", "@line/bot-sdk", NEVER, (d) => line.validateSignature(d.body, d.secret, d.headers["x-line-signature"]));

const { verify: messageBird } = require("messagebird/lib/webhook-signature-jwt");
verifies("messagebird-jwt", "messagebird", BOTH, (d) =>
  messageBird(d.url, d.body, d.headers["messagebird-signature-jwt"], createSecretKey(Buffer.from(d.secret))));
const messageBirdLegacy = require("messagebird/lib/signature");
const express = (d) => ({ headers: d.headers, query: d.query, body: d.body });
verifies("messagebird-legacy", "messagebird", PAST, (d) => messageBirdLegacy.validate(express(d), d.secret));
signs("messagebird-legacy", "messagebird", (d) => {
  d.headers["messagebird-request-timestamp"] = String(d.time);
  d.headers["messagebird-signature"] = messageBirdLegacy.generate(express(d), d.secret).toString("base64");
});

const { verifySignature: vonage } = require("@vonage/jwt");
verifies("vonage-jwt", "@vonage/jwt", NEVER, (d) => vonage(d.headers.authorization.replace("Bearer ", ""), d.secret), { body: false });

const { StreamChat } = require("stream-chat");
verifies("getstream", "stream-chat", NEVER, (d) => new StreamChat("none", d.secret).verifyWebhook(d.body, d.headers["x-signature"]));

const Pusher = require("pusher");
const pusher = (d) => new Pusher({ appId: "1", key: d.keyId, secret: d.key, cluster: "none" });
verifies("pusher-channels", "pusher", NEVER, (d) => pusher(d).webhook({ headers: d.headers, rawBody: d.text }).isValid());
signs("pusher-channels", "pusher", (d) => {
  const token = new Pusher.Token(d.keyId, d.key);
  Object.assign(d.headers, { "x-pusher-key": token.key, "x-pusher-signature": token.sign(d.text) });
});

const { AccessToken, WebhookReceiver } = require("livekit-server-sdk");
verifies("livekit", "livekit-server-sdk", BOTH, (d) => new WebhookReceiver("interop", d.secret).receive(d.text, d.headers.authorization));
signs("livekit", "livekit-server-sdk", async (d) => {
  const token = new AccessToken("interop", d.secret);
  const digest = await crypto.subtle.digest("SHA-256", d.body);
  token.sha256 = Buffer.from(digest).toString("base64");
  d.headers.authorization = await token.toJwt();
}, { dated: false });

const { AwsLambdaReceiver } = require("@zoom/rivet/teamchat");
console.debug = () => {}; // It would print every delivery.
verifies("zoom", "@zoom/rivet", NEVER, async (d) => {
  const reply = await new AwsLambdaReceiver({ webhooksSecretToken: d.secret }).start()({ body: d.text, headers: d.headers }, {});
  if (reply.statusCode !== 200) throw new Error(reply.body);
});

const { validateSignature: autohook } = require("twitter-autohook");
verifies("x-twitter", "twitter-autohook", NEVER, (d) => autohook(d.headers, { consumer_secret: d.secret }, d.text));

// Everything else.

const { sign: octokitSign, verify: octokitVerify } = await import("@octokit/webhooks-methods");
verifies("github", "@octokit/webhooks-methods", NEVER, (d) => octokitVerify(d.secret, d.text, d.headers["x-hub-signature-256"]));
signs("github", "@octokit/webhooks-methods", async (d) => {
  d.headers["x-hub-signature-256"] = await octokitSign(d.secret, d.text);
});

await import("@shopify/shopify-api/adapters/node");
const { shopifyApi, ApiVersion } = await import("@shopify/shopify-api");
for (const slug of ["shopify", "shopify-events"]) {
  verifies(slug, "@shopify/shopify-api", NEVER, async (d) => {
    const shopify = shopifyApi({
      apiKey: "none", apiSecretKey: d.secret, hostName: "interop.example.com", isEmbeddedApp: false,
      apiVersion: Object.values(ApiVersion)[0], logger: { log: () => {} },
    });
    const found = await shopify.webhooks.validate({ rawBody: d.text, rawRequest: { headers: d.headers, method: d.method, url: d.url } });
    if (!found.valid) throw new Error(JSON.stringify(found));
  });
}

const { LinearWebhookClient } = await import("@linear/sdk/webhooks");
verifies("linear", "@linear/sdk", BOTH, (d) => new LinearWebhookClient(d.secret).verify(d.body, d.headers["linear-signature"]));

const hubspot = require("@hubspot/api-client").Signature;
for (const version of ["v1", "v2", "v3"]) {
  const [slug, header] = [`hubspot-${version}`, `x-hubspot-signature${version === "v3" ? "-v3" : ""}`];
  const options = (d, timestamp) => ({ clientSecret: d.secret, requestBody: d.text, url: d.url, timestamp });
  verifies(slug, "@hubspot/api-client", version === "v3" ? PAST : NEVER, (d) =>
    hubspot.isValid({
      ...options(d, Number(d.headers["x-hubspot-request-timestamp"])), signature: d.headers[header], method: d.method,
      signatureVersion: version,
    }));
  signs(slug, "@hubspot/api-client", (d) => {
    const time = d.time * 1000;
    d.headers[header] = hubspot.getSignature(d.method, version, options(d, time));
    if (version === "v3") d.headers["x-hubspot-request-timestamp"] = time;
    else d.headers["x-hubspot-signature-version"] = version;
  });
}

const contentful = require("@contentful/node-apps-toolkit");
const canonical = (d) => ({ method: d.method, path: d.target, headers: d.headers, body: d.text });
verifies("contentful", "@contentful/node-apps-toolkit", PAST, (d) => contentful.verifyRequest(d.secret, canonical(d)));
signs("contentful", "@contentful/node-apps-toolkit", (d) => {
  Object.assign(d.headers, contentful.signRequest(d.secret, canonical(d), d.time * 1000));
});

const { WorkOS } = require("@workos-inc/node");
const workos = new WorkOS("none").webhooks; // Wants what was read, and writes it again.
verifies("workos", "@workos-inc/node", PAST, (d) =>
  workos.verifyHeader({ payload: d.json, sigHeader: d.headers["workos-signature"], secret: d.secret }));
signs("workos", "@workos-inc/node", async (d) => {
  const time = d.time * 1000;
  d.headers["workos-signature"] = `t=${time}, v1=${await workos.computeSignature(time, d.json, d.secret)}`;
});

const { EventCallbackHelper, EventCallbackRequest } = require("@dropbox/sign");
verifies("dropbox-sign", "@dropbox/sign", NEVER, async (d) => {
  const event = JSON.parse((await d.request.formData()).get("json"));
  return EventCallbackHelper.isValid(d.secret, EventCallbackRequest.init(event));
});

const EasyPost = require("@easypost/api");
verifies("easypost", "@easypost/api", NEVER, (d) => new EasyPost("none").Utils.validateWebhook(d.body, d.headers, d.secret));

const { Mux } = require("@mux/mux-node");
verifies("mux", "@mux/mux-node", PAST, (d) =>
  new Mux({ tokenId: "none", tokenSecret: "none" }).webhooks.unwrap(d.text, d.headers, d.secret));

const { ElevenLabsClient } = require("@elevenlabs/elevenlabs-js");
verifies("elevenlabs", "@elevenlabs/elevenlabs-js", PAST, (d) =>
  new ElevenLabsClient({ apiKey: "none" }).webhooks.constructEvent(d.text, d.headers["elevenlabs-signature"], d.secret));

const notion = require("@notionhq/client");
verifies("notion", "@notionhq/client", NEVER, (d) =>
  notion.verifyWebhookSignature({ body: d.text, signature: d.headers["x-notion-signature"], verificationToken: d.secret }));
signs("notion", "@notionhq/client", async (d) => {
  d.headers["x-notion-signature"] = await notion.signWebhookPayload({ body: d.text, verificationToken: d.secret });
});

const sanity = require("@sanity/webhook");
verifies("sanity", "@sanity/webhook", NEVER, (d) => sanity.isValidSignature(d.text, d.headers["sanity-webhook-signature"], d.secret));
signs("sanity", "@sanity/webhook", async (d) => {
  d.headers["sanity-webhook-signature"] = await sanity.encodeSignatureHeader(d.text, d.time * 1000, d.secret);
});

const { WebflowClient } = require("webflow-api");
verifies("webflow", "webflow-api", NEVER, (d) =>
  new WebflowClient({ accessToken: "none" }).webhooks.verifySignature({ headers: d.headers, body: d.text, secret: d.secret }));

const { WebhooksManager } = require("box-node-sdk/managers");
verifies("box", "box-node-sdk", BOTH, (d) => WebhooksManager.validateMessage(d.text, d.headers, d.secret));

const hook0 = require("hook0-client");
verifies("hook0", "hook0-client", BOTH, (d) =>
  hook0.verifyWebhookSignature(d.headers["x-hook0-signature"], d.body, new Headers(d.headers), d.secret, 300));

const hookdeck = require("@hookdeck/sdk/webhooks/helpers");
verifies("hookdeck", "@hookdeck/sdk", NEVER, async (d) =>
  (await hookdeck.verifyWebhookSignature({ headers: d.headers, rawBody: d.text, signingSecret: d.secret })).isValidSignature);

const { v2: cloudinary } = require("cloudinary");
verifies("cloudinary", "cloudinary", PAST, (d) => {
  cloudinary.config({ api_secret: d.secret });
  return cloudinary.utils.verifyNotificationSignature(d.text, Number(d.headers["x-cld-timestamp"]), d.headers["x-cld-signature"]);
});
signs("cloudinary", "cloudinary", (d) => {
  const signature = cloudinary.utils.webhook_signature(d.text, d.time, { api_secret: d.secret });
  Object.assign(d.headers, { "x-cld-timestamp": d.time, "x-cld-signature": signature });
});
