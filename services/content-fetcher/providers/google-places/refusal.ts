import { z } from "zod";
import type { HttpRequest } from "../../http/http-client.ts";

/** A status of `google.rpc` as JSON, with those of its details that are used. */
const schema = z.object({
  error: z.object({
    message: z.string().nullish(),
    details: z
      .array(
        z.object({
          reason: z.string().nullish(),
          retryDelay: z.string().nullish(),
          metadata: z.object({ quota_unit: z.string().nullish() }).nullish(),
        }),
      )
      .nullish(),
  }),
});

type Refusal = z.infer<typeof schema>["error"];

/** Empty for a page of a proxy before it: the status says what that is. */
function read(body: string): Refusal {
  try {
    return schema.safeParse(JSON.parse(body)).data?.error ?? {};
  } catch {
    return {};
  }
}

/** A key that is wrong or has expired is refused with 400, and only the body tells it from a malformed request. */
const refusalReason: HttpRequest["refusalReason"] = (status, body) => {
  if (status !== 400) return undefined;
  const { message, details } = read(body);
  const isOfKey =
    details?.some(({ reason }) => reason?.startsWith("API_KEY_") === true) === true ||
    // Without details there are only the words: "API key not valid", "API key expired".
    /^API key\b/i.test(message ?? "");
  return isOfKey ? "PROVIDER_ACCESS_DENIED" : undefined;
};

const MINUTE_MS = 60_000;
/** When the day of its quota ends is not said; a call an hour finds out. */
const DAY_QUOTA_PAUSE_MS = 3_600_000;

/** The delay that it names, or else what the quota's own length suggests. */
const refusalDelayMs: HttpRequest["refusalDelayMs"] = (status, body) => {
  if (status !== 429 && status !== 503) return undefined;
  const details = read(body).details ?? [];
  // A duration of Protocol Buffers as JSON: "34.074824224s".
  const seconds = details.flatMap(
    ({ retryDelay }) => /^(\d+(?:\.\d+)?)s$/.exec(retryDelay ?? "")?.[1] ?? [],
  )[0];
  if (seconds !== undefined) return Number(seconds) * 1_000;
  const units = details.flatMap(({ metadata }) => metadata?.quota_unit ?? []);
  if (units.some((unit) => unit.startsWith("1/d/"))) return DAY_QUOTA_PAUSE_MS;
  return units.some((unit) => unit.startsWith("1/min")) ? MINUTE_MS : undefined;
};

/** What its error bodies say, for requests to it. */
export const REFUSALS = { refusalReason, refusalDelayMs };
