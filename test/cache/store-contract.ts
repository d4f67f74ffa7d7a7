import assert from "node:assert/strict";
import type { Entry, Store } from "../../services/guide-composer/cache/store.ts";
import {
  contentKey,
  destinationKey,
  geocodeKey,
  identifyGuide,
} from "../../services/guide-composer/cache/keys.ts";

const LISBON = "destinations/2267057";
const PORTO = "destinations/2735943";
const signal = new AbortController().signal;

const entryOf = (text: string, storedMs: number, negative = false): Entry => ({
  bytes: Buffer.from(text),
  storedMs,
  expireMs: storedMs + 60_000,
  negative,
});

/** What every store keeps. `now` is the clock that the stores of the suite go by. */
export function describeStore(
  name: string,
  create: (now: () => number) => Promise<Store>,
  maxStaleMs: number,
): void {
  describe(`cache store: ${name}`, () => {
    let store: Store;
    const nowMs = Date.now();
    const weather = contentKey(LISBON, "WEATHER", "providers/open-meteo", ["dates"]);
    const sights = contentKey(LISBON, "ATTRACTIONS", "providers/overpass", []);
    const other = contentKey(PORTO, "WEATHER", "providers/open-meteo", ["dates"]);
    const guide = identifyGuide(LISBON, ["spec"]).key;

    beforeEach(async () => {
      store = await create(() => nowMs);
    });
    afterEach(() => store.close());

    const read = async (...keys: string[]): Promise<(string | undefined)[]> =>
      (await store.getMany(keys, signal)).map((found) =>
        found.state === "entry" ? Buffer.from(found.entry.bytes).toString() : undefined,
      );

    it("gives back what was written, in the order asked for, and nothing for the rest", async () => {
      await store.set(weather, entryOf("rain", nowMs, true));
      await store.set(sights, entryOf("tower", nowMs - 5));
      const [first, second, third] = await store.getMany([sights, other, weather], signal);
      assert.deepEqual(second, { state: "none" });
      assert.ok(first?.state === "entry" && third?.state === "entry");
      assert.equal(first.entry.storedMs, nowMs - 5);
      assert.equal(first.entry.expireMs, nowMs - 5 + 60_000);
      assert.equal(first.entry.negative, false);
      assert.equal(third.entry.negative, true);
      assert.deepEqual(await read(sights, other, weather), ["tower", undefined, "rain"]);
    });

    it("keeps bytes as they are, empty and large ones too", async () => {
      const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 31) % 251);
      await store.set(weather, { bytes, storedMs: nowMs, expireMs: nowMs + 1000, negative: false });
      await store.set(sights, {
        bytes: new Uint8Array(),
        storedMs: nowMs,
        expireMs: nowMs + 1000,
        negative: false,
      });
      const [large, empty] = await store.getMany([weather, sights], signal);
      assert.ok(large?.state === "entry" && Buffer.from(large.entry.bytes).equals(bytes));
      assert.ok(empty?.state === "entry" && empty.entry.bytes.byteLength === 0);
    });

    it("replaces, and deletes what is there and what is not", async () => {
      await store.set(weather, entryOf("rain", nowMs));
      await store.set(weather, entryOf("sun", nowMs));
      assert.deepEqual(await read(weather), ["sun"]);
      await store.delete(weather);
      await store.delete(weather);
      assert.deepEqual(await read(weather), [undefined]);
    });

    it("replaces an entry only where it is still the one that was read", async () => {
      const [rain, sun] = [entryOf("rain", nowMs), entryOf("sun", nowMs)];
      assert.equal(await store.replace(weather, rain, sun), false);
      assert.deepEqual(await read(weather), [undefined]);
      await store.set(weather, rain);
      assert.equal(await store.replace(weather, { ...rain, expireMs: rain.expireMs + 1 }, sun), false);
      assert.equal(await store.replace(weather, entryOf("rein", nowMs), sun), false);
      assert.deepEqual(await read(weather), ["rain"]);
      assert.equal(await store.replace(weather, entryOf("rain", nowMs), sun), true);
      assert.deepEqual(await read(weather), ["sun"]);
      const [found] = await store.getMany([weather], signal);
      assert.ok(found?.state === "entry" && found.entry.expireMs === sun.expireMs);
    });

    it("lets what comes late not undo what is newer, as long as that is valid", async () => {
      const [old, fresh] = [entryOf("old", nowMs - 2_000), entryOf("fresh", nowMs - 1_000)];
      await store.set(weather, fresh);
      await store.set(weather, old);
      assert.deepEqual(await read(weather), ["fresh"]);
      await store.set(sights, { ...fresh, expireMs: nowMs });
      await store.set(sights, old);
      assert.deepEqual(await read(sights), ["old"]);
      // Written when a clock was ahead: that is no reason to keep it.
      await store.set(other, entryOf("of the future", nowMs + 1));
      await store.set(other, old);
      assert.deepEqual(await read(other), ["old"]);
    });

    it("keeps an expired entry for callers that accept it", async () => {
      await store.set(weather, entryOf("rain", nowMs - 60_001 - maxStaleMs / 2));
      assert.deepEqual(await read(weather), ["rain"]);
    });

    it("evicts by destination, section and provider, whole guides with them, and all", async () => {
      const geocode = geocodeKey("atlantis");
      const named = destinationKey(LISBON);
      const fill = async (): Promise<void> => {
        for (const key of [weather, sights, other, guide, geocode, named])
          await store.set(key, entryOf(key, nowMs));
      };
      const left = async (): Promise<boolean[]> =>
        (await read(weather, sights, other, guide, geocode, named)).map((text) => text !== undefined);
      await fill();
      assert.equal(await store.evict({ destination: LISBON }), 4);
      assert.deepEqual(await left(), [false, false, true, false, true, false]);
      await fill();
      assert.equal(await store.evict({ kind: "WEATHER" }), 3);
      assert.deepEqual(await left(), [false, true, false, false, true, true]);
      await fill();
      assert.equal(await store.evict({ provider: "providers/overpass" }), 2);
      assert.deepEqual(await left(), [true, false, true, false, true, true]);
      await fill();
      assert.equal(await store.evict({ destination: PORTO, kind: "ATTRACTIONS" }), 0);
      assert.equal(await store.evict({}), 6);
      assert.deepEqual(await left(), [false, false, false, false, false, false]);
    });
  });
}
