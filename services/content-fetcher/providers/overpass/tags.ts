/** Tags of one element of OpenStreetMap. Anybody writes them: a value can be anything. */
export type Tags = Readonly<Record<string, string>>;

/** Words that mark what is no longer there, as tag of its own or before the tag that it once had. */
const GONE = ["disused", "abandoned", "demolished", "destroyed", "razed", "removed", "was", "closed"];
const MAIN_KEYS = ["amenity", "tourism", "historic", "leisure", "place"];
/** Put together once: every element of an answer is asked about all of them. */
const FORMER_KEYS = GONE.flatMap((word) => MAIN_KEYS.map((key) => ({ formerKey: `${word}:${key}`, key })));

/**
 * Whether the element is closed or gone. A former use beside a present one (`was:amenity=pub`, `amenity=restaurant`)
 * is history, the same value in both says that it is over.
 */
export const isGone = (tags: Tags): boolean =>
  GONE.some((word) => tags[word] === "yes") ||
  FORMER_KEYS.some(({ formerKey, key }) => {
    const former = tags[formerKey];
    return former !== undefined && (tags[key] === undefined || tags[key] === former);
  }) ||
  /^"?(off|closed)\b/i.test(tags["opening_hours"]?.trim() ?? "");

/** The words of a BCP-47 tag that OpenStreetMap's keys use: the whole tag, then the language alone. */
const suffixesOf = (languageCode: string): readonly string[] => {
  const [language = ""] = languageCode.split("-");
  return [...new Set([languageCode, language.toLowerCase()])];
};

/** The name in the language asked for, or else the local one; empty when it has none. */
export const nameOf = (tags: Tags, languageCode: string): string =>
  [...suffixesOf(languageCode).map((suffix) => tags[`name:${suffix}`]), tags["name"]]
    .map((name) => oneLine(name))
    .find((name) => name !== "") ?? "";

/** The description in the language asked for, then in English, then as it is, in a language that is not stated. */
export function descriptionOf(
  tags: Tags,
  languageCode: string,
): { readonly summary: string; readonly languageCode: string } {
  for (const suffix of [...suffixesOf(languageCode), "en"]) {
    const summary = oneLine(tags[`description:${suffix}`]);
    if (summary !== "") return { summary, languageCode: suffix };
  }
  const summary = oneLine(tags["description"]);
  return summary === "" ? { summary: "", languageCode: "" } : { summary, languageCode: UNDETERMINED };
}

/** BCP-47 for text whose language is not stated. */
const UNDETERMINED = "und";

export const oneLine = (text: string | undefined): string => text?.replaceAll(/\s+/g, " ").trim() ?? "";

/** A tag with several values separates them by semicolons. */
export const valuesOf = (text: string | undefined): string[] =>
  (text ?? "")
    .split(";")
    .map((value) => oneLine(value))
    .filter((value) => value !== "");

export const kebab = (word: string): string =>
  word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, "-");

export function addressOf(tags: Tags): string {
  const street = [tags["addr:street"] ?? tags["addr:place"], tags["addr:housenumber"]]
    .map((part) => oneLine(part))
    .filter((part) => part !== "")
    .join(" ");
  const town = [tags["addr:postcode"], tags["addr:city"]]
    .map((part) => oneLine(part))
    .filter((part) => part !== "")
    .join(" ");
  const hasStreet = tags["addr:street"] !== undefined || tags["addr:place"] !== undefined;
  if (!hasStreet) return oneLine(tags["addr:full"]);
  return [street, town].filter((part) => part !== "").join(", ");
}

/** The first of the values that is a web address; empty when none is. */
export const webUriOf = (...texts: readonly (string | undefined)[]): string =>
  texts
    .flatMap((text) => valuesOf(text))
    .find((text) => /^https?:\/\/[^\s]+$/i.test(text) && URL.canParse(text)) ?? "";

/** `Q` and digits of a Wikidata id; undefined when the tag holds something else. */
export const wikidataIdOf = (tags: Tags): string | undefined => {
  const [id] = valuesOf(tags["wikidata"]);
  return id !== undefined && /^Q[1-9]\d*$/.test(id) ? id : undefined;
};

/**
 * Diets in the words of `Preferences.dietary_tags`: those served, also where the choice is limited, and with `no-`
 * before it each that is known not to be served.
 */
export function dietsOf(tags: Tags): string[] {
  const diets = new Map<string, boolean>();
  for (const [key, value] of Object.entries(tags)) {
    const diet = /^diet:([a-z_]+)$/.exec(key)?.[1];
    if (diet === undefined) continue;
    if (["yes", "only", "limited"].includes(value)) diets.set(kebab(diet), true);
    else if (value === "no") diets.set(kebab(diet), false);
  }
  // A kitchen that is named for a diet serves it.
  for (const cuisine of valuesOf(tags["cuisine"]))
    if (["vegan", "vegetarian"].includes(cuisine) && !diets.has(cuisine)) diets.set(cuisine, true);
  // What a vegan eats a vegetarian eats too.
  if (diets.get("vegan") === true && !diets.has("vegetarian")) diets.set("vegetarian", true);
  return [...diets].map(([diet, served]) => (served ? diet : `no-${diet}`)).sort();
}

const WHEELCHAIR: ReadonlyMap<string, string> = new Map([
  ["yes", "wheelchair"],
  ["designated", "wheelchair"],
  ["limited", "wheelchair-limited"],
  ["no", "no-wheelchair"],
]);

/** What the map says about wheelchairs: usable, in part, or not. Nothing when it does not say. */
export const accessibilityOf = (tags: Tags): string[] => {
  const tag = WHEELCHAIR.get(tags["wheelchair"] ?? "");
  return tag === undefined ? [] : [tag];
};

/** An amount with its ISO 4217 code behind it, as `charge` should be written: "12 EUR", "7.50 GBP". */
const AMOUNT = /^(\d{1,6})(?:[.,](\d{1,2}))?\s?([A-Z]{3})$/;

/** Admission as tagged; undefined when the map does not say. */
export function feeOf(tags: Tags):
  | {
      readonly text: string;
      readonly minAmount?: { readonly currencyCode: string; readonly units: bigint; readonly nanos: number };
      readonly maxAmount?: { readonly currencyCode: string; readonly units: bigint; readonly nanos: number };
    }
  | undefined {
  const charge = oneLine(tags["charge"]);
  if (charge !== "") {
    const match = AMOUNT.exec(charge);
    if (match === null) return { text: charge };
    const [, units = "", cents = "", currencyCode = ""] = match;
    const amount = { currencyCode, units: BigInt(units), nanos: Number(cents.padEnd(2, "0")) * 10_000_000 };
    return { text: charge, minAmount: amount, maxAmount: amount };
  }
  if (tags["fee"] !== "no") return undefined;
  const nothing = { currencyCode: "", units: 0n, nanos: 0 };
  return { text: "free", minAmount: nothing, maxAmount: nothing };
}

/** OpenStreetMap knows no popularity: what is well described and linked is what people looked at. */
export const richnessOf = (tags: Tags): number =>
  (tags["wikipedia"] === undefined ? 0 : 5) +
  (tags["wikidata"] === undefined ? 0 : 5) +
  Math.min(
    5,
    // Names in many languages are names that many travellers needed.
    Object.keys(tags).filter((key) => /^name:[a-z]{2,3}$/.test(key)).length / 2,
  ) +
  [
    "opening_hours",
    "website",
    "contact:website",
    "cuisine",
    "phone",
    "contact:phone",
    "addr:street",
    "wheelchair",
    "description",
    "population",
  ].filter((key) => key in tags).length;
