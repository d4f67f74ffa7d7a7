import tzLookup from "tz-lookup";
import { z } from "zod";
import type { FetchContext, GeocodeAnswer } from "../../provider.ts";
import { readableArray } from "../readable-array.ts";
import { get } from "./request.ts";

/** The provider's highest. */
const MAX_RESULT_COUNT = 5;

const schema = readableArray(
  z.object({
    name: z.string(),
    // Besides languages it has names of other kinds in it.
    local_names: z.record(z.string(), z.string()).nullish(),
    lat: z.number().min(-90).max(90),
    lon: z.number().min(-180).max(180),
    country: z.string().nullish(),
    state: z.string().nullish(),
  }),
);

type Found = z.infer<typeof schema>[number];

/** Places that are called so in some language, in the provider's order: it tells no inhabitants. */
export async function geocode(
  query: string,
  languageCode: string,
  maxCount: number,
  context: FetchContext,
): Promise<GeocodeAnswer> {
  const [name = "", ...rest] = query
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const qualifiers = rest.map((part) => (fold(part) === "usa" ? "US" : part));
  // It reads codes of countries only. Any other qualifier is compared with what it says of its results.
  const coded = qualifiers.length > 0 && qualifiers.every((part) => /^[A-Za-z]{2}$/.test(part));
  const q = coded ? [name, ...qualifiers].join(",") : name;
  if (q === "") return [];
  const answer = await get(
    context,
    { path: "/geo/1.0/direct", query: { q, limit: String(MAX_RESULT_COUNT) } },
    schema,
  );
  const language = languageCode.split("-")[0]?.toLowerCase() ?? "en";
  return (answer?.body ?? [])
    .filter(
      (found) => isCalled(found, name) && (coded || qualifiers.every((part) => lies(found, part, language))),
    )
    .slice(0, maxCount)
    .map((found) => ({
      name: `destinations/${positionName(found)}`,
      displayName: found.local_names?.[language] ?? found.name,
      region: found.state ?? "",
      countryCode: found.country?.toUpperCase() ?? "",
      location: { latitude: found.lat, longitude: found.lon },
      timeZone: tzLookup(found.lat, found.lon),
    }));
}

/** Its places have no ids: a position to four decimals, some ten metres, is what tells them apart. */
function positionName({ lat, lon }: Found): string {
  const [south, west] = [Math.round(lat * 10_000), Math.round(lon * 10_000)];
  return `at-${south < 0 ? "s" : "n"}${Math.abs(south)}-${west < 0 ? "w" : "e"}${Math.abs(west)}`;
}

const fold = (text: string): string => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").trim().toLowerCase();

const isCalled = ({ name, local_names: localNames }: Found, wanted: string): boolean =>
  [name, ...Object.values(localNames ?? {})].some((one) => fold(one) === fold(wanted));

/** Whether a qualifier names the state or the country that a place lies in. */
function lies({ state, country }: Found, qualifier: string, language: string): boolean {
  const code = country?.toUpperCase() ?? "";
  const countryNames = /^[A-Z]{2}$/.test(code)
    ? ["en", language].map((one) => new Intl.DisplayNames(one, { type: "region" }).of(code) ?? "")
    : [];
  return [state ?? "", code, code === "GB" ? "UK" : "", ...countryNames].some(
    (one) => one !== "" && fold(one) === fold(qualifier),
  );
}
