import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { z } from "zod";
import type { CitationSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { HttpAnswer, HttpRequest } from "../../http/http-client.ts";
import type { FetchContext, ResolvedQuery } from "../../provider.ts";

export const ORIGIN = {
  forecast: "OPEN_METEO_FORECAST_BASE_URL",
  archive: "OPEN_METEO_ARCHIVE_BASE_URL",
  geocoding: "OPEN_METEO_GEOCODING_BASE_URL",
} as const;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** One request holds a slot for well under a second. */
const CONCURRENCY_PAUSE_MS = 1_000;

/** Sends a request; a refusal for its rate says in its text and not in a header how long it holds. */
export const get = <T>(
  context: FetchContext,
  request: HttpRequest,
  schema: z.ZodType<T>,
): Promise<HttpAnswer<T>> =>
  context.http.json(
    {
      ...request,
      refusalDelayMs: (status, body) => (status === 429 ? refusalDelayMs(body, context.now()) : undefined),
    },
    schema,
  );

/**
 * How long a refusal holds. Its limits count per minute, hour and day and start anew with each.
 *
 * @param body `{"error":true,"reason":"…"}`
 * @param nowMs wall clock, milliseconds since the epoch
 * @returns milliseconds
 */
export function refusalDelayMs(body: string, nowMs: number): number {
  // Found in the text as it comes, because a proxy in between may refuse in words of its own.
  const reason = /"reason"\s*:\s*"([^"]*)"/.exec(body)?.[1] ?? "";
  if (/concurrent/i.test(reason)) return CONCURRENCY_PAUSE_MS;
  if (/month/i.test(reason)) {
    const now = new Date(nowMs);
    return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1) - nowMs;
  }
  if (/tomorrow|daily|day/i.test(reason)) return DAY_MS - (nowMs % DAY_MS);
  if (/hour/i.test(reason)) return HOUR_MS - (nowMs % HOUR_MS);
  return MINUTE_MS;
}

/** Parameters of the place, five decimals (1 m); days are counted in its time zone. */
export const placeParameters = ({
  destination,
}: Pick<ResolvedQuery, "destination">): Record<string, string> => {
  const { location, timeZone } = destination;
  if (location === undefined)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the destination has no position");
  return {
    latitude: location.latitude.toFixed(5),
    longitude: location.longitude.toFixed(5),
    timezone: timeZone,
    wind_speed_unit: "ms",
  };
};

/** A column of daily values; `null` where the model has none. Absent when the server does not know the variable. */
export const column = z.array(z.number().nullable()).optional();

export const dailyUnits = z.object({ wind_speed_10m_max: z.string().optional() }).optional();

/** Metres per second in one of each unit that the provider knows. */
const WIND_UNITS: Readonly<Record<string, number>> = {
  "m/s": 1,
  "km/h": 1 / 3.6,
  "mp/h": 0.447_04,
  kn: 0.514_444,
};

/** Metres per second; the unit is the one of the answer, or the one that was asked for when it names none. */
export function windMps(
  value: number | null | undefined,
  units: z.infer<typeof dailyUnits>,
): number | undefined {
  const factor = WIND_UNITS[units?.wind_speed_10m_max ?? "m/s"];
  return typeof value === "number" && factor !== undefined
    ? Math.round(value * factor * 100) / 100
    : undefined;
}

export const citation = (fetchMs: number, title: string): MessageInitShape<typeof CitationSchema> => ({
  provider: "providers/open-meteo",
  uri: "https://open-meteo.com/",
  title,
  license: "CC-BY-4.0",
  fetchTime: timestampFromMs(fetchMs),
});
