import { ServiceError } from "../../../shared/errors.ts";
import { msToNextDay, type DayBook } from "./day-book.ts";
import { toUsd } from "./usd.ts";

/** What may be spent in a UTC day, millionths of a US dollar. */
export interface Budgets {
  /** On all providers; undefined for no limit. */
  readonly totalUsdMicros: number | undefined;
  /** By resource name. */
  readonly ofProviders: ReadonlyMap<string, number>;
}

type Write = (fields: object, message: string) => void;

/** The part of a log that a ledger writes to. */
export interface LedgerLog {
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

/** Holds reservations to the budgets. */
export interface BudgetGuard {
  /** @throws ServiceError BUDGET_EXHAUSTED when the day's account has no room for it */
  readonly check: (book: DayBook, provider: string, usdMicros: number) => void;
  /** From now on the log is told of exhausted budgets again. */
  readonly beginDay: () => void;
}

/** When only requests under way stand in the way: soon some of them will have cost less, or nothing. */
const RESERVED_RETRY_MS = 1_000;

interface Budget {
  readonly name: string;
  readonly limitUsdMicros: number;
  /** Undefined for all. */
  readonly provider: string | undefined;
}

/** @param now wall clock, milliseconds since the epoch */
export function createBudgetGuard(
  { totalUsdMicros, ofProviders }: Budgets,
  now: () => number,
  log: Pick<LedgerLog, "warn">,
): BudgetGuard {
  const told = new Set<string>();

  function budgetsOf(provider: string): Budget[] {
    const own = ofProviders.get(provider);
    return [
      ...(own === undefined ? [] : [{ name: provider, limitUsdMicros: own, provider }]),
      ...(totalUsdMicros === undefined
        ? []
        : [{ name: "all providers", limitUsdMicros: totalUsdMicros, provider: undefined }]),
    ];
  }

  return {
    check: (book, provider, usdMicros) => {
      for (const budget of budgetsOf(provider)) {
        const { spentUsdMicros, reservedUsdMicros } = book.sum(budget.provider);
        if (spentUsdMicros + reservedUsdMicros + usdMicros <= budget.limitUsdMicros) continue;
        const exhausted = spentUsdMicros + usdMicros > budget.limitUsdMicros;
        const figures = `${toUsd(spentUsdMicros)} of ${toUsd(budget.limitUsdMicros)} US dollars are spent`;
        if (exhausted && !told.has(budget.name)) {
          told.add(budget.name);
          log.warn({ budget: budget.name }, `a daily budget is used up: ${figures}`);
        }
        const reserved = reservedUsdMicros > 0 ? ` and ${toUsd(reservedUsdMicros)} reserved` : "";
        throw new ServiceError(
          "BUDGET_EXHAUSTED",
          `the daily budget of ${budget.name} has no room for ${toUsd(usdMicros)}: ${figures}${reserved}`,
          {
            metadata: { budget: budget.name },
            retryDelayMs: exhausted ? msToNextDay(now()) : RESERVED_RETRY_MS,
          },
        );
      }
    },
    beginDay: () => told.clear(),
  };
}
