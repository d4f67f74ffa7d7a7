import assert from "node:assert/strict";
import { setInterval, setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { ContentQuerySchema, Priority } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { createContentClient } from "../../services/guide-composer/fetch/content-client.ts";
import { startWireServer, type WireServer } from "../support/wire-server.ts";

const CONTENT = { kind: SectionKind.WEATHER, provider: "providers/x", key: "k", lifeMs: 1 } as const;
const QUERY = create(ContentQuerySchema);
const CALLS_EVERY_MS = 10;
const RESTART_COUNT = 20;
/** What a call of a provider takes here. */
const WORK_MS = 20;

describe("R10: the fetcher restarts 20 times under load, two replicas", () => {
  it("and no call fails", async function () {
    this.timeout(20_000);
    let served = 0;
    const start = (port: number): Promise<WireServer> =>
      startWireServer(
        {
          listProviders: () => {
            served += 1;
            return {};
          },
          streamContent: async function* () {
            served += 1;
            yield {};
            await delay(WORK_MS);
            yield {};
          },
        },
        { listen: { host: "127.0.0.1", port } },
      );
    const replicas = [await start(0), await start(0)];
    const client = createContentClient(
      `ipv4:${replicas.map(({ address }) => address).join(",")}`,
      [],
      Date.now,
    );
    const never = new AbortController().signal;
    const failures: unknown[] = [];
    const calls: Promise<unknown>[] = [];
    const load = new AbortController();
    const stream = async (): Promise<void> => {
      let count = 0;
      for await (const _ of client.stream([CONTENT], QUERY, Priority.INTERACTIVE, 5_000, never)) count += 1;
      assert.equal(count, 2);
    };
    const loading = (async (): Promise<void> => {
      for await (const _ of setInterval(CALLS_EVERY_MS)) {
        if (load.signal.aborted) return;
        const call = calls.length % 2 === 0 ? client.listProviders(5_000, never) : stream();
        calls.push(call.catch((error: unknown) => failures.push(error)));
      }
    })();
    for (let count = 0; count < RESTART_COUNT; count += 1) {
      const index = count % 2;
      const replica = replicas[index];
      assert.ok(replica);
      await replica.drain(2_000);
      replicas[index] = await start(replica.port);
      // Until the other one goes, the channel has found this one again, as orchestrators wait for readiness.
      const before = served;
      for await (const _ of setInterval(5)) if (served >= before + 15) break;
    }
    load.abort();
    await loading;
    await Promise.all(calls);
    assert.deepEqual(failures, []);
    assert.ok(calls.length > 100);
    client.close();
    await Promise.all(replicas.map((replica) => replica.drain(0)));
  });
});
