import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { Secret } from "../../shared/config.ts";
import {
  CHARGING_KINDS,
  chargingProvider,
  countOf,
  startChargingServer,
  WORST_USD_MICROS,
  type ChargingServer,
  type Deed,
} from "../support/charging-provider.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "../support/fetcher.ts";
import { createLedgerFolder, type LedgerFolder } from "../support/ledger-file.ts";
import { plainOrigin } from "../support/plain-provider.ts";
import type { ReceivedRequest } from "../support/provider-server.ts";

/** One call: what its attempts meet, and whether its caller leaves as the first of them is under way. */
interface PlannedCall {
  readonly deeds: readonly Deed[];
  readonly leaves: boolean;
}

/** Calls at the same time, and what becomes of content-fetcher at the request of that number among theirs. */
interface Round {
  readonly calls: readonly PlannedCall[];
  readonly ending: { readonly kind: "crash" | "stop" | "none"; readonly atRequest: number };
}

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("told" as const), usdMicros: fc.nat(WORST_USD_MICROS) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("untold" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("spoilt", "failed", "vanish", "failed-free", "busy", "denied" as const),
    }),
  },
);
const plannedCall: fc.Arbitrary<PlannedCall> = fc.record({
  deeds: fc.array(deed, { minLength: 3, maxLength: 3 }),
  leaves: fc.constantFrom(false, false, false, true),
});
const round: fc.Arbitrary<Round> = fc.record({
  calls: fc.array(plannedCall, { minLength: 1, maxLength: 12 }),
  ending: fc.record({
    kind: fc.constantFrom("none", "none", "stop", "crash" as const),
    atRequest: fc.nat(8),
  }),
});

/** What the provider, and the ledger, are to have at the end of all that happened so far. */
class Story {
  readonly #folder: LedgerFolder;
  readonly #budgets: { readonly own: number; readonly total: number };
  #server: ChargingServer | undefined;
  #fetcher: FetcherUnderTest | undefined;
  /** Of the process that runs: its key, by which the provider knows it. */
  #generation = 0;
  #isDead = false;
  /** What the ledger of this process began with, and what is to be counted on top of it. */
  #beganWith = 0;
  #counted = 0;
  #requestCount = 0;
  #onRequest: (request: ReceivedRequest) => Deed = () => assert.fail("no round");

  constructor(folder: LedgerFolder, budgets: { readonly own: number; readonly total: number }) {
    this.#folder = folder;
    this.#budgets = budgets;
  }

  async start(): Promise<void> {
    this.#server = await startChargingServer((request) => {
      if (this.#isDead || request.headers["x-key"] !== `key-${this.#generation}`) return undefined;
      const now = this.#onRequest(request);
      this.#counted += countOf(now);
      this.#requestCount += 1;
      return now;
    });
    await this.#startFetcher();
  }

  async close(): Promise<void> {
    await this.#fetcher?.close();
    await this.#server?.close();
  }

  async #startFetcher(): Promise<void> {
    this.#generation += 1;
    this.#isDead = false;
    this.#fetcher = await startFetcherFor(
      [chargingProvider],
      { [plainOrigin("charging")]: this.#server?.baseUrl ?? "" },
      {
        settings: {
          FETCHER_LISTEN: { host: "127.0.0.1", port: 0 },
          OPERATOR_CONTACT: undefined,
          HEDGING: "off",
          MAX_CONCURRENT_CALLS: 1_000,
          SHUTDOWN_DELAY_MS: 0,
          COST_LEDGER_FILE: this.#folder.file,
          DAILY_BUDGET_USD: this.#budgets.total,
        },
        providerSettings: {
          keys: new Map([["CHARGING_API_KEY", new Secret(`key-${this.#generation}`)]]),
          switchedOn: new Set(),
          dailyBudgetsUsdMicros: new Map([["CHARGING_DAILY_BUDGET_USD", this.#budgets.own]]),
        },
        // Noon, so that the day does not end meanwhile.
        now: () => Date.parse("2026-11-24T12:00:00Z"),
        random: () => 0,
      },
    );
    this.#beganWith = (await this.#spending()).spent;
    this.#counted = 0;
    this.#requestCount = 0;
  }

  async #spending(): Promise<{ readonly spent: number; readonly reserved: number }> {
    const { client } = this.#fetcher ?? assert.fail("it runs");
    const { spentTodayUsdMicros, reservedUsdMicros, providers } = await client.listProviders({});
    assert.equal(providers[0]?.spentTodayUsdMicros, spentTodayUsdMicros);
    const ofSections = providers[0]?.offerings.reduce(
      (sum, offering) => sum + offering.spentTodayUsdMicros,
      0n,
    );
    assert.equal(ofSections, spentTodayUsdMicros);
    return { spent: Number(spentTodayUsdMicros), reserved: Number(reservedUsdMicros) };
  }

  async play({ calls, ending }: Round): Promise<void> {
    const { client, close } = this.#fetcher ?? assert.fail("it runs");
    const server = this.#server ?? assert.fail("it runs");
    const countedBefore = this.#beganWith + this.#counted;
    const chargedBefore = server.chargedUsdMicros();
    const attempts = new Map<number, number>();
    const leaving = calls.map(() => new AbortController());
    let requestCount = 0;
    let left: string | undefined;
    let stopping: Promise<void> | undefined;
    this.#onRequest = ({ url }) => {
      const index = Number(url.searchParams.get("call")) - 1;
      const attempt = attempts.get(index) ?? 0;
      attempts.set(index, attempt + 1);
      requestCount += 1;
      if (ending.kind !== "none" && requestCount === ending.atRequest + 1) {
        if (ending.kind === "stop") stopping = close(0);
        else {
          // Whatever this process does from now on, none of it has happened.
          this.#isDead = true;
          left = readFileSync(this.#folder.file, "utf8");
        }
      }
      const { deeds = [], leaves = false } = calls[index] ?? {};
      if (!leaves) return deeds[attempt] ?? assert.fail("an attempt too many");
      leaving[index]?.abort();
      return { kind: "hang" };
    };
    await Promise.allSettled(
      calls.map((_, index) =>
        client.fetchContent(
          {
            target: {
              provider: "providers/charging",
              sectionKind: CHARGING_KINDS[index % CHARGING_KINDS.length] ?? CHARGING_KINDS[0],
            },
            query: { ...lisbonQuery(), dayCount: index + 1 },
          },
          { signal: leaving[index]?.signal ?? assert.fail("each call has one"), timeoutMs: 60_000 },
        ),
      ),
    );
    const ended = left !== undefined || stopping !== undefined;
    if (ended) {
      await (stopping ?? close(0));
      if (left !== undefined) writeFileSync(this.#folder.file, left);
      const least = countedBefore + server.chargedUsdMicros() - chargedBefore;
      // Ends that were not written yet, and reservations for what was not sent any more.
      const most = this.#beganWith + (this.#requestCount + calls.length) * WORST_USD_MICROS;
      await this.#startFetcher();
      const { spent, reserved } = await this.#spending();
      assert.equal(reserved, 0);
      assert.ok(spent >= least && spent <= most, `${least} <= ${spent} <= ${most}`);
    } else {
      // A call whose caller has left ends behind it.
      let { spent, reserved } = await this.#spending();
      while (reserved > 0) ({ spent, reserved } = await this.#spending());
      assert.equal(spent, this.#beganWith + this.#counted);
    }
    const { spent } = await this.#spending();
    assert.ok(server.chargedUsdMicros() <= spent);
    assert.ok(spent <= Math.min(this.#budgets.own, this.#budgets.total));
  }
}

describe("a daily budget", function () {
  this.timeout(120_000);

  it("holds, and the ledger has what the provider charged, whatever happens", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(round, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 40 * WORST_USD_MICROS }),
        fc.integer({ min: 0, max: 40 * WORST_USD_MICROS }),
        async (rounds, own, total) => {
          const folder = await createLedgerFolder();
          const story = new Story(folder, { own, total });
          try {
            await story.start();
            for (const one of rounds) await story.play(one);
          } finally {
            await story.close();
            await folder.remove();
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
