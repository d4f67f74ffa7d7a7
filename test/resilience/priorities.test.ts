import assert from "node:assert/strict";
import { ConnectError } from "@connectrpc/connect";
import { fromWire } from "../../shared/error-wire.ts";
import { Priority } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { lisbonQuery, startFetcherFor } from "../support/fetcher.ts";
import { PLAIN_ANSWER, plainOrigin, plainProvider } from "../support/plain-provider.ts";
import { startProviderServer } from "../support/provider-server.ts";
import { until } from "../support/until.ts";

const target = { provider: "providers/plain", sectionKind: SectionKind.OVERVIEW };

describe("priorities", () => {
  it("lets callers go before refreshes, and those before warming", async () => {
    const server = await startProviderServer(() => PLAIN_ANSWER);
    const one = await startFetcherFor([plainProvider("plain", { maxConcurrentCount: 1 })], {
      [plainOrigin("plain")]: server.baseUrl,
    });
    server.setLatencyMs(() => (server.requests.length === 1 ? 300 : 0));
    const ask = async (languageCode: string, priority: keyof typeof Priority): Promise<void> => {
      const query = { ...lisbonQuery(), languageCode };
      await one.client.fetchContent({ target, query, priority: Priority[priority] });
    };
    const calls = [ask("de", "WARMING")];
    await until(() => server.requests.length === 1);
    const waiting = async (): Promise<number> =>
      (await one.client.listProviders({})).providers[0]?.queuedCallCount ?? 0;
    for (const [index, [languageCode, priority]] of (
      [
        ["fr", "WARMING"],
        ["it", "REFRESH"],
        ["pt", "INTERACTIVE"],
        ["es", "UNSPECIFIED"],
      ] as const
    ).entries()) {
      calls.push(ask(languageCode, priority));
      while ((await waiting()) <= index);
    }
    await Promise.all(calls);
    await one.close();
    await server.close();
    assert.deepEqual(
      server.requests.map(({ url }) => url.searchParams.get("language")),
      ["de", "pt", "es", "it", "fr"],
    );
  });

  it("refuses one that nobody knows", async () => {
    const fetcher = await startFetcherFor([plainProvider("plain")], {});
    const call = fetcher.client.fetchContent({ target, query: lisbonQuery(), priority: 4 as Priority });
    const error = await call.then(
      () => assert.fail("answered"),
      (reason: unknown) => reason,
    );
    assert.equal(fromWire(error).reason, "REQUEST_INVALID");
    assert.match(ConnectError.from(error).message, /invalid/i);
    await fetcher.close();
  });
});
