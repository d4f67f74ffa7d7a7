import assert from "node:assert/strict";
import { z } from "zod";
import { createPool, type Pool } from "../../services/content-fetcher/http/pool.ts";
import type { HttpRequest } from "../../services/content-fetcher/http/http-client.ts";
import { createProviderLink } from "../../services/content-fetcher/http/provider-link.ts";
import { createClock } from "../../services/content-fetcher/resilience/clock.ts";
import { Secret } from "../../shared/config.ts";
import { callScope } from "../support/call-scope.ts";
import { plainOrigin, plainProvider } from "../support/plain-provider.ts";
import {
  startProviderServer,
  type ProviderServer,
  type ReceivedRequest,
} from "../support/provider-server.ts";

const KEY = "k/e+y=1";

describe("what an adapter asks for", () => {
  let server: ProviderServer;
  let pool: Pool;
  const clock = createClock(() => performance.now());
  before(async () => {
    server = await startProviderServer(() => ({ body: "{}" }));
    pool = createPool({ clock, trustedOrigins: new Set([server.baseUrl]) });
  });
  beforeEach(() => server.reset());
  after(async () => {
    await pool.close();
    await server.close();
  });

  async function send(request: Partial<HttpRequest>, key?: Secret): Promise<ReceivedRequest> {
    const origin = plainOrigin("plain");
    const link = createProviderLink(plainProvider("plain", {}, { keySetting: "PLAIN_API_KEY" }), key, {
      pool,
      baseUrls: { [origin]: server.baseUrl },
      operatorContact: undefined,
      hedging: false,
      now: Date.now,
      clock,
      random: () => 0,
    });
    await link.open(callScope()).http.json({ origin, path: "/", ...request }, z.object({}));
    const [received] = server.requests;
    assert.ok(received);
    return received;
  }

  it("is a GET without a body", async () => {
    const { method, headers, body, url } = await send({});
    assert.deepEqual([method, headers["content-type"], body, url.search], ["GET", undefined, "", ""]);
  });

  it("is JSON by POST", async () => {
    const { method, headers, body } = await send({ jsonBody: { text: "Lisboa é", count: 2 } });
    assert.deepEqual([method, headers["content-type"]], ["POST", "application/json"]);
    assert.deepEqual(JSON.parse(body), { text: "Lisboa é", count: 2 });
  });

  it("is a form by POST", async () => {
    const { method, headers, body } = await send({ form: { data: "a b&c" } });
    assert.deepEqual([method, headers["content-type"]], ["POST", "application/x-www-form-urlencoded"]);
    assert.equal(body, "data=a+b%26c");
  });

  it("has its key in the query, beside what else is there", async () => {
    const { url, headers } = await send(
      { query: { q: "Lisbon" }, key: { in: "query", name: "appid" } },
      new Secret(KEY),
    );
    assert.deepEqual(
      [...url.searchParams],
      [
        ["q", "Lisbon"],
        ["appid", KEY],
      ],
    );
    assert.ok(!JSON.stringify(headers).includes(KEY));
  });

  it("has its key in a header, as it is or behind its scheme", async () => {
    const plain = await send({ key: { in: "header", name: "x-goog-api-key" } }, new Secret(KEY));
    assert.equal(plain.headers["x-goog-api-key"], KEY);
    server.reset();
    const place = { in: "header", name: "authorization", scheme: "Bearer" } as const;
    const bearer = await send({ key: place, jsonBody: {} }, new Secret(KEY));
    assert.equal(bearer.headers.authorization, `Bearer ${KEY}`);
    assert.equal(bearer.url.search, "");
  });

  it("has no key where it does not ask for one, and is not sent without one that it asks for", async () => {
    const { url, headers } = await send({}, new Secret(KEY));
    assert.ok(!`${url.href} ${JSON.stringify(headers)}`.includes(KEY));
    server.reset();
    await assert.rejects(send({ key: { in: "query", name: "appid" } }), /asks for a key/);
    assert.equal(server.requests.length, 0);
  });
});
