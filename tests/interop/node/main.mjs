// Lets official SDKs sign and verify deliveries, for the Rust test beside this folder; see the Python one.

import http from "node:http";
import fs from "node:fs";

import { Delivery, sdks } from "./kit.mjs";
import "./sdks.mjs";

let configured = {};

const version = (name) => JSON.parse(fs.readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;

function described({ slug, name, sign, verify, clock, body, dated }) {
  return { slug, name, version: version(name), signs: !!sign, verifies: !!verify, clock, body, dated };
}

async function verify(sdk, known, target, request, body) {
  const delivery = new Delivery(request.method, target, known.origin, known.secret, body);
  Object.assign(delivery.headers, request.headers);
  try {
    return (await sdk.verify(delivery)) === false ? [400, "false"] : [200, ""];
  } catch (why) {
    return [400, `${why?.name}: ${why?.message}`];
  }
}

async function deliver(sdk, known, job) {
  const secret = job.other ? known.other : known.secret;
  const delivery = new Delivery("POST", job.target, known.origin, secret, Buffer.from(job.body));
  Object.assign(delivery, { id: job.id, time: job.time, headers: { ...job.headers } });
  await sdk.sign(delivery);
  if (job.change !== null) delivery.change(job.change);
  return await post(job.to, delivery);
}

/** Not `fetch`, which would add headers of its own. */
function post(to, { method, target, headers, body }) {
  return new Promise((resolve, reject) => {
    const length = { "content-length": body.length };
    const request = http.request(to + target, { method, headers: { ...headers, ...length } }, (reply) => {
      reply.resume().on("end", () => resolve(reply.statusCode));
    });
    request.on("error", reject).end(body);
  });
}

async function answer(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  if (request.url === "/setup") {
    configured = JSON.parse(body);
    return [200, JSON.stringify([...sdks.values()].map(described))];
  }
  const [, what, slug, name, ...rest] = request.url.split("/");
  const sdk = sdks.get(`${slug} ${decodeURIComponent(name)}`);
  if (what === "sign") return [200, String(await deliver(sdk, configured[slug], JSON.parse(body)))];
  return await verify(sdk, configured[slug], `/${rest.join("/")}`, request, body);
}

const server = http.createServer(async (request, reply) => {
  const [status, said] = await answer(request).catch((why) => [500, String(why?.stack ?? why)]);
  reply.writeHead(status).end(said);
});
server.listen(0, "127.0.0.1", () => console.log(`listening on 127.0.0.1:${server.address().port}`));
process.stdin.resume().on("end", () => process.exit(0));
