import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { DestinationSchema, type Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import {
  DATA_FILE,
  kindOf,
  NONE,
  POSTING_SHIFT,
  readGazetteerFile,
  STEPS_PER_DEGREE,
  textAt,
  type GazetteerFile,
  type NameKind,
} from "./gazetteer-file.ts";
import { createSortedNames, type SortedNames } from "./sorted-names.ts";
import { createNearby, type Nearby } from "./nearby.ts";

/** A place that a name leads to. */
export interface NameMatch {
  readonly place: number;
  readonly kind: NameKind;
}

export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly code: string;
  readonly capital: number | undefined;
  /** Whether the capital bears the country's name: Singapore, Luxembourg. */
  readonly sharesName: boolean;
}

/** A division that a query can name. */
export interface Area {
  readonly index: number;
  readonly population: number;
  readonly seat: number | undefined;
}

/** All destinations, in memory, by index; the index is the rank: 0 is the most likely meant place of all. */
export interface Gazetteer {
  readonly placeCount: number;
  readonly names: SortedNames;
  readonly nearby: Nearby;
  /** How likely the place is meant among its namesakes, decimal logarithm. */
  readonly weight: (place: number) => number;
  readonly population: (place: number) => number;
  readonly countryCode: (place: number) => string;
  readonly location: (place: number) => { readonly latitude: number; readonly longitude: number };
  readonly latitude: (place: number) => number;
  readonly longitude: (place: number) => number;
  /** Index of its first- and second-level division. */
  readonly area1: (place: number) => number | undefined;
  readonly area2: (place: number) => number | undefined;
  readonly displayName: (place: number) => string;
  /** Name of its first-level division, the second-level one before it where that tells twins apart; may be empty. */
  readonly regionName: (place: number) => string;
  readonly toDestination: (place: number) => Destination;
  /** Place of a GeoNames id, or the place that this one was merged into. */
  readonly byId: (geonamesId: number) => number | undefined;
  /** Places of exactly this folded name, most likely meant first, whatever the kind. */
  readonly byName: (folded: string) => readonly NameMatch[];
  /** Places of a name by its index, in the same order. */
  readonly matchesOf: (name: number) => readonly NameMatch[];
  /** A name as its source writes it. */
  readonly originalOf: (name: number) => string;
  /** Best place of each block of `BLOCK_SIZE` names. */
  readonly blockBest: Uint32Array;
  readonly postings: Uint32Array;
  readonly postingOffsets: Uint32Array;
  /** Country of a folded English name, or of its code. */
  readonly countryNamed: (folded: string) => Country | undefined;
  /** Country of a folded name in another language. */
  readonly countryNamedAbroad: (folded: string) => Country | undefined;
  /** Divisions of exactly that name. */
  readonly areasNamed: (folded: string) => readonly Area[];
  /** Divisions that a qualifier means: by name, ISO or GeoNames code. */
  readonly areasQualifiedBy: (folded: string) => ReadonlySet<number>;
  /** Codes of the countries of which a name, or the code, begins so. */
  readonly countriesStarting: (foldedPrefix: string) => ReadonlySet<string>;
  /** Divisions of which a name or code begins so. */
  readonly areasStarting: (foldedPrefix: string) => ReadonlySet<number>;
  readonly areaName: (area: number) => string;
  readonly areaCountryCode: (area: number) => string;
}

/** @throws when the file is missing: `npm run generate` writes it */
export function loadGazetteer(): Gazetteer {
  let descriptor: number;
  try {
    descriptor = openSync(DATA_FILE, "r");
  } catch (error) {
    throw new Error("The gazetteer is missing: run `npm run generate`", { cause: error });
  }
  try {
    // Into a buffer of its own, so that the columns are views and nothing is copied.
    const buffer = new ArrayBuffer(fstatSync(descriptor).size);
    let at = 0;
    while (at < buffer.byteLength) {
      const count = readSync(descriptor, new Uint8Array(buffer, at));
      if (count === 0) break;
      at += count;
    }
    return createGazetteer(readGazetteerFile(buffer));
  } finally {
    closeSync(descriptor);
  }
}

const known = (index: number | undefined): number | undefined => (index === NONE ? undefined : index);

/** Index of `id` among ascending ids. */
function search(ids: Uint32Array, id: number): number | undefined {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? 0) < id) low = middle + 1;
    else high = middle;
  }
  return ids[low] === id ? low : undefined;
}

export function createGazetteer(file: GazetteerFile): Gazetteer {
  const latitude = (place: number): number => (file.latitudes[place] ?? 0) / STEPS_PER_DEGREE;
  const longitude = (place: number): number => (file.longitudes[place] ?? 0) / STEPS_PER_DEGREE;
  const placesById = file.ids.slice().sort();
  const order = new Uint32Array(file.ids.length);
  for (const [place, id] of file.ids.entries()) order[search(placesById, id) ?? 0] = place;
  const countries = new Map<string, Country>();
  const foreignCountries = new Map<string, Country>();
  for (const { code, capital, sharesName, names, foreignNames } of file.countries) {
    const country = { code, capital, sharesName };
    for (const name of [code.toLowerCase(), ...names]) countries.set(name, country);
    for (const name of foreignNames) foreignCountries.set(name, country);
  }
  const areasByName = new Map<string, Area[]>();
  const areasByQualifier = new Map<string, Set<number>>();
  for (const { area, names, qualifiers } of file.knownAreas) {
    for (const name of names) {
      const areas = areasByName.get(name) ?? [];
      areasByName.set(name, areas);
      areas.push({
        index: area,
        population: file.areaPopulations[area] ?? 0,
        seat: known(file.areaSeats[area]),
      });
    }
    for (const name of [...names, ...qualifiers]) {
      const areas = areasByQualifier.get(name) ?? new Set();
      areasByQualifier.set(name, areas.add(area));
    }
  }
  const country = (place: number) => file.countries[file.placeCountries[place] ?? 0];
  const area1 = (place: number): number | undefined => known(file.areas1[place]);
  const area2 = (place: number): number | undefined => known(file.areas2[place]);
  const areaName = (area: number | undefined): string =>
    area === undefined ? "" : textAt(file.areaNames, area);
  const regionName = (place: number): string => {
    const region = areaName(area1(place));
    const district = file.twins[place] === 1 ? areaName(area2(place)) : "";
    return [district, region].filter((name) => name !== "").join(", ");
  };
  const names = createSortedNames(file);
  const matchesOf = (name: number): NameMatch[] =>
    Array.from(
      file.postings.subarray(file.postingOffsets[name], file.postingOffsets[name + 1]),
      (posting) => ({ place: posting >>> POSTING_SHIFT, kind: kindOf(posting) }),
    );
  const none: ReadonlySet<number> = new Set();

  return {
    placeCount: file.ids.length,
    names,
    nearby: createNearby(file.ids.length, latitude, longitude),
    weight: (place) => file.weights[place] ?? 0,
    population: (place) => file.populations[place] ?? 0,
    countryCode: (place) => country(place)?.code ?? "",
    location: (place) => ({ latitude: latitude(place), longitude: longitude(place) }),
    latitude,
    longitude,
    area1,
    area2,
    regionName,
    displayName: (place) => textAt(file.placeNames, place),
    toDestination: (place) => {
      const id = file.ids[place] ?? 0;
      return create(DestinationSchema, {
        name: `destinations/${id}`,
        geonamesId: id,
        displayName: textAt(file.placeNames, place),
        region: regionName(place),
        countryCode: country(place)?.code ?? "",
        location: { latitude: latitude(place), longitude: longitude(place) },
        timeZone: file.timeZones[file.placeTimeZones[place] ?? 0] ?? "",
        population: file.populations[place] ?? 0,
      });
    },
    byId: (geonamesId) => {
      const at = search(placesById, geonamesId);
      if (at !== undefined) return order[at];
      const merged = search(file.mergedIds, geonamesId);
      return merged === undefined ? undefined : file.mergedPlaces[merged];
    },
    byName: (folded) => {
      const name = names.find(folded);
      return name === undefined ? [] : matchesOf(name);
    },
    matchesOf,
    originalOf: (name) => textAt(file.originals, name),
    blockBest: file.blockBest,
    postings: file.postings,
    postingOffsets: file.postingOffsets,
    countryNamed: (folded) => countries.get(folded),
    countryNamedAbroad: (folded) => foreignCountries.get(folded),
    areasNamed: (folded) => areasByName.get(folded) ?? [],
    areasQualifiedBy: (folded) => areasByQualifier.get(folded) ?? none,
    countriesStarting: (foldedPrefix) => {
      const codes = new Set<string>();
      for (const names of [countries, foreignCountries])
        for (const [name, { code }] of names) if (name.startsWith(foldedPrefix)) codes.add(code);
      return codes;
    },
    areasStarting: (foldedPrefix) => {
      const areas = new Set<number>();
      for (const [name, found] of areasByQualifier)
        if (name.startsWith(foldedPrefix)) for (const area of found) areas.add(area);
      return areas;
    },
    areaName: (area) => textAt(file.areaNames, area),
    areaCountryCode: (area) => file.countries[file.areaCountries[area] ?? 0]?.code ?? "",
  };
}
