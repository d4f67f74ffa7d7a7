import { open, rename, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { toLine, type JournalEvent } from "./journal-events.ts";

/** Where the ledger's events are kept. */
export interface Journal {
  /** Resolves when the event is on the disk, whatever happens then; rejects when it cannot be written. */
  readonly keep: (event: JournalEvent) => Promise<void>;
  /** Writes behind the caller, and again until it can be written; the end of the process may come before. */
  readonly note: (event: JournalEvent) => void;
  /** Replaces all events, those that still wait included, by these, which say the same in fewer lines. */
  readonly replace: (events: readonly JournalEvent[]) => void;
  /** Writes what waits. */
  readonly close: () => Promise<void>;
}

/** For a ledger that ends with its process. */
export const FORGETFUL_JOURNAL: Journal = {
  keep: () => Promise.resolve(),
  note: () => {},
  replace: () => {},
  close: () => Promise.resolve(),
};

export type JournalFile = Pick<FileHandle, "write" | "datasync" | "truncate" | "close">;

export interface JournalOptions {
  readonly path: string;
  /** Told when writing begins to fail, with the cause, and when it works again. */
  readonly onWritable: (state: "failed" | "works", cause?: unknown) => void;
  /** Opens a file for writing that is to be empty. */
  readonly openFile?: (path: string) => Promise<JournalFile>;
}

interface Waiting {
  readonly line: string;
  /** Ascending in the order in which they were handed over. */
  readonly number: number;
  /** Undefined when nobody waits for it. */
  readonly waiter: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
}

/** Begins a journal with these events, in place of whatever the file had. */
export async function startJournal(
  options: JournalOptions,
  events: readonly JournalEvent[],
): Promise<Journal> {
  const { path, openFile = (name) => open(name, "w", 0o600) } = options;
  let { file, lengthBytes } = await writeAnew(path, events, openFile);
  /** Whether the folder is on the disk with the file's name in it. */
  let named = false;
  /** Whether bytes may stand behind `lengthBytes` that were not written whole. */
  let damaged = false;
  let waiting: Waiting[] = [];
  let lastNumber = 0;
  let replacement: { readonly events: readonly JournalEvent[]; readonly upToNumber: number } | undefined;
  let failing = false;
  let closed = false;
  let running: Promise<void> | undefined;

  function setFailing(next: boolean, cause?: unknown): void {
    if (next === failing) return;
    failing = next;
    options.onWritable(next ? "failed" : "works", cause);
  }

  async function sync(): Promise<void> {
    await file.datasync();
    if (named) return;
    await syncFolder(dirname(path));
    named = true;
  }

  /** Tells those who wait how writing ended. */
  async function settle(batch: readonly Waiting[], write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
      setFailing(false);
      for (const { waiter } of batch) waiter?.resolve();
      return true;
    } catch (error) {
      setFailing(true, error);
      for (const { waiter } of batch) waiter?.reject(error);
      return false;
    }
  }

  async function append(batch: readonly Waiting[]): Promise<void> {
    if (damaged) await file.truncate(lengthBytes);
    damaged = true;
    const bytes = Buffer.from(batch.map(({ line }) => line).join(""));
    await writeWhole(file, bytes, lengthBytes);
    if (batch.some(({ waiter }) => waiter !== undefined)) await sync();
    damaged = false;
    lengthBytes += bytes.length;
  }

  async function startAnew(given: readonly JournalEvent[], upToNumber: number): Promise<void> {
    let anew: Awaited<ReturnType<typeof writeAnew>>;
    try {
      anew = await writeAnew(path, given, openFile);
    } catch (error) {
      // The file that there is goes on.
      return setFailing(true, error);
    }
    const old = file;
    ({ file, lengthBytes } = anew);
    damaged = false;
    named = false;
    // From now on the old one has no name: what waits for the new one is not written again.
    const covered = waiting.filter(({ number }) => number <= upToNumber);
    waiting = waiting.filter(({ number }) => number > upToNumber);
    await settle(covered, async () => {
      await sync();
      await old.close();
    });
  }

  async function writeNext(): Promise<void> {
    if (replacement !== undefined) {
      const { events: given, upToNumber } = replacement;
      replacement = undefined;
      await startAnew(given, upToNumber);
    }
    const batch = waiting;
    waiting = [];
    if (batch.length === 0 || (await settle(batch, () => append(batch)))) return;
    waiting = [...batch.filter(({ waiter }) => waiter === undefined), ...waiting];
  }

  /** What nobody waits for is not tried again and again while writing fails. */
  const isDue = (): boolean =>
    replacement !== undefined ||
    (waiting.length > 0 && (!failing || waiting.some(({ waiter }) => waiter !== undefined)));

  async function run(): Promise<void> {
    // What is handed over together is written together, and what comes meanwhile is the next batch.
    await Promise.resolve();
    while (isDue()) await writeNext();
    running = undefined;
  }
  const wake = (): void => void (running ??= run());

  function add(event: JournalEvent, waiter: Waiting["waiter"]): void {
    waiting.push({ line: toLine(event), number: (lastNumber += 1), waiter });
    wake();
  }

  return {
    keep: (event) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error("the journal is closed"));
        add(event, { resolve, reject });
      }),
    note: (event) => {
      // Without its end a reservation counts as spent.
      if (closed) return;
      add(event, undefined);
    },
    replace: (given) => {
      replacement = { events: given, upToNumber: lastNumber };
      wake();
    },
    close: async () => {
      for (let current = running; current !== undefined; current = running) await current;
      closed = true;
      if (waiting.length > 0) await writeNext();
      await file.close();
    },
  };
}

async function writeWhole(file: JournalFile, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Beside the old file, which stays until the new one is whole and on the disk. */
async function writeAnew(
  path: string,
  events: readonly JournalEvent[],
  openFile: (path: string) => Promise<JournalFile>,
): Promise<{ readonly file: JournalFile; readonly lengthBytes: number }> {
  const bytes = Buffer.from(events.map(toLine).join(""));
  const file = await openFile(`${path}.new`);
  try {
    await writeWhole(file, bytes, 0);
    await file.datasync();
    await rename(`${path}.new`, path);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { file, lengthBytes: bytes.length };
}

/** So that the new name of the file survives a power cut as well. */
async function syncFolder(path: string): Promise<void> {
  // Windows lets nobody open a folder.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
