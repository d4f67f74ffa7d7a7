import assert from "node:assert/strict";
import { appendFile, readFile, symlink, writeFile } from "node:fs/promises";
import { ServiceError } from "../../shared/errors.ts";
import type { Subject } from "../../services/content-fetcher/cost/day-book.ts";
import type { Budgets } from "../../services/content-fetcher/cost/budget-guard.ts";
import type { Ledger } from "../../services/content-fetcher/cost/ledger.ts";
import { openLedger } from "../../services/content-fetcher/cost/open-ledger.ts";
import { createDisk, createLedgerFolder, type Disk, type LedgerFolder } from "../support/ledger-file.ts";

const RESTAURANTS: Subject = { provider: "providers/one", section: "RESTAURANTS" };
const ATTRACTIONS: Subject = { provider: "providers/one", section: "ATTRACTIONS" };
const OTHER: Subject = { provider: "providers/other", section: "RESTAURANTS" };
const NO_BUDGETS: Budgets = { totalUsdMicros: undefined, ofProviders: new Map() };
const HOUR_MS = 3_600_000;
const live = new AbortController().signal;

describe("the cost ledger", () => {
  let folder: LedgerFolder;
  let disk: Disk;
  let nowMs: number;
  const open = new Set<Ledger>();
  const told: string[] = [];
  const log = {
    info: (_: object, message: string) => void told.push(`info: ${message}`),
    warn: (_: object, message: string) => void told.push(`warn: ${message}`),
    error: (_: object, message: string) => void told.push(`error: ${message}`),
  };

  beforeEach(async () => {
    folder = await createLedgerFolder();
    disk = createDisk();
    nowMs = Date.parse("2026-11-24T12:00:00Z");
    told.length = 0;
  });
  afterEach(async () => {
    for (const ledger of open) await close(ledger);
    await folder.remove();
  });

  async function openFile(budgets: Partial<Budgets> = {}, file = folder.file): Promise<Ledger> {
    const ledger = await openLedger({
      file,
      budgets: { ...NO_BUDGETS, ...budgets },
      now: () => nowMs,
      log,
      openFile: disk.openFile,
    });
    open.add(ledger);
    return ledger;
  }
  async function close(ledger: Ledger): Promise<void> {
    open.delete(ledger);
    await ledger.close();
  }
  /** What a process that is killed leaves: the file as it is. */
  async function afterCrash(ledger: Ledger): Promise<Ledger> {
    const text = await readFile(folder.file, "utf8");
    await close(ledger);
    await writeFile(folder.file, text);
    return await openFile();
  }
  const sums = (ledger: Ledger) =>
    ledger
      .today()
      .map(({ provider, section, spentUsdMicros, estimatedUsdMicros, reservedUsdMicros }) => [
        `${provider} ${section}`,
        spentUsdMicros,
        estimatedUsdMicros,
        reservedUsdMicros,
      ]);
  const refusal = async (promise: Promise<unknown>): Promise<ServiceError> => {
    const error = await promise.then(
      () => assert.fail("it was reserved"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ServiceError);
    return error;
  };

  it("counts by provider and section what was settled, and what is reserved", async () => {
    const ledger = await openFile();
    const first = await ledger.reserve(RESTAURANTS, 100, live);
    const second = await ledger.reserve(RESTAURANTS, 100, live);
    const third = await ledger.reserve(ATTRACTIONS, 100, live);
    await ledger.reserve(OTHER, 70, live);
    first.settle(40, false);
    second.settle(100, true);
    third.release();
    ledger.add(ATTRACTIONS, 7);
    assert.deepEqual(sums(ledger), [
      ["providers/one RESTAURANTS", 140, 100, 0],
      ["providers/one ATTRACTIONS", 7, 0, 0],
      ["providers/other RESTAURANTS", 0, 0, 70],
    ]);
    assert.throws(() => third.settle(1, false), /one end/);
  });

  it("knows after a restart what it knew", async () => {
    const ledger = await openFile();
    (await ledger.reserve(RESTAURANTS, 100, live)).settle(40, false);
    (await ledger.reserve(RESTAURANTS, 100, live)).settle(60, true);
    (await ledger.reserve(OTHER, 100, live)).release();
    ledger.add(ATTRACTIONS, 7);
    await close(ledger);
    const next = await openFile();
    assert.deepEqual(sums(next), [
      ["providers/one RESTAURANTS", 100, 60, 0],
      ["providers/one ATTRACTIONS", 7, 0, 0],
    ]);
    assert.equal((await folder.lines()).length, 2);
  });

  it("takes for spent, at the most that it can be, what was under way in a crash", async () => {
    const ledger = await openFile();
    (await ledger.reserve(RESTAURANTS, 100, live)).settle(40, false);
    await ledger.reserve(RESTAURANTS, 100, live);
    await ledger.reserve(OTHER, 30, live);
    assert.deepEqual(sums(await afterCrash(ledger)), [
      ["providers/one RESTAURANTS", 140, 100, 0],
      ["providers/other RESTAURANTS", 30, 30, 0],
    ]);
  });

  it("has written a reservation when it is given, and syncs those once that come together", async () => {
    const ledger = await openFile();
    const before = disk.syncCount;
    const reservations = await Promise.all(
      Array.from({ length: 50 }, () => ledger.reserve(RESTAURANTS, 1, live)),
    );
    assert.equal((await folder.lines()).length, 50);
    assert.equal(disk.syncCount - before, 1);
    // Ends wait for nobody's disk.
    for (const reservation of reservations) reservation.settle(1, false);
    await close(ledger);
    assert.equal(disk.syncCount - before, 1);
    assert.equal((await folder.lines()).length, 100);
  });

  it("forgives a last line that was not written whole", async () => {
    const ledger = await openFile();
    (await ledger.reserve(RESTAURANTS, 100, live)).settle(40, false);
    await close(ledger);
    await appendFile(folder.file, '{"event":"reserved","id":2,"day":"2026-');
    assert.deepEqual(sums(await openFile()), [["providers/one RESTAURANTS", 40, 0, 0]]);
  });

  for (const [what, line] of Object.entries({
    "no JSON": "spent a lot",
    "another JSON": '{"event":"paid"}',
    "a field too many": '{"event":"released","id":1,"why":"no"}',
    "an end without a beginning": '{"event":"released","id":9}',
    "half a line": '{"event":"reserved","id":2,',
    nothing: "",
  })) {
    it(`does not begin with a file that has ${what} in it`, async () => {
      await writeFile(
        folder.file,
        `{"event":"spent","day":"2026-11-24","provider":"providers/one","section":"","usdMicros":1,"estimatedUsdMicros":0}\n${line}\n`,
      );
      const before = await readFile(folder.file, "utf8");
      await assert.rejects(openFile(), (error: Error) => {
        assert.match(error.message, /^the cost ledger \S+ cannot be used: line 2 /);
        return true;
      });
      assert.equal(await readFile(folder.file, "utf8"), before);
    });
  }

  it("does not begin where there is no file and cannot be one", async () => {
    await assert.rejects(openFile({}, `${folder.file}/nowhere`), /cannot be used/);
    await assert.rejects(openFile({}, "/dev"), /cannot be used: it is no file/);
  });

  it("is one process's at a time", async () => {
    const ledger = await openFile();
    await symlink(folder.file, `${folder.file}.link`);
    for (const name of [folder.file, `${folder.file}.link`])
      await assert.rejects(openFile({}, name), /cannot be used: another process is using it$/);
    await close(ledger);
    await openFile();
  });

  it("keeps within a provider's budget and within that of all", async () => {
    const ledger = await openFile({
      totalUsdMicros: 250,
      ofProviders: new Map([[RESTAURANTS.provider, 200]]),
    });
    (await ledger.reserve(RESTAURANTS, 100, live)).settle(100, false);
    (await ledger.reserve(ATTRACTIONS, 100, live)).settle(100, false);
    const own = await refusal(ledger.reserve(RESTAURANTS, 1, live));
    assert.equal(own.reason, "BUDGET_EXHAUSTED");
    assert.equal(own.retryDelayMs, 12 * HOUR_MS);
    assert.match(
      own.message,
      /^the daily budget of providers\/one has no room for 0\.000001: 0\.0002 of 0\.0002 US/,
    );
    (await ledger.reserve(OTHER, 50, live)).settle(50, false);
    const total = await refusal(ledger.reserve(OTHER, 1, live));
    assert.deepEqual([total.reason, total.metadata["budget"]], ["BUDGET_EXHAUSTED", "all providers"]);
    await refusal(ledger.reserve(OTHER, 1, live));
    assert.deepEqual(told, [
      "warn: a daily budget is used up: 0.0002 of 0.0002 US dollars are spent",
      "warn: a daily budget is used up: 0.00025 of 0.00025 US dollars are spent",
    ]);
  });

  it("counts what is reserved against a budget, until it has an end", async () => {
    const ledger = await openFile({ totalUsdMicros: 250 });
    const asked = await Promise.allSettled(
      Array.from({ length: 10 }, () => ledger.reserve(RESTAURANTS, 100, live)),
    );
    const reserved = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    assert.equal(reserved.length, 2);
    // Some of it may turn out to be free soon.
    const error = await refusal(ledger.reserve(RESTAURANTS, 100, live));
    assert.deepEqual([error.reason, error.retryDelayMs], ["BUDGET_EXHAUSTED", 1_000]);
    assert.deepEqual(told, []);
    reserved[0]?.release();
    await ledger.reserve(RESTAURANTS, 100, live);
  });

  it("lets nothing be spent with a budget of nothing", async () => {
    const ledger = await openFile({ ofProviders: new Map([[OTHER.provider, 0]]) });
    assert.equal((await refusal(ledger.reserve(OTHER, 1, live))).reason, "BUDGET_EXHAUSTED");
    await ledger.reserve(RESTAURANTS, 1, live);
  });

  it("begins each UTC day anew, and books what ends later on the day on which it began", async () => {
    const ledger = await openFile({ totalUsdMicros: 100 });
    nowMs = Date.parse("2026-11-24T23:59:59.999Z");
    const late = await ledger.reserve(RESTAURANTS, 60, live);
    assert.equal((await refusal(ledger.reserve(RESTAURANTS, 60, live))).retryDelayMs, 1_000);
    nowMs += 1;
    assert.deepEqual(sums(ledger), []);
    const early = await ledger.reserve(RESTAURANTS, 60, live);
    late.settle(60, false);
    early.settle(50, false);
    assert.deepEqual(sums(ledger), [["providers/one RESTAURANTS", 50, 0, 0]]);
    // A clock that is set right goes back over midnight: what was spent before is spent.
    nowMs -= 1;
    assert.deepEqual(sums(ledger), [["providers/one RESTAURANTS", 60, 0, 0]]);
    nowMs += 1;
    await close(ledger);
    assert.deepEqual(sums(await openFile()), [["providers/one RESTAURANTS", 50, 0, 0]]);
  });

  it("keeps little of the days before in its file, while it runs and when it starts", async () => {
    const ledger = await openFile();
    for (let call = 0; call < 20; call += 1) (await ledger.reserve(RESTAURANTS, 1, live)).settle(1, false);
    nowMs += 24 * HOUR_MS;
    (await ledger.reserve(RESTAURANTS, 2, live)).settle(2, false);
    await close(ledger);
    // The sum of yesterday, a reservation and its end.
    assert.equal((await folder.lines()).length, 3);
    nowMs += 24 * HOUR_MS;
    const next = await openFile();
    assert.equal((await folder.lines()).length, 1);
    assert.deepEqual(sums(next), []);
    nowMs += 24 * HOUR_MS;
    await close(next);
    await openFile();
    assert.equal((await folder.lines()).length, 0);
  });

  it("refuses what costs while the disk is full, and goes on when it is not", async () => {
    const ledger = await openFile({ totalUsdMicros: 1_000 });
    const before = await ledger.reserve(RESTAURANTS, 100, live);
    disk.full = true;
    disk.roomBytes = 10;
    const error = await refusal(ledger.reserve(RESTAURANTS, 100, live));
    assert.equal(error.reason, "PROVIDER_UNAVAILABLE");
    assert.match(error.message, /cannot be written to the cost ledger/);
    await refusal(ledger.reserve(OTHER, 100, live));
    before.settle(100, false);
    await refusal(ledger.reserve(OTHER, 100, live));
    assert.deepEqual(sums(ledger), [
      ["providers/one RESTAURANTS", 100, 0, 0],
      ["providers/other RESTAURANTS", 0, 0, 0],
    ]);
    assert.deepEqual(told, ["error: the cost ledger cannot be written: paid calls are refused"]);
    disk.full = false;
    (await ledger.reserve(OTHER, 100, live)).settle(70, false);
    assert.deepEqual(told.slice(1), ["info: the cost ledger can be written again"]);
    await close(ledger);
    assert.deepEqual(sums(await openFile()), [
      ["providers/one RESTAURANTS", 100, 0, 0],
      ["providers/other RESTAURANTS", 70, 0, 0],
    ]);
  });

  it("goes on with the old file when a day begins on a full disk", async () => {
    const ledger = await openFile();
    (await ledger.reserve(RESTAURANTS, 100, live)).settle(100, false);
    nowMs += 24 * HOUR_MS;
    disk.full = true;
    await refusal(ledger.reserve(RESTAURANTS, 100, live));
    disk.full = false;
    (await ledger.reserve(RESTAURANTS, 100, live)).settle(30, false);
    await close(ledger);
    assert.deepEqual(sums(await openFile()), [["providers/one RESTAURANTS", 30, 0, 0]]);
  });

  it("begins a day with what could not be written before it", async () => {
    const ledger = await openFile();
    const first = await ledger.reserve(RESTAURANTS, 100, live);
    const second = await ledger.reserve(RESTAURANTS, 100, live);
    disk.full = true;
    first.settle(40, false);
    await refusal(ledger.reserve(RESTAURANTS, 1, live));
    second.release();
    nowMs += 24 * HOUR_MS;
    disk.full = false;
    (await ledger.reserve(OTHER, 100, live)).settle(30, false);
    await close(ledger);
    assert.deepEqual(sums(await openFile()), [["providers/other RESTAURANTS", 30, 0, 0]]);
  });

  it("lets a caller go whom a slow disk holds up, and gives the money back", async () => {
    const ledger = await openFile();
    const synced = Promise.withResolvers<void>();
    disk.beforeSync = () => synced.promise;
    const leaving = new AbortController();
    const reserving = ledger.reserve(RESTAURANTS, 100, leaving.signal);
    leaving.abort(new Error("gone"));
    await assert.rejects(reserving, /gone/);
    assert.deepEqual(sums(ledger), [["providers/one RESTAURANTS", 0, 0, 100]]);
    synced.resolve();
    await close(ledger);
    assert.deepEqual(sums(await openFile()), []);
  });
});
