import assert from "node:assert/strict";
import { ORIGIN_SETTINGS } from "../../services/content-fetcher/config.ts";
import { startProviderServer } from "../support/provider-server.ts";
import { readCommandLine } from "./command-line.ts";
import { BEHAVIOUR_OPTIONS, readBehaviour } from "./provider-arguments.ts";
import { lognormalMs, tokensMs, type Profile } from "./profiles.ts";
import { spawnTestProviders } from "./spawned-providers.ts";
import { PROVIDER_IDS, type ProviderId } from "./servers.ts";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const AGENT = { "user-agent": "Wayfarer/0.1 (ops@example.org)" };
const ARTICLE = "/w/api.php?action=query&format=json&formatversion=2&titles=Lisbon";
const FORECAST = "/v1/forecast?latitude=1&longitude=1&daily=weather_code&timezone=UTC";

describe("the test providers", () => {
  let providers: TestProviders;
  let nowMs = 0;
  before(async () => {
    providers = await startTestProviders({
      seed: 1,
      now: () => Date.UTC(2026, 10, 24),
      monotonicNow: () => nowMs,
    });
  });
  after(async () => {
    await providers.close();
  });
  beforeEach(() => providers.reset());

  const get = async (path: string, setting = "WIKIVOYAGE_BASE_URL"): Promise<Response> =>
    await fetch(`${providers.settings[setting]}${path}`, { headers: AGENT });

  it("stand in for every origin of content-fetcher", () => {
    const missing = Object.keys(ORIGIN_SETTINGS).filter((name) => !(name in providers.settings));
    assert.deepEqual(missing, []);
  });

  it("record what they are asked, in order, until they are reset", async () => {
    await get(ARTICLE);
    nowMs += 1;
    await get(FORECAST, "OPEN_METEO_FORECAST_BASE_URL");
    assert.deepEqual(
      providers.requests().map(({ provider, url }) => [provider, url.pathname]),
      [
        ["wikivoyage", "/w/api.php"],
        ["open-meteo", "/v1/forecast"],
      ],
    );
    assert.equal(providers.requestCounts().wikivoyage, 1);
    assert.ok(providers.openSocketCount() >= 1);
    providers.reset();
    assert.deepEqual(providers.requests(), []);
  });

  it("fail as told, as often as told, and then answer truly", async () => {
    providers.setFault("wikivoyage", { kind: "rate-limit", retryAfterSeconds: 7 }, 1);
    const limited = await get(ARTICLE);
    assert.deepEqual([limited.status, limited.headers.get("retry-after")], [429, "7"]);
    assert.equal((await get(ARTICLE)).status, 200);
    providers.setFault("wikivoyage", { kind: "rate-limit", retryAtMs: Date.UTC(2026, 10, 24, 8) });
    assert.equal((await get(ARTICLE)).headers.get("retry-after"), "Tue, 24 Nov 2026 08:00:00 GMT");
    providers.setFault("wikivoyage", { kind: "status", status: 503 });
    assert.equal((await get(ARTICLE)).status, 503);
    providers.setFault("wikivoyage", { kind: "truncated" });
    await assert.rejects(async () => JSON.parse(await (await get(ARTICLE)).text()), SyntaxError);
    for (const kind of ["cut", "reset"] as const) {
      providers.setFault("wikivoyage", { kind });
      await assert.rejects(async () => await (await get(ARTICLE)).text());
    }
    providers.setFault("wikivoyage", { kind: "slow", latencyMs: 5 });
    assert.equal((await get(ARTICLE)).status, 200);
    assert.throws(() => providers.setFault("open-meteo", { kind: "remark" }), /never fails inside a 200/);
  });

  /** What a server would wait under a profile before each answer to what is asked of it meanwhile. */
  async function waitsOf(id: ProviderId, profile: Profile, ask: () => Promise<void>): Promise<number[]> {
    const waits: number[] = [];
    // The servers ask for the latency with each request; here it is only looked at.
    const server = providers.server(id);
    const original = server.setLatencyMs.bind(server);
    server.setLatencyMs = (latency) =>
      original((request) => {
        waits.push(typeof latency === "function" ? latency(request) : latency);
        return 0;
      });
    try {
      providers.setProfile(profile);
      await ask();
    } finally {
      server.setLatencyMs = original;
    }
    return waits;
  }

  it("draw a profile's latencies per provider, subject and turn", async () => {
    const waits = await waitsOf("wikivoyage", "lognormal", async () => {
      await get(ARTICLE);
      await get(ARTICLE);
      await get(`${ARTICLE}/Baixa`);
    });
    const draw = { seed: 1, provider: "wikivoyage", destination: "Lisbon" };
    assert.deepEqual(waits, [
      lognormalMs({ ...draw, kind: "article", n: 1 }),
      lognormalMs({ ...draw, kind: "article", n: 2 }),
      lognormalMs({ ...draw, kind: "districts", n: 1 }),
    ]);
  });

  it("make a language model take its time for each token that it writes", async () => {
    const url = `${providers.settings["PERPLEXITY_BASE_URL"]}/v1/agent`;
    const body = JSON.stringify({ preset: "fast", input: "Where is Lisbon?" });
    const waits = await waitsOf("perplexity", "tokens", async () => {
      await fetch(url, { method: "POST", headers: { authorization: "Bearer made-up" }, body });
      await fetch(url, { method: "POST", body });
    });
    assert.deepEqual(waits, [tokensMs("Here is what I found.".length), tokensMs(0)]);
  });

  it("refuse beyond fifty a minute under rpm50, but not weather", async () => {
    providers.setProfile("rpm50");
    for (const id of PROVIDER_IDS) providers.server(id).setLatencyMs(0);
    const replies = await Promise.all(Array.from({ length: 52 }, () => get(ARTICLE)));
    const refused = replies.filter(({ status }) => status === 429);
    assert.equal(refused.length, 2);
    assert.equal(refused[0]?.headers.get("retry-after"), "2");
    const weather = await Promise.all(
      Array.from({ length: 52 }, () => get(FORECAST, "OPEN_METEO_FORECAST_BASE_URL")),
    );
    assert.ok(weather.every(({ status }) => status === 200));
  });

  it("compress for clients that accept it, when told to", async () => {
    const compressed = await startProviderServer(() => ({ body: "x".repeat(5000) }), { compressed: true });
    try {
      const reply = await fetch(compressed.baseUrl);
      assert.equal(reply.headers.get("content-encoding"), "gzip");
      assert.equal((await reply.text()).length, 5000);
      const plain = await fetch(compressed.baseUrl, { headers: { "accept-encoding": "identity" } });
      assert.equal(plain.headers.get("content-encoding"), null);
    } finally {
      await compressed.close();
    }
  });

  it("run in a process of their own and obey from outside", async () => {
    const spawned = await spawnTestProviders({ seed: 1 });
    try {
      const ask = async () =>
        await fetch(`${spawned.settings["WIKIVOYAGE_BASE_URL"]}${ARTICLE}`, { headers: AGENT });
      assert.equal((await ask()).status, 200);
      await spawned.setFault("wikivoyage", { kind: "status", status: 500 }, 1);
      assert.equal((await ask()).status, 500);
      await spawned.setLatencyMs(1);
      assert.equal((await ask()).status, 200);
      assert.equal((await spawned.requestCounts()).wikivoyage, 3);
      await spawned.reset();
      assert.equal((await spawned.requestCounts()).wikivoyage, 0);
    } finally {
      await spawned.close();
    }
    await assert.rejects(fetch(`${spawned.settings["WIKIVOYAGE_BASE_URL"]}${ARTICLE}`));
  });

  it("read their behaviour from a command line and name everything that is wrong with it", () => {
    const read = (...argv: string[]) => {
      const line = readCommandLine(argv, { ...BEHAVIOUR_OPTIONS, help: { type: "boolean" } });
      const problems = [...line.problems];
      return { behaviour: readBehaviour(line, problems), problems };
    };
    const good = read(
      ..."--seed 7 --profile=fast --latency-ms 30 --latency-ms overpass=40".split(" "),
      ..."--fault overpass=remark --fault wikivoyage=status:503 --fault met-norway=rate-limit:9".split(" "),
    );
    assert.deepEqual(good.problems, []);
    assert.deepEqual(good.behaviour, {
      seed: 7,
      profile: "fast",
      latencies: [
        { id: undefined, latencyMs: 30 },
        { id: "overpass", latencyMs: 40 },
      ],
      faults: [
        { id: "overpass", fault: { kind: "remark" } },
        { id: "wikivoyage", fault: { kind: "status", status: 503 } },
        { id: "met-norway", fault: { kind: "rate-limit", retryAfterSeconds: 9 } },
      ],
    });
    const bad = read(
      ..."--seed=-1 --profile quick --latency-ms soon --latency-ms nobody=3 --fault nobody=hang".split(" "),
      ..."--fault overpass=explode --fault open-meteo=remark --fault overpass=slow".split(" "),
      ..."--speed 9 lisbon --help=yes --seed 3".split(" "),
    );
    assert.equal(bad.problems.length, 13, bad.problems.join("\n"));
    assert.deepEqual(read("--profile").problems, ["--profile needs a value"]);
  });
});
