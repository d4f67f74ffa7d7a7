/**
 * Reads a `Retry-After` header: whole seconds or an HTTP date (RFC 9110, section 10.2.3).
 *
 * @param nowMs wall clock, milliseconds since the epoch
 * @returns milliseconds to wait, at least 0; undefined when the header is absent or unreadable
 */
export function parseRetryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim();
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // `Date.parse` takes much for a date that is none, "-5" for example; all three forms of an HTTP date begin so.
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

/** What an answer's headers say: `Retry-After`, or before it its sibling in milliseconds, which some APIs send. */
export function readRetryDelayMs(
  headers: Readonly<Record<string, string>>,
  nowMs: number,
): number | undefined {
  const ms = headers["retry-after-ms"]?.trim() ?? "";
  return /^\d{1,12}(?:\.\d+)?$/.test(ms) ? Number(ms) : parseRetryAfterMs(headers["retry-after"], nowMs);
}
