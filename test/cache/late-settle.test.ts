import assert from "node:assert/strict";
import { createLookup, NO_LIMITS } from "../../services/guide-composer/cache/lookup.ts";
import { createMemoryStore } from "../../services/guide-composer/cache/memory-store.ts";
import type { Store } from "../../services/guide-composer/cache/store.ts";
import { keysOf, MAX_STALE_MS, Source, valueOf } from "./harness.ts";

describe("a load that settles while a farther tier is read", () => {
  it("is not started again", async () => {
    const nowMs = 1_800_000_000_000;
    const now = (): number => nowMs;
    const createStore = () => createMemoryStore(1 << 20, MAX_STALE_MS, now);
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const { promise: asked, resolve: tellAsked } = Promise.withResolvers<void>();
    // Keeps its answer back, which is that it has nothing.
    const far: Store = {
      ...createStore(),
      tier: "redis",
      getMany: async (keys) => {
        tellAsked();
        await answered;
        return keys.map(() => ({ state: "none" }));
      },
    };
    const lookup = createLookup({
      tiers: [createStore(), far],
      clusterLoad: undefined,
      refreshAhead: undefined,
      now,
      onTierError: assert.fail,
    });
    const [key = ""] = keysOf("1", 1);
    const source = new Source(() => assert.fail("started again"));
    const looking = lookup.lookUp({
      ...NO_LIMITS,
      keys: [key],
      mode: "prefer-cache",
      maxStaleMs: 0,
      load: source.load,
      refreshLoad: source.load,
      signal: new AbortController().signal,
    });
    await asked;
    lookup.write(key, valueOf("loaded meanwhile", nowMs));
    answer();
    const { cachedKeys, results } = await looking;
    assert.deepEqual([...cachedKeys], [key]);
    assert.deepEqual((await results.get(key))?.decisions, ["HIT_MEMORY"]);
    await lookup.close();
  });
});
