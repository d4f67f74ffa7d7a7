import assert from "node:assert/strict";
import { ORIGIN_SETTINGS } from "../../services/content-fetcher/config.ts";
import { startPair, type RunningPair } from "../../services/pair.ts";
import { readSettings } from "../../shared/config.ts";
import { createLog } from "../../shared/log.ts";
import { composeByJson } from "../support/compose-call.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";

interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** Reads the Prometheus text format, as far as it is used here. */
const parseSamples = (text: string): Sample[] =>
  text.split("\n").flatMap((line) => {
    const [, name, labels = "", value] = /^([a-z_:0-9]+)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/([a-z_0-9]+)="((?:[^"\\]|\\.)*)"/gi)];
    return {
      name,
      labels: new Map(pairs.map(([, key = "", text = ""]) => [key, text])),
      value: Number(value),
    };
  });

describe("/metrics of the pair", () => {
  let provider: ProviderServer;
  let pair: RunningPair;
  const scrape = async (address: string): Promise<Sample[]> => {
    const response = await fetch(`http://${address}/metrics`);
    assert.equal(response.status, 200);
    return parseSamples(await response.text());
  };
  const find = (samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>>): number =>
    samples.find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([key, value]) => sample.labels.get(key) === value),
    )?.value ?? 0;

  before(async () => {
    provider = await startProviderServer(() => ({ status: 503, body: "" }));
    const environment = Object.fromEntries(
      Object.keys(ORIGIN_SETTINGS).map((name) => [name, provider.baseUrl]),
    );
    pair = await startPair(environment, createLog("test", "silent"), readSettings);
    for (let i = 0; i < 2; i += 1)
      await composeByJson(pair.composer, { spec: { destinationQuery: "Lisbon" } });
    await assert.rejects(composeByJson(pair.composer, { spec: { destinationQuery: "Springfield" } }));
  });
  after(async () => {
    await pair.close(1000);
    await provider.close();
  });

  it("is at both services", async () => {
    for (const address of [pair.composer, pair.fetcher]) assert.ok((await scrape(address)).length > 0);
  });

  it("counts RPCs on both sides, by method and status", async () => {
    const samples = await scrape(pair.composer);
    const compose = { rpc_method: "wayfarer.guide.v1.GuideService/ComposeGuide" };
    const stream = {
      rpc_method: "wayfarer.content.v1.ContentService/StreamContent",
      rpc_system_name: "grpc",
    };
    assert.equal(find(samples, "rpc_server_call_duration_count", { ...compose, rpc_status_code: "OK" }), 2);
    assert.equal(
      find(samples, "rpc_server_call_duration_count", { ...compose, rpc_status_code: "INVALID_ARGUMENT" }),
      1,
    );
    for (const side of ["client", "server"])
      assert.ok(
        find(samples, `rpc_${side}_call_duration_count`, { ...stream, rpc_status_code: "OK" }) >= 1,
        side,
      );
  });

  it("counts provider calls by outcome and reason", async () => {
    const samples = await scrape(pair.fetcher);
    const name = "wayfarer_provider_call_duration_count";
    const failed = { wayfarer_outcome: "FAILED", wayfarer_reason: "PROVIDER_UNAVAILABLE" };
    assert.ok(find(samples, name, { wayfarer_provider: "providers/open-meteo", ...failed }) >= 1);
    assert.ok(
      find(samples, name, { wayfarer_provider: "providers/almanac", wayfarer_outcome: "CONTENT" }) >= 1,
    );
  });

  it("counts decisions of the cache by section kind", async () => {
    const samples = await scrape(pair.composer);
    const name = "wayfarer_cache_lookups_total";
    const overview = { wayfarer_cache_entry: "content", wayfarer_section_kind: "OVERVIEW" };
    assert.ok(find(samples, name, { ...overview, wayfarer_cache_decision: "MISS_COLD" }) >= 1);
    assert.ok(find(samples, name, { ...overview, wayfarer_cache_decision: "HIT_MEMORY" }) >= 1);
    const guide = { wayfarer_cache_entry: "guide", wayfarer_cache_decision: "MISS_COLD" };
    assert.equal(find(samples, name, guide), 2);
  });

  it("has labels of few values: no number of an enum, no id, no text of a caller", async () => {
    const samples = (await scrape(pair.composer)).filter(({ name }) => name.startsWith("wayfarer_"));
    for (const { name, labels } of samples) {
      for (const [key, value] of labels) {
        if (key === "le" || key === "otel_scope_name") continue;
        const known = /^[A-Z_]+$|^[a-z][A-Za-z_-]*(?:\/[a-z-]+)?$|^wayfarer\.[a-z]+\.v1\.[A-Za-z]+$/;
        assert.match(value, known, `${name}: ${key}`);
      }
    }
  });
});
