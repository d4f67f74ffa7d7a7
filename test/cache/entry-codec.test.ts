import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeEntry, encodeEntry } from "../../services/guide-composer/cache/entry-codec.ts";
import type { Entry } from "../../services/guide-composer/cache/store.ts";

/** Sizes, so that a counterexample is readable: below and above the one from which bytes are compressed. */
const size = fc.oneof(fc.nat(200), fc.integer({ min: 8_192, max: 40_000 }));
const times = fc.record({
  storedMs: fc.integer({ min: 0, max: 2 ** 45 }),
  expireMs: fc.integer({ min: 0, max: 2 ** 45 }),
  negative: fc.boolean(),
});
const entryOf = (sizeBytes: number, own: Omit<Entry, "bytes">): Entry => ({
  ...own,
  bytes: Buffer.from("Old town on a river. ".repeat(sizeBytes).slice(0, sizeBytes)),
});

describe("entries as Redis keeps them", () => {
  it("are read back as they were written", () =>
    fc.assert(
      fc.property(size, times, (sizeBytes, own) => {
        const written = entryOf(sizeBytes, own);
        const read = decodeEntry(encodeEntry(written));
        assert.ok(read);
        assert.ok(Buffer.from(read.bytes).equals(Buffer.from(written.bytes)));
        assert.deepEqual({ ...read, bytes: 0 }, { ...written, bytes: 0 });
      }),
    ));

  it("are nothing when any bit of them has changed, of the times too", () =>
    fc.assert(
      fc.property(size, times, fc.nat(), (sizeBytes, own, at) => {
        const value = encodeEntry(entryOf(sizeBytes, own));
        const bit = at % (value.length * 8);
        const byte = Math.floor(bit / 8);
        value.writeUInt8(value.readUInt8(byte) ^ (1 << (bit % 8)), byte);
        assert.equal(decodeEntry(value), undefined);
      }),
      { numRuns: 1_000 },
    ));

  it("are nothing when they were cut off", () =>
    fc.assert(
      fc.property(size, times, fc.nat(), (sizeBytes, own, at) => {
        const value = encodeEntry(entryOf(sizeBytes, own));
        assert.equal(decodeEntry(value.subarray(0, at % value.length)), undefined);
      }),
    ));

  it("hold no more memory than their bytes, whatever came over the socket with them", () =>
    fc.assert(
      fc.property(size, times, (sizeBytes, own) => {
        const written = entryOf(sizeBytes, own);
        const value = encodeEntry(written);
        const received = Buffer.alloc(65_536);
        received.set(value.subarray(0, 60_000), 100);
        const read = decodeEntry(received.subarray(100, 100 + value.length));
        assert.ok(read);
        assert.ok(read.bytes.buffer.byteLength <= Math.max(64, written.bytes.byteLength));
      }),
    ));

  it("take less room when they are large", () => {
    const bytes = Buffer.from("A long text about an old town on a river. ".repeat(500));
    assert.ok(encodeEntry({ bytes, storedMs: 1, expireMs: 2, negative: false }).length < bytes.length / 2);
  });
});
