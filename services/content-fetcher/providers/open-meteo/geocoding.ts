import { z } from "zod";
import type { FetchContext, GeocodeAnswer } from "../../provider.ts";
import { get, ORIGIN } from "./request.ts";

/** The provider's highest. */
const MAX_RESULT_COUNT = 100;

const found = z.object({
  results: z.array(
    z.object({
      id: z.number().int(),
      name: z.string(),
      latitude: z.number(),
      longitude: z.number(),
      feature_code: z.string().optional(),
      country_code: z.string().optional(),
      admin1: z.string().optional(),
      timezone: z.string().optional(),
      population: z.number().optional(),
    }),
  ),
});
/** No such place: `results` is absent, not empty. Nothing else is read as that. */
const notFound = z
  .strictObject({ generationtime_ms: z.number().optional() })
  .transform((): z.infer<typeof found> => ({ results: [] }));

/** Countries, first-level divisions, airports and single buildings are no destinations; islands, regions and towns are. */
const NO_DESTINATION = /^(PCL|ADM1H?$|AIR|RSTN|BUS|HTL)/;

/** Places of that name: those that are called exactly so first, then the larger ones. */
export async function geocode(
  query: string,
  languageCode: string,
  maxCount: number,
  context: FetchContext,
): Promise<GeocodeAnswer> {
  const { body } = await get(
    context,
    {
      origin: ORIGIN.geocoding,
      path: "/v1/search",
      query: {
        name: query,
        // Twice as many, because some are no destinations.
        count: String(Math.min(MAX_RESULT_COUNT, maxCount * 2)),
        language: languageCode.split("-")[0]?.toLowerCase() ?? "",
        format: "json",
      },
    },
    z.union([found, notFound]),
  );
  const wanted = fold(query.split(",")[0] ?? query);
  return body.results
    .filter(
      ({ timezone, feature_code: code }) =>
        timezone !== undefined && timezone !== "" && !NO_DESTINATION.test(code ?? ""),
    )
    .sort(
      (a, b) =>
        Number(fold(b.name) === wanted) - Number(fold(a.name) === wanted) ||
        (b.population ?? 0) - (a.population ?? 0),
    )
    .slice(0, maxCount)
    .map((found) => ({
      name: `destinations/${found.id}`,
      geonamesId: found.id,
      displayName: found.name,
      region: found.admin1 ?? "",
      countryCode: found.country_code?.toUpperCase() ?? "",
      location: { latitude: found.latitude, longitude: found.longitude },
      timeZone: found.timezone ?? "",
      population: found.population ?? 0,
    }));
}

const fold = (name: string): string => name.normalize("NFKD").replaceAll(/\p{M}/gu, "").trim().toLowerCase();
