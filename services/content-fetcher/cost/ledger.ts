import { metrics } from "@opentelemetry/api";
import { ServiceError } from "../../../shared/errors.ts";
import { ATTRIBUTE } from "../../../shared/telemetry/attributes.ts";
import { createBudgetGuard, type Budgets, type LedgerLog } from "./budget-guard.ts";
import { createDayBook, dayOf, oldestDayOf, type DayBook, type Spending, type Subject } from "./day-book.ts";
import type { Journal } from "./journal.ts";
import type { JournalEvent, Reserved, Spent } from "./journal-events.ts";

/** Money set aside for one request. Exactly one of its functions is to be called, once. */
export interface Reservation {
  /** @param estimated whether the provider has not said it */
  readonly settle: (usdMicros: number, estimated: boolean) => void;
  /** It cannot have cost anything. */
  readonly release: () => void;
}

/** The one account of what providers cost: what it counts is what it allows, and what it reports. */
export interface Ledger {
  /**
   * Sets the most aside that a request can cost. When it resolves, the end of this process cannot lose it.
   *
   * @throws ServiceError BUDGET_EXHAUSTED; PROVIDER_UNAVAILABLE when it cannot be written down; the signal's reason
   */
  readonly reserve: (subject: Subject, usdMicros: number, signal: AbortSignal) => Promise<Reservation>;
  /** Counts what a provider has charged without a reservation, because it states no price. */
  readonly add: (subject: Subject, usdMicros: number) => void;
  /** Of the present UTC day. */
  readonly today: () => readonly Readonly<Spending>[];
  readonly budgets: Budgets;
  readonly close: () => Promise<void>;
}

export interface LedgerOptions {
  readonly budgets: Budgets;
  readonly journal: Journal;
  /** What the journal had at the start. */
  readonly spent: readonly Spent[];
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Pick<LedgerLog, "warn">;
}

export function createLedger({ budgets, journal, spent, now, log }: LedgerOptions): Ledger {
  const books = new Map<string, DayBook>();
  const open = new Map<number, Reserved>();
  const guard = createBudgetGuard(budgets, now, log);
  let lastId = 0;
  const cost = metrics.getMeter("wayfarer").createCounter("wayfarer.provider.cost", {
    unit: "{usd_micro}",
    description: "What providers charged or, where they do not say, may have by their price lists",
  });

  const bookOf = (day: string): DayBook => {
    const book = books.get(day) ?? createDayBook();
    books.set(day, book);
    return book;
  };
  for (const { day, provider, section, usdMicros, estimatedUsdMicros } of spent) {
    const line = bookOf(day).line({ provider, section });
    line.spentUsdMicros += usdMicros;
    line.estimatedUsdMicros += estimatedUsdMicros;
  }
  bookOf(dayOf(now()));

  function bookAt(nowMs: number): DayBook {
    const day = dayOf(nowMs);
    const known = books.get(day);
    if (known !== undefined) return known;
    for (const old of books.keys()) if (old < oldestDayOf(nowMs)) books.delete(old);
    guard.beginDay();
    journal.replace([...[...books].flatMap(([old, book]) => toSpent(old, book)), ...open.values()]);
    return bookOf(day);
  }

  function count({ provider, section }: Subject, line: Spending, usdMicros: number, estimated: boolean) {
    line.spentUsdMicros += usdMicros;
    if (estimated) line.estimatedUsdMicros += usdMicros;
    if (usdMicros > 0)
      cost.add(usdMicros, { [ATTRIBUTE.provider]: provider, [ATTRIBUTE.sectionKind]: section });
  }

  async function reserve(subject: Subject, usdMicros: number, signal: AbortSignal): Promise<Reservation> {
    signal.throwIfAborted();
    const nowMs = now();
    const day = dayOf(nowMs);
    const book = bookAt(nowMs);
    guard.check(book, subject.provider, usdMicros);
    const line = book.line(subject);
    const { provider, section } = subject;
    const id = (lastId += 1);
    const event: Reserved = { event: "reserved", id, day, provider, section, usdMicros };
    open.set(id, event);
    line.reservedUsdMicros += usdMicros;

    const forget = (): void => {
      open.delete(id);
      line.reservedUsdMicros -= usdMicros;
    };
    const end = (ending: JournalEvent): void => {
      if (!open.has(id)) throw new Error("a reservation has one end");
      forget();
      journal.note(ending);
    };
    const reservation: Reservation = {
      settle: (amount, estimated) => {
        end({ event: "settled", id, usdMicros: amount, estimated });
        count(subject, line, amount, estimated);
      },
      release: () => end({ event: "released", id }),
    };

    const kept = journal.keep(event);
    const outcome = await settledOrAborted(kept, signal);
    if (outcome.state === "kept") return reservation;
    if (outcome.state === "aborted") {
      // The disk takes its time: nobody waits for it, and nothing was sent.
      kept.then(reservation.release, forget);
      throw signal.reason;
    }
    forget();
    throw new ServiceError("PROVIDER_UNAVAILABLE", "what it costs cannot be written to the cost ledger", {
      cause: outcome.error,
    });
  }

  return {
    reserve,
    add: (subject, usdMicros) => {
      const { provider, section } = subject;
      const nowMs = now();
      const line = bookAt(nowMs).line(subject);
      journal.note({
        event: "spent",
        day: dayOf(nowMs),
        provider,
        section,
        usdMicros,
        estimatedUsdMicros: 0,
      });
      count(subject, line, usdMicros, false);
    },
    today: () => books.get(dayOf(now()))?.lines() ?? [],
    budgets,
    close: journal.close,
  };
}

const toSpent = (day: string, book: DayBook): Spent[] =>
  book.lines().map(({ provider, section, spentUsdMicros, estimatedUsdMicros }) => ({
    event: "spent",
    day,
    provider,
    section,
    usdMicros: spentUsdMicros,
    estimatedUsdMicros,
  }));

type Kept =
  | { readonly state: "kept" }
  | { readonly state: "aborted" }
  | { readonly state: "failed"; readonly error: unknown };

function settledOrAborted(kept: Promise<void>, signal: AbortSignal): Promise<Kept> {
  return new Promise((resolve) => {
    const onAbort = (): void => resolve({ state: "aborted" });
    signal.addEventListener("abort", onAbort, { once: true });
    const end = (outcome: Kept): void => {
      signal.removeEventListener("abort", onAbort);
      resolve(signal.aborted ? { state: "aborted" } : outcome);
    };
    kept.then(
      () => end({ state: "kept" }),
      (error: unknown) => end({ state: "failed", error }),
    );
  });
}
