import assert from "node:assert/strict";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PROVIDERS } from "../../services/content-fetcher/providers.ts";
import { toReason } from "../../shared/errors.ts";
import { ProviderOutcome_Kind as Kind, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer, type ProviderServer } from "../support/provider-server.ts";
import { until } from "../support/until.ts";

const TIMEOUT_MS = 150;

const HANGS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "before its headers": () => {},
  "in the middle of its body": (response) => void response.write('{"text":"An old'),
  "after one byte every 20 ms": (response) => {
    const drip = setInterval(() => response.write(" "), 20);
    response.once("close", () => clearInterval(drip));
  },
};

describe("R2: a provider that hangs", () => {
  let hang: (response: ServerResponse) => void = () => {};
  let hanging: Server;
  let healthy: ProviderServer;
  let fetcher: FetcherUnderTest;
  /** From each request to the end of its connection, milliseconds. */
  let attemptsMs: number[] = [];

  before(async () => {
    hanging = createServer((_request, response) => {
      const startMs = performance.now();
      response.once("close", () => attemptsMs.push(performance.now() - startMs));
      hang(response);
    });
    await new Promise<void>((resolve) => hanging.listen(0, "127.0.0.1", resolve));
    healthy = await startProviderServer(() => PLAIN_ANSWER);
  });
  beforeEach(async () => {
    attemptsMs = [];
    fetcher = await startFetcherFor(
      [plainProvider("slow", { attemptTimeoutMs: TIMEOUT_MS }), plainProvider("healthy")],
      {
        [plainOrigin("slow")]: `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`,
        [plainOrigin("healthy")]: healthy.baseUrl,
      },
    );
  });
  afterEach(() => fetcher.close());
  after(async () => {
    hanging.closeAllConnections();
    await new Promise<void>((resolve) => void hanging.close(() => resolve()));
    await healthy.close();
  });

  for (const [where, how] of Object.entries(HANGS)) {
    it(`is cut at its timeout when it hangs ${where}, and harms no other section`, async () => {
      hang = how;
      const order: string[] = [];
      const targets = ["slow", "healthy"].map((id) => ({
        provider: `providers/${id}`,
        sectionKind: SectionKind.OVERVIEW,
      }));
      for await (const { target, outcome } of fetcher.client.streamContent({
        targets,
        query: lisbonQuery(),
      })) {
        order.push(target?.provider ?? "");
        if (target?.provider === "providers/healthy") {
          assert.equal(outcome?.kind, Kind.CONTENT);
          assert.equal(attemptsMs.length, 0);
        } else {
          assert.equal(outcome?.kind, Kind.FAILED);
          assert.equal(toReason(outcome.reason), "PROVIDER_TIMEOUT");
          assert.equal(outcome.attemptCount, 3);
        }
      }
      assert.deepEqual(order, ["providers/healthy", "providers/slow"]);
      await until(() => attemptsMs.length === 3);
      for (const ms of attemptsMs) assert.ok(ms >= TIMEOUT_MS - 100 && ms <= TIMEOUT_MS + 100, `${ms} ms`);
    });
  }

  const OWN_TIMEOUTS_MS: Readonly<Record<string, number>> = { overpass: 10_000, perplexity: 8_000 };

  it("has no longer for an attempt than the policies allow", () => {
    for (const { id, offerings, limits, origins } of PROVIDERS) {
      if (origins.length === 0) continue;
      const allowedMs = offerings.some(({ kind }) => kind === SectionKind.WEATHER)
        ? 3_000
        : (OWN_TIMEOUTS_MS[id] ?? 5_000);
      assert.equal(limits.attemptTimeoutMs, allowedMs, id);
    }
  });
});
