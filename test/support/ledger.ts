import { FORGETFUL_JOURNAL } from "../../services/content-fetcher/cost/journal.ts";
import { createLedger, type Ledger } from "../../services/content-fetcher/cost/ledger.ts";
import { createLog } from "../../shared/log.ts";

/** A ledger without a budget and without a file. */
export const forgetfulLedger = (now: () => number): Ledger =>
  createLedger({
    budgets: { totalUsdMicros: undefined, ofProviders: new Map() },
    journal: FORGETFUL_JOURNAL,
    spent: [],
    now,
    log: createLog("test", "silent"),
  });
