import assert from "node:assert/strict";
import { settleInTurn } from "../../services/guide-composer/admin/settle-in-turn.ts";

const never = new AbortController().signal;

describe("settling in turn", () => {
  /** Work that ends when told to. */
  class Work {
    readonly started: string[] = [];
    readonly signals: AbortSignal[] = [];
    readonly #running = new Map<string, PromiseWithResolvers<string>>();
    readonly run = (item: string, signal: AbortSignal): Promise<string> => {
      this.started.push(item);
      this.signals.push(signal);
      const settled = Promise.withResolvers<string>();
      this.#running.set(item, settled);
      return settled.promise;
    };
    end(item: string): void {
      this.#running.get(item)?.resolve(`${item} done`);
    }
    fail(item: string): void {
      this.#running.get(item)?.reject(new Error(`${item} failed`));
    }
  }
  let work: Work;
  beforeEach(() => (work = new Work()));

  it("runs so many at a time, and hands over who is done first", async () => {
    const settled = settleInTurn(["a", "b", "c"], 2, work.run, never);
    const first = settled.next();
    assert.deepEqual(work.started, ["a", "b"]);
    work.end("b");
    assert.deepEqual(await first, { done: false, value: "b done" });
    const second = settled.next();
    assert.deepEqual(work.started, ["a", "b", "c"]);
    work.end("c");
    assert.equal((await second).value, "c done");
    const third = settled.next();
    work.end("a");
    assert.equal((await third).value, "a done");
    assert.equal((await settled.next()).done, true);
  });

  it("ends without items", async () => {
    assert.equal((await settleInTurn([], 2, work.run, never).next()).done, true);
  });

  it("ends what is under way when nobody reads any more", async () => {
    const settled = settleInTurn(["a", "b", "c"], 2, work.run, never);
    const first = settled.next();
    work.end("a");
    await first;
    await settled.return(undefined);
    assert.ok(work.signals.every(({ aborted }) => aborted));
    assert.deepEqual(work.started, ["a", "b"]);
    // Nobody is told, and nothing is left unhandled.
    work.fail("b");
  });

  it("ends what is under way with the first failure, and with its signal", async () => {
    const failing = settleInTurn(["a", "b"], 2, work.run, never);
    const first = failing.next();
    work.fail("b");
    await assert.rejects(first, /b failed/);
    assert.ok(work.signals.every(({ aborted }) => aborted));
    const leaving = new AbortController();
    const left = settleInTurn(["c", "d"], 1, work.run, leaving.signal);
    const next = left.next();
    leaving.abort(new Error("gone"));
    work.end("c");
    await next;
    await assert.rejects(left.next(), /gone/);
    assert.equal(work.started.includes("d"), false);
  });
});
