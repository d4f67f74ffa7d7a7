import type { QuotaSeen } from "../resilience/quota.ts";

/** Spellings of our share and of its renewal, by who writes them. Requests only: what counts tokens is another unit. */
const NAMES: readonly (readonly [remaining: string, reset: string])[] = [
  ["x-ratelimit-remaining", "x-ratelimit-reset"], // Perplexity, Foursquare, PredictHQ
  ["x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"], // OpenAI and compatible ones
  ["ratelimit-remaining", "ratelimit-reset"], // draft-ietf-httpapi-ratelimit-headers before its seventh version
  ["rate-limit-available", "rate-limit-reset"], // Ticketmaster
];
/** Above these a number is no length but an instant of the epoch, in milliseconds or in seconds. */
const EPOCH_MS = 100_000_000_000;
const EPOCH_S = 1_000_000_000;

/**
 * Reads what an answer says of our share of the provider's rate.
 *
 * @param headers names in lower case
 * @param nowMs wall clock, milliseconds since the epoch
 * @returns undefined when nothing is said, or nothing that can be read
 */
export function parseRateHeaders(
  headers: Readonly<Record<string, string>>,
  nowMs: number,
): QuotaSeen | undefined {
  for (const [remainingName, resetName] of NAMES) {
    const remaining = headers[remainingName];
    if (remaining === undefined || !/^\d{1,9}$/.test(remaining)) continue;
    const resetMs = parseResetMs(headers[resetName] ?? "", nowMs);
    if (resetMs !== undefined) return { remainingCount: Number(remaining), resetMs };
  }
  return undefined;
}

/** Seconds, an instant in seconds or milliseconds, or a length such as `6m0s` and `20ms`. */
function parseResetMs(text: string, nowMs: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number >= EPOCH_MS) return Math.max(0, number - nowMs);
    return number >= EPOCH_S ? Math.max(0, number * 1000 - nowMs) : number * 1000;
  }
  const parts = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/.exec(text);
  if (parts === null || text === "") return undefined;
  const [hours, minutes, seconds, milliseconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return (hours ?? 0) * 3_600_000 + (minutes ?? 0) * 60_000 + (seconds ?? 0) * 1000 + (milliseconds ?? 0);
}
