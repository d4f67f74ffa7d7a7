import { DatabaseSync } from "node:sqlite";

/** SQLITE_BUSY: another connection, of whatever process, has it. */
const BUSY = 5;

/**
 * Makes this process the only owner of a file, by a file beside it that SQLite locks: the system ends that with the
 * process, however it dies, on every platform and across containers that share a disk. Node itself locks no files.
 *
 * @returns ends it
 * @throws Error when another process, or another ledger of this one, is the owner
 */
export function takeOwnership(path: string): () => void {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(`${path}.lock`);
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    const busy = error instanceof Error && "errcode" in error && error.errcode === BUSY;
    throw new Error(busy ? "another process is using it" : "it cannot be locked", { cause: error });
  }
  const owner = database;
  return () => {
    if (owner.isOpen) owner.close();
  };
}
