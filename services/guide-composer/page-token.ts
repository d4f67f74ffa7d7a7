import { createHash } from "node:crypto";
import type { FieldViolation } from "../../shared/errors.ts";

const digest = (inputs: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(inputs)).digest("base64url").slice(0, 16);

/** A token for the page that starts at an offset; it works only with the same other fields. */
export const createPageToken = (offset: number, inputs: readonly string[]): string =>
  Buffer.from(`${offset}.${digest(inputs)}`, "latin1").toString("base64url");

/** The offset that a token stands for, 0 for none; undefined for a token of another query or of nobody. */
export function readPageToken(token: string, inputs: readonly string[]): number | undefined {
  if (token === "") return 0;
  const match = /^(\d{1,6})\.([\w-]{16})$/.exec(
    Buffer.from(token.slice(0, 100), "base64url").toString("latin1"),
  );
  return match !== null && match[2] === digest(inputs) ? Number(match[1]) : undefined;
}

/** What a token that cannot be read violates. */
export const PAGE_TOKEN_VIOLATION: FieldViolation = {
  field: "page_token",
  description: "must be the next_page_token of a call with the same other fields",
};
