import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ContentService } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { ProviderOutcome_Kind as Kind, SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import {
  countOf,
  startChargingServer,
  WORST_USD_MICROS,
  type ChargingServer,
  type Deed,
} from "../support/charging-provider.ts";
import { lisbonQuery } from "../support/fetcher.ts";
import { createLedgerFolder, type LedgerFolder } from "../support/ledger-file.ts";
import { plainOrigin } from "../support/plain-provider.ts";
import { startService, type ServiceProcess } from "../support/service-process.ts";

const KILL_COUNT = 20;
const CALLS_AT_ONCE = 20;
/** As many requests a process answers before it is killed, on average. */
const MEAN_REQUEST_COUNT = 60;
/** Enough for most of the story, and not for its end. */
const BUDGET_USD_MICROS = KILL_COUNT * MEAN_REQUEST_COUNT * 0.5 * WORST_USD_MICROS;
const ENTRY = fileURLToPath(new URL("../support/charging-fetcher-process.ts", import.meta.url));

const DEEDS: readonly Deed[] = [
  { kind: "told", usdMicros: 700 },
  { kind: "told", usdMicros: 1 },
  { kind: "untold" },
  { kind: "failed" },
  { kind: "told", usdMicros: WORST_USD_MICROS },
  { kind: "vanish" },
  { kind: "busy" },
];

describe("a content-fetcher that is killed in the midst of paid calls", function () {
  this.timeout(240_000);
  let server: ChargingServer;
  let folder: LedgerFolder;
  let requestCount = 0;
  let countedUsdMicros = 0;
  let onRequest = (): void => {};

  before(async () => {
    folder = await createLedgerFolder();
    server = await startChargingServer(() => {
      const deed = DEEDS[requestCount % DEEDS.length] ?? assert.fail("there are some");
      requestCount += 1;
      countedUsdMicros += countOf(deed);
      onRequest();
      return deed;
    });
  });
  after(async () => {
    await server.close();
    await folder.remove();
  });

  const start = (): Promise<ServiceProcess> =>
    startService(
      "content-fetcher",
      {
        [plainOrigin("charging")]: server.baseUrl,
        COST_LEDGER_FILE: folder.file,
        CHARGING_API_KEY: "key",
        CHARGING_DAILY_BUDGET_USD: (BUDGET_USD_MICROS / 1_000_000).toFixed(6),
        LOG_LEVEL: "info",
      },
      ENTRY,
    );
  const clientOf = ({ address }: ServiceProcess) =>
    createClient(
      ContentService,
      createGrpcTransport({ baseUrl: `http://${address}`, idleConnectionTimeoutMs: 1 }),
    );
  const fetchOne = (client: ReturnType<typeof clientOf>) =>
    client.fetchContent({
      target: { provider: "providers/charging", sectionKind: SectionKind.OVERVIEW },
      query: lisbonQuery(),
    });

  it(`up to ${KILL_COUNT} times keeps its budget, and counts all that was charged`, async () => {
    const exhausted = new AbortController();
    for (let kill = 0; kill < KILL_COUNT && !exhausted.signal.aborted; kill += 1) {
      const fetcher = await start();
      const client = clientOf(fetcher);
      const { spentTodayUsdMicros: spent } = await client.listProviders({});
      assert.ok(Number(spent) >= server.chargedUsdMicros(), `${spent} after ${kill} kills`);
      assert.ok(Number(spent) <= BUDGET_USD_MICROS);
      // What nobody has been told of is one call's worth for each that was under way.
      assert.ok(Number(spent) <= countedUsdMicros + (kill + 1) * CALLS_AT_ONCE * 3 * WORST_USD_MICROS);
      let left = 1 + Math.floor(Math.random() * 2 * MEAN_REQUEST_COUNT);
      onRequest = () => {
        left -= 1;
        if (left === 0) fetcher.kill();
      };
      const killed = new AbortController();
      void fetcher.ended.then(() => killed.abort());
      const over = AbortSignal.any([killed.signal, exhausted.signal]);
      const callers = Array.from({ length: CALLS_AT_ONCE }, async () => {
        while (!over.aborted) {
          const outcome = await fetchOne(client).then(
            (response) => response.outcome,
            () => undefined,
          );
          if (outcome?.kind !== Kind.SKIPPED) continue;
          if (/no room.*spent$/.test(outcome.detail)) exhausted.abort();
          // The circuit is open for a moment.
          else await delay(10);
        }
      });
      await Promise.all(callers);
      onRequest = () => {};
      fetcher.kill();
      await fetcher.ended;
    }
    assert.ok(exhausted.signal.aborted, "the budget was never used up");
    const last = await start();
    const { spentTodayUsdMicros, reservedUsdMicros } = await clientOf(last).listProviders({});
    const spent = Number(spentTodayUsdMicros);
    assert.equal(reservedUsdMicros, 0n);
    assert.ok(server.chargedUsdMicros() <= spent && spent <= BUDGET_USD_MICROS);
    // The file is one process's: another one says so, in one line, and ends.
    await assert.rejects(start(), /ended with 1: .*cannot be used: another process is using it/);
    assert.equal(await last.stop(), 0);
  });
});
