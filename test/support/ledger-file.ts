import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JournalFile } from "../../services/content-fetcher/cost/journal.ts";

/** A folder of a test's own for a cost ledger. */
export interface LedgerFolder {
  readonly file: string;
  readonly lines: () => Promise<unknown[]>;
  readonly remove: () => Promise<void>;
}

export async function createLedgerFolder(): Promise<LedgerFolder> {
  const folder = await mkdtemp(join(tmpdir(), "wayfarer-ledger-"));
  const file = join(folder, "ledger.jsonl");
  return {
    file,
    lines: async () =>
      (await readFile(file, "utf8"))
        .split("\n")
        .filter((line) => line !== "")
        .map((line): unknown => JSON.parse(line)),
    remove: () => rm(folder, { recursive: true }),
  };
}

/** A disk that can be made full, or slow, while a ledger is on it. */
export interface Disk {
  readonly openFile: (path: string) => Promise<JournalFile>;
  full: boolean;
  /** Bytes that still fit while it is full. */
  roomBytes: number;
  /** Awaited before each sync. */
  beforeSync: () => Promise<void>;
  syncCount: number;
}

export function createDisk(): Disk {
  const failure = (): Error => Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const disk: Disk = {
    full: false,
    roomBytes: 0,
    beforeSync: () => Promise.resolve(),
    syncCount: 0,
    openFile: async (path) => {
      if (disk.full) throw failure();
      const file = await open(path, "w");
      const write = async (bytes: Uint8Array, offset: number, length: number, position: number) => {
        if (!disk.full) return await file.write(bytes, offset, length, position);
        if (disk.roomBytes === 0) throw failure();
        const fitting = Math.min(length, disk.roomBytes);
        disk.roomBytes -= fitting;
        return await file.write(bytes, offset, fitting, position);
      };
      return {
        write: write as JournalFile["write"],
        datasync: async () => {
          await disk.beforeSync();
          disk.syncCount += 1;
          await file.datasync();
        },
        truncate: (length) => file.truncate(length),
        close: () => file.close(),
      };
    },
  };
  return disk;
}
