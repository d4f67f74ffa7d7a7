import type { GeoNamesRow } from "./geonames-rows.ts";

/** Towns of this size are destinations whether or not travellers talk about them. */
const MIN_POPULATION = 15_000;
/** Capitals, seats of first- and second-level divisions, seats of government. */
const SEATS = new Set(["PPLC", "PPLA", "PPLA2", "PPLG"]);
/** Sections of a place, and places that are no more. */
const NO_DESTINATIONS = new Set(["PPLX", "PPLH", "PPLQ", "PPLW", "PPLCH"]);

/** Scripts that names are counted by; neighbours that go together in the source count once. */
const SCRIPTS: Readonly<Record<string, RegExp>> = {
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Armenian: /\p{Script=Armenian}/u,
  Georgian: /\p{Script=Georgian}/u,
  Arabic: /\p{Script=Arabic}/u,
  Hebrew: /\p{Script=Hebrew}/u,
  Devanagari: /\p{Script=Devanagari}/u,
  Bengali: /\p{Script=Bengali}/u,
  Tamil: /\p{Script=Tamil}/u,
  Telugu: /\p{Script=Telugu}/u,
  "other South Asian":
    /[\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}]/u,
  "other South-East Asian": /[\p{Script=Myanmar}\p{Script=Khmer}\p{Script=Lao}\p{Script=Tibetan}]/u,
  Thai: /\p{Script=Thai}/u,
  Han: /\p{Script=Han}/u,
  Hangul: /\p{Script=Hangul}/u,
  Kana: /[\p{Script=Hiragana}\p{Script=Katakana}]/u,
};

/** Scripts that no robot fills in for whole countries: a name in one of them was written by someone who went there. */
const TELLING = new Set(["Kana", "Hangul", "Hebrew", "Thai"]);
const MIN_SCRIPT_COUNT = 3;

export const isAirportCode = (name: string): boolean => /^[A-Z]{3}$/.test(name);

/** Scripts that a place has names in. */
export function scriptsOf({ alternateNames }: GeoNamesRow): readonly string[] {
  const all = alternateNames.join(",");
  return Object.keys(SCRIPTS).filter((script) => SCRIPTS[script]?.test(all));
}

/**
 * Whether the gazetteer has the place. Below the size, names in many scripts are the sign that travellers talk about
 * it, or an airport's code among the names. Counting alternate names instead finds fewer: towns of Iran and China have
 * a dozen romanisations that nobody uses.
 *
 * Measured with `test/fixtures/gazetteer/traveller-places.csv`, places kept and places of the list found, of 203
 * (190 are in the source at all):
 * size and seats alone 42,000 and 98; with 14 alternate names 45,000 and 132, with 10 53,000 and 153; with 4 scripts
 * 50,000 and 156; this rule 63,000 and 176; everything 193,000 and 189. What is left out is left to the geocoders,
 * which also know that "Bagan" is in Myanmar and not the Russian village of that name.
 */
export const isDestination = (row: GeoNamesRow, scripts: readonly string[]): boolean =>
  !NO_DESTINATIONS.has(row.feature) &&
  (row.population >= MIN_POPULATION ||
    SEATS.has(row.feature) ||
    scripts.length >= MIN_SCRIPT_COUNT ||
    scripts.some((script) => TELLING.has(script)) ||
    row.alternateNames.some(isAirportCode));

/** Inhabitants that a place counts with where GeoNames has too few or none: 30,000 of its rows say 0. */
const leastPopulation = (feature: string): number => {
  if (feature === "PPLC") return 20_000;
  if (feature === "PPLA") return 5_000;
  return feature === "PPLA2" ? 500 : 100;
};

/**
 * How likely a traveller means this place among its namesakes: the decimal logarithm of inhabitants × (1 + scripts)²,
 * × 3 for capitals. Inhabitants alone ask back between Barcelona (1.6 million, 16 scripts) and Barcelona in Venezuela
 * (0.8 million, 9), and between Venice (51,000, 10) and Venice, Florida (22,000, 5).
 */
export const weightOf = (row: GeoNamesRow, scripts: readonly string[]): number =>
  Math.log10(Math.max(row.population, leastPopulation(row.feature))) +
  2 * Math.log10(1 + scripts.length) +
  (row.feature === "PPLC" ? Math.log10(3) : 0);
