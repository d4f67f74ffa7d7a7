/** Tags of one element of OpenStreetMap. Anybody writes them: a value can be anything. */
export type Tags = Readonly<Record<string, string>>;

/** Whether a value of JSON is tags: texts by their keys. */
export const isTags = (value: unknown): value is Tags =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((text) => typeof text === "string");

/** Words that mark what is no longer there, as tag of its own or before the tag that it once had. */
const GONE = ["disused", "abandoned", "demolished", "destroyed", "razed", "removed", "was", "closed"];
const MAIN_KEYS = ["amenity", "tourism", "historic", "leisure", "place"];
/** The key that a former one was, by the former one: `amenity` by `disused:amenity`. */
const FORMER_KEYS: ReadonlyMap<string, string> = new Map(
  GONE.flatMap((word) => MAIN_KEYS.map((key) => [`${word}:${key}`, key])),
);
const GONE_KEYS: ReadonlySet<string> = new Set(GONE);

/**
 * Whether the element is closed or gone. A former use beside a present one (`was:amenity=pub`, `amenity=restaurant`)
 * is history, the same value in both says that it is over.
 */
export const isGone = (tags: Tags): boolean =>
  // An element has a fourth of the tags that would say so.
  Object.keys(tags).some((tag) => {
    if (GONE_KEYS.has(tag)) return tags[tag] === "yes";
    const key = FORMER_KEYS.get(tag);
    return key !== undefined && (tags[key] === undefined || tags[key] === tags[tag]);
  }) || /^"?(off|closed)\b/i.test(tags["opening_hours"]?.trim() ?? "");

/** The words of a BCP-47 tag that OpenStreetMap's keys use: the whole tag, then the language alone. */
export const suffixesOf = (languageCode: string): readonly string[] => {
  const [language = ""] = languageCode.split("-");
  return [...new Set([languageCode, language.toLowerCase()])];
};

/**
 * The name in the language asked for, or else the local one; empty when it has none.
 *
 * @param suffixes of the language, as `suffixesOf` gives them
 */
export function nameOf(tags: Tags, suffixes: readonly string[]): string {
  for (const suffix of suffixes) {
    const name = oneLine(tags[`name:${suffix}`]);
    if (name !== "") return name;
  }
  return oneLine(tags["name"]);
}

/** Keys of further names, the most telling ones first. */
const NAME_KEYS = ["name", "name:en", "official_name", "alt_name", "short_name"];
const MAX_ALTERNATE_COUNT = 5;

/** Its other names, as people on the spot and other providers may call it. */
export const alternateNamesOf = (tags: Tags, title: string): string[] =>
  [...new Set(NAME_KEYS.flatMap((key) => valuesOf(tags[key])))]
    .filter((name) => name !== title)
    .slice(0, MAX_ALTERNATE_COUNT);

/**
 * The description in the language asked for, then in English, then as it is, in a language that is not stated.
 *
 * @param suffixes of the language, as `suffixesOf` gives them
 */
export function descriptionOf(
  tags: Tags,
  suffixes: readonly string[],
): { readonly summary: string; readonly languageCode: string } {
  for (const suffix of [...suffixes, "en"]) {
    const summary = oneLine(tags[`description:${suffix}`]);
    if (summary !== "") return { summary, languageCode: suffix };
  }
  const summary = oneLine(tags["description"]);
  return summary === "" ? { summary: "", languageCode: "" } : { summary, languageCode: UNDETERMINED };
}

/** BCP-47 for text whose language is not stated. */
const UNDETERMINED = "und";

export const oneLine = (text: string | undefined): string =>
  text === undefined || !UNEVEN.test(text) ? (text ?? "") : text.replaceAll(/\s+/g, " ").trim();

/** What is not on one line with single spaces between its words, as most values are. */
const UNEVEN = /^\s|[^\S ]|\s(?:\s|$)/;

/** A tag with several values separates them by semicolons. */
export function valuesOf(text: string | undefined): string[] {
  if (text === undefined) return [];
  const values = text.includes(";") ? text.split(";").map((value) => oneLine(value)) : [oneLine(text)];
  return values.filter((value) => value !== "");
}

export const kebab = (word: string): string =>
  word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, "-");

/** The first of the values that is a web address; empty when none is. */
export function webUriOf(...texts: readonly (string | undefined)[]): string {
  for (const text of texts) {
    const uri = valuesOf(text).find((value) => /^https?:\/\/[^\s]+$/i.test(value) && URL.canParse(value));
    if (uri !== undefined) return uri;
  }
  return "";
}

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
  for (const key of Object.keys(tags)) {
    const diet = key.startsWith("diet:") ? /^diet:([a-z_]+)$/.exec(key)?.[1] : undefined;
    if (diet === undefined) continue;
    const value = tags[key] ?? "";
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
export function richnessOf(tags: Tags): number {
  let nameCount = 0;
  let tellingCount = 0;
  for (const key of Object.keys(tags)) {
    if (TELLING_KEYS.has(key)) tellingCount += 1;
    else if (/^name:[a-z]{2,3}$/.test(key)) nameCount += 1;
  }
  return (
    (tags["wikipedia"] === undefined ? 0 : 5) +
    (tags["wikidata"] === undefined ? 0 : 5) +
    // Names in many languages are names that many travellers needed.
    Math.min(5, nameCount / 2) +
    tellingCount
  );
}

/** What a traveller wants to know of a place. */
const TELLING_KEYS: ReadonlySet<string> = new Set([
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
]);
