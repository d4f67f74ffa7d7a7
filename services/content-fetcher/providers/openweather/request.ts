import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { z, type ZodType } from "zod";
import { ServiceError, type Reason } from "../../../../shared/errors.ts";
import { WeatherCondition, type CitationSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { HttpAnswer, HttpRequest } from "../../http/http-client.ts";
import type { FetchContext } from "../../provider.ts";

export const ORIGIN = "OPENWEATHER_BASE_URL";
export const LICENSE = "ODbL-1.0 AND CC-BY-SA-4.0";

/** Degrees Celsius. The bounds are no weather's: kelvin, which it sends unless asked otherwise, must not pass for them. */
export const celsius = z.number().gt(-100).lt(100);
export const optionalNumber = z.number().nullish();
export const weather = z.array(z.object({ id: z.number() })).nullish();

/** How a failure reads whatever its status; `cod` is a number in some answers and text in others. */
const refusal = z.object({ cod: z.union([z.string(), z.number()]).transform(Number), message: z.string() });

const REFUSAL_REASONS: ReadonlyMap<number, Reason> = new Map([
  [401, "PROVIDER_ACCESS_DENIED"],
  [403, "PROVIDER_ACCESS_DENIED"],
  [429, "PROVIDER_RATE_LIMITED"],
]);

/** With 404 it says that it knows nothing there, but also, as an internal error, that there is no such path. */
function refusalReason(status: number, body: string): Reason | undefined {
  if (status !== 404) return undefined;
  try {
    const known = refusal.safeParse(JSON.parse(body));
    return known.success && !/internal/i.test(known.data.message) ? "PROVIDER_OUT_OF_COVERAGE" : undefined;
  } catch {
    // A page of something else than the API.
    return undefined;
  }
}

/** @returns undefined when the provider answers that it knows nothing there, which it does with status or code 404 */
export async function get<T>(
  context: FetchContext,
  request: Pick<HttpRequest, "path" | "query">,
  schema: ZodType<T>,
): Promise<HttpAnswer<T> | undefined> {
  const either = z.union([
    schema.transform((value) => ({ value, code: undefined })),
    refusal.transform(({ cod }) => ({ value: undefined, code: cod })),
  ]);
  try {
    const { body, ...answer } = await context.http.json(
      { ...request, origin: ORIGIN, key: { in: "query", name: "appid" }, refusalReason },
      either,
      ({ body: { code } }) => {
        if (code === undefined || code === 404) return;
        throw new ServiceError(REFUSAL_REASONS.get(code) ?? reasonOf(code), `code ${code}`, {
          metadata: { provider: "providers/openweather", path: "cod" },
        });
      },
    );
    return body.value === undefined ? undefined : { ...answer, body: body.value };
  } catch (error) {
    if (error instanceof ServiceError && error.reason === "PROVIDER_OUT_OF_COVERAGE") return undefined;
    throw error;
  }
}

const reasonOf = (code: number): Reason =>
  code >= 500 ? "PROVIDER_UNAVAILABLE" : "PROVIDER_RESPONSE_INVALID";

export const positionParameters = ({
  latitude,
  longitude,
}: {
  readonly latitude: number;
  readonly longitude: number;
}): Readonly<Record<string, string>> => ({
  lat: latitude.toFixed(4),
  lon: longitude.toFixed(4),
  // Else it answers in kelvin.
  units: "metric",
});

export const citation = (
  uri: string,
  title: string,
  fetchMs: number,
): MessageInitShape<typeof CitationSchema> => ({
  provider: "providers/openweather",
  uri,
  title,
  license: LICENSE,
  fetchTime: timestampFromMs(fetchMs),
});

/** Codes of its own, by their hundreds; freezing rain and sleet stand among rain and snow. */
const FREEZING = new Set([511, 611, 612, 613, 615, 616]);
const FOGGY = new Set([701, 741]);

function toCondition(id: number): WeatherCondition {
  if (FREEZING.has(id)) return WeatherCondition.FREEZING_RAIN;
  if (FOGGY.has(id)) return WeatherCondition.FOG;
  switch (Math.floor(id / 100)) {
    case 2:
      return WeatherCondition.THUNDERSTORM;
    case 3:
      return WeatherCondition.DRIZZLE;
    case 5:
      return WeatherCondition.RAIN;
    case 6:
      return WeatherCondition.SNOW;
    case 8:
      if (id === 800) return WeatherCondition.CLEAR;
      return id === 804 ? WeatherCondition.OVERCAST : WeatherCondition.PARTLY_CLOUDY;
    default:
      // Smoke, haze, dust, ash, squalls: none of ours.
      return WeatherCondition.UNSPECIFIED;
  }
}

/** The most severe of several; the enum runs from mild to severe. */
export const worstOf = (ids: readonly number[]): WeatherCondition =>
  ids
    .map(toCondition)
    .reduce((worse, condition) => (condition > worse ? condition : worse), WeatherCondition.UNSPECIFIED);

/** In polar day and night one or both are 0 or absent: then there is neither. */
export function sunTimes({
  sunrise,
  sunset,
}: {
  /** Seconds since the epoch. */
  readonly sunrise?: number | null | undefined;
  readonly sunset?: number | null | undefined;
}): { readonly sunriseTime?: Timestamp; readonly sunsetTime?: Timestamp } {
  if (typeof sunrise !== "number" || typeof sunset !== "number" || sunrise <= 0 || sunset <= sunrise)
    return {};
  return { sunriseTime: timestampFromMs(sunrise * 1000), sunsetTime: timestampFromMs(sunset * 1000) };
}

export const share = (value: number): number => Math.min(1, Math.max(0, value));
export const round = (value: number): number => Math.round(value * 100) / 100;
