import { readFile, realpath, stat } from "node:fs/promises";
import { oldestDayOf } from "./day-book.ts";
import { FORGETFUL_JOURNAL, startJournal, type JournalFile } from "./journal.ts";
import { sumUp } from "./journal-events.ts";
import type { Budgets, LedgerLog } from "./budget-guard.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { takeOwnership } from "./ownership.ts";

export interface OpenLedgerOptions {
  /** Undefined: what is counted ends with the process. */
  readonly file: string | undefined;
  readonly budgets: Budgets;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: LedgerLog;
  /** Opens a file for writing that is to be empty. */
  readonly openFile?: (path: string) => Promise<JournalFile>;
}

/**
 * Opens the ledger of this process, with what its file says of the present day; of the days before, it keeps nothing.
 *
 * @throws Error when another process has the file, or when it cannot be read or written
 */
export async function openLedger(options: OpenLedgerOptions): Promise<Ledger> {
  const { file, budgets, now, log } = options;
  if (file === undefined) return createLedger({ budgets, journal: FORGETFUL_JOURNAL, spent: [], now, log });
  let endOwnership: (() => void) | undefined;
  try {
    // Where a link leads to: a new file takes the place of the old one, not of the link.
    const path = await realpath(file).catch(() => file);
    const isThere = await findFile(path);
    endOwnership = takeOwnership(path);
    const oldest = oldestDayOf(now());
    const spent = sumUp(isThere ? await readFile(path, "utf8") : "").filter(({ day }) => day >= oldest);
    const journal = await startJournal(
      {
        path,
        onWritable: (state, cause) => {
          if (state === "works") log.info({ file }, "the cost ledger can be written again");
          else log.error({ file, err: cause }, "the cost ledger cannot be written: paid calls are refused");
        },
        ...(options.openFile && { openFile: options.openFile }),
      },
      spent,
    );
    const ledger = createLedger({ budgets, journal, spent, now, log });
    const end = endOwnership;
    return {
      ...ledger,
      close: async () => {
        await ledger.close();
        end();
      },
    };
  } catch (error) {
    endOwnership?.();
    const problem = error instanceof Error ? error.message : "unknown";
    throw new Error(`the cost ledger ${file} cannot be used: ${problem}`, { cause: error });
  }
}

async function findFile(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found?.isFile() === false) throw new Error("it is no file");
  return found !== undefined;
}
