import { z } from "zod";
import type { HttpRequest } from "../../http/http-client.ts";

/** A status of `google.rpc` as JSON, with those of its details that are used. */
const schema = z.object({
  error: z.object({
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

type Detail = NonNullable<z.infer<typeof schema>["error"]["details"]>[number];

function detailsOf(body: string): readonly Detail[] {
  try {
    return schema.safeParse(JSON.parse(body)).data?.error.details ?? [];
  } catch {
    // A page of a proxy before it: the status says what it is.
    return [];
  }
}

/** A key that is wrong or has expired is refused with 400, and only the body tells it from a malformed request. */
const refusalReason: HttpRequest["refusalReason"] = (status, body) =>
  status === 400 && detailsOf(body).some(({ reason }) => reason?.startsWith("API_KEY_") === true)
    ? "PROVIDER_ACCESS_DENIED"
    : undefined;

const MINUTE_MS = 60_000;

/** The delay that it names, or else a minute where the quota is one of a minute. */
const refusalDelayMs: HttpRequest["refusalDelayMs"] = (status, body) => {
  if (status !== 429 && status !== 503) return undefined;
  const details = detailsOf(body);
  // A duration of Protocol Buffers as JSON: "34.074824224s".
  const seconds = details.flatMap(
    ({ retryDelay }) => /^(\d+(?:\.\d+)?)s$/.exec(retryDelay ?? "")?.[1] ?? [],
  )[0];
  if (seconds !== undefined) return Number(seconds) * 1_000;
  const isOfMinute = details.some(({ metadata }) => metadata?.quota_unit?.startsWith("1/min") === true);
  return isOfMinute ? MINUTE_MS : undefined;
};

/** What its error bodies say, for requests to it. */
export const REFUSALS = { refusalReason, refusalDelayMs };
