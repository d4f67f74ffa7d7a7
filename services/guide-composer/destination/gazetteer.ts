import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { DestinationSchema, type Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { foldName } from "./fold-name.ts";
import { DATA_FILE, readGazetteerFile, type GazetteerFile, type StringTable } from "./gazetteer-file.ts";

/** A place that a name leads to. */
export interface NameMatch {
  readonly place: number;
  /** Whether it is the place's own name, as opposed to one in another language. */
  readonly own: boolean;
}

/** Half-open range of name indices. */
export interface NameRange {
  readonly from: number;
  readonly to: number;
}

/** All destinations, in memory, by index. */
export interface Gazetteer {
  readonly placeCount: number;
  readonly population: (place: number) => number;
  readonly countryCode: (place: number) => string;
  readonly admin1: (place: number) => string;
  readonly location: (place: number) => { readonly latitude: number; readonly longitude: number };
  readonly toDestination: (place: number) => Destination;
  /** Place of a GeoNames id. */
  readonly byId: (geonamesId: number) => number | undefined;
  /** Places of exactly this folded name. */
  readonly byName: (folded: string) => readonly NameMatch[];
  /** Names that begin so. */
  readonly withPrefix: (foldedPrefix: string) => NameRange;
  readonly matchesOf: (name: number) => readonly NameMatch[];
  readonly foldedLength: (name: number) => number;
  /** A name as its source writes it. */
  readonly originalOf: (name: number) => string;
  /** Name of the first-level division, where its code is known; empty otherwise. */
  readonly regionName: (countryCode: string, admin1: string) => string;
  /** Countries with a region of that folded name. */
  readonly regionCountries: (folded: string) => ReadonlySet<string>;
}

/** @throws when the file is missing: `npm run generate` writes it */
export function loadGazetteer(): Gazetteer {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(DATA_FILE);
  } catch (error) {
    throw new Error("The gazetteer is missing: run `npm run generate`", { cause: error });
  }
  return createGazetteer(readGazetteerFile(bytes));
}

const textAt = ({ bytes, offsets }: StringTable, index: number): string =>
  Buffer.from(
    bytes.buffer,
    bytes.byteOffset + (offsets[index] ?? 0),
    (offsets[index + 1] ?? 0) - (offsets[index] ?? 0),
  ).toString("utf8");

export function createGazetteer(file: GazetteerFile): Gazetteer {
  const nameCount = file.folded.offsets.length - 1;
  const placeById = new Map(Array.from(file.ids, (id, place) => [id, place]));
  // GeoNames uses ISO 3166-2 where its codes are letters (US states, Swiss cantons); its numbers mean something else.
  const regionNames = new Map(
    file.regions
      .filter(({ code }) => /^[A-Z]+$/.test(code))
      .map(({ country, code, name }) => [`${country}.${code}`, name]),
  );
  const countriesOfRegion = new Map<string, Set<string>>();
  for (const { name, country } of file.regions) {
    const folded = foldName(name);
    countriesOfRegion.set(folded, (countriesOfRegion.get(folded) ?? new Set()).add(country));
  }
  const fields = (place: number): string[] => textAt(file.texts, place).split("\t");
  const field = (place: number, index: number): string => fields(place)[index] ?? "";

  function compare(name: number, key: Buffer): number {
    const from = file.folded.offsets[name] ?? 0;
    const to = file.folded.offsets[name + 1] ?? 0;
    return key.compare(file.folded.bytes, from, to) * -1;
  }

  /** First name that is not below `key`. */
  function lowerBound(key: Buffer): number {
    let from = 0;
    let to = nameCount;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compare(middle, key) < 0) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  const matchesOf = (name: number): NameMatch[] =>
    Array.from(
      file.postings.subarray(file.postingOffsets[name], file.postingOffsets[name + 1]),
      (posting) => ({
        place: posting >>> 1,
        own: (posting & 1) === 1,
      }),
    );

  const location = (place: number) => ({
    // Stored in 32 bits: five decimals, about a metre, are all that they hold.
    latitude: Math.round((file.latitudes[place] ?? 0) * 1e5) / 1e5,
    longitude: Math.round((file.longitudes[place] ?? 0) * 1e5) / 1e5,
  });
  const regionName = (countryCode: string, admin1: string): string =>
    (/^[A-Z]+$/.test(admin1) ? regionNames.get(`${countryCode}.${admin1}`) : undefined) ?? "";

  return {
    placeCount: file.ids.length,
    population: (place) => file.populations[place] ?? 0,
    countryCode: (place) => field(place, 1),
    admin1: (place) => field(place, 2),
    location,
    toDestination: (place) => {
      const [name = "", countryCode = "", admin1 = "", timeZone = ""] = fields(place);
      const id = file.ids[place] ?? 0;
      return create(DestinationSchema, {
        name: `destinations/${id}`,
        geonamesId: id,
        displayName: name,
        region: regionName(countryCode, admin1),
        countryCode,
        location: location(place),
        timeZone,
        population: file.populations[place] ?? 0,
      });
    },
    byId: (geonamesId) => placeById.get(geonamesId),
    byName: (folded) => {
      const key = Buffer.from(folded, "utf8");
      const name = lowerBound(key);
      return name < nameCount && compare(name, key) === 0 ? matchesOf(name) : [];
    },
    withPrefix: (foldedPrefix) => {
      const key = Buffer.from(foldedPrefix, "utf8");
      // 0xff occurs in no UTF-8 text: everything that begins with the prefix sorts below.
      return { from: lowerBound(key), to: lowerBound(Buffer.concat([key, Buffer.of(0xff)])) };
    },
    matchesOf,
    foldedLength: (name) => (file.folded.offsets[name + 1] ?? 0) - (file.folded.offsets[name] ?? 0),
    originalOf: (name) => textAt(file.originals, name),
    regionName,
    regionCountries: (folded) => countriesOfRegion.get(folded) ?? new Set(),
  };
}
