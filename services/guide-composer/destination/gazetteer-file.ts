import { z } from "zod";

/** Written by `npm run generate`. */
export const DATA_FILE = new URL("data/gazetteer.bin", import.meta.url);

export interface PackedPlace {
  readonly id: number;
  readonly latitude: number;
  readonly longitude: number;
  readonly population: number;
  readonly capital: boolean;
  readonly name: string;
  readonly countryCode: string;
  readonly admin1: string;
  readonly timeZone: string;
}

export interface PackedName {
  readonly folded: string;
  /** One spelling as its source writes it. */
  readonly original: string;
  /** Place index to whether it is its own name, as opposed to one in another language. */
  readonly postings: Map<number, boolean>;
}

export interface Region {
  /** ISO 3166-2 without the country. */
  readonly code: string;
  readonly name: string;
  readonly country: string;
}

const region = z.object({ code: z.string(), name: z.string(), country: z.string() });
const headSchema = z.object({
  sections: z.record(z.string(), z.tuple([z.number(), z.number()])),
  regions: z.array(region),
});

/** A table of strings: one run of UTF-8 and the offsets between them. */
export interface StringTable {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

export interface GazetteerFile {
  readonly ids: Uint32Array;
  readonly latitudes: Float32Array;
  readonly longitudes: Float32Array;
  readonly populations: Uint32Array;
  readonly capitals: Uint8Array;
  /** Per place: name, country, first-level division, time zone, separated by tabs. */
  readonly texts: StringTable;
  /** Folded names in byte order. */
  readonly folded: StringTable;
  readonly originals: StringTable;
  readonly postingOffsets: Uint32Array;
  /** Place index × 2, plus 1 when it is the place's own name. */
  readonly postings: Uint32Array;
  readonly regions: readonly Region[];
}

const ALIGNMENT = 8;

function packStrings(strings: readonly string[]): { bytes: Buffer; offsets: Uint32Array } {
  const parts = strings.map((text) => Buffer.from(text, "utf8"));
  const offsets = new Uint32Array(parts.length + 1);
  for (const [index, part] of parts.entries()) offsets[index + 1] = (offsets[index] ?? 0) + part.length;
  return { bytes: Buffer.concat(parts), offsets };
}

/** One file that needs no parsing to be used: a JSON head that says where each typed array lies, then the arrays. */
export function packGazetteer(
  places: readonly PackedPlace[],
  names: readonly PackedName[],
  regions: readonly Region[],
): Buffer {
  const sorted = names
    .map((name) => ({ name, bytes: Buffer.from(name.folded, "utf8") }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const texts = packStrings(
    places.map((place) => [place.name, place.countryCode, place.admin1, place.timeZone].join("\t")),
  );
  const folded = packStrings(sorted.map(({ name }) => name.folded));
  const originals = packStrings(sorted.map(({ name }) => name.original));
  const postings = sorted.map(({ name }) =>
    [...name.postings].map(([place, own]) => place * 2 + Number(own)),
  );
  const postingOffsets = new Uint32Array(postings.length + 1);
  for (const [index, list] of postings.entries())
    postingOffsets[index + 1] = (postingOffsets[index] ?? 0) + list.length;
  const arrays: Record<string, Uint8Array | Uint32Array | Float32Array> = {
    ids: Uint32Array.from(places, ({ id }) => id),
    latitudes: Float32Array.from(places, ({ latitude }) => latitude),
    longitudes: Float32Array.from(places, ({ longitude }) => longitude),
    populations: Uint32Array.from(places, ({ population }) => population),
    capitals: Uint8Array.from(places, ({ capital }) => Number(capital)),
    textOffsets: texts.offsets,
    textBytes: texts.bytes,
    foldedOffsets: folded.offsets,
    foldedBytes: folded.bytes,
    originalOffsets: originals.offsets,
    originalBytes: originals.bytes,
    postingOffsets,
    postings: Uint32Array.from(postings.flat()),
  };
  const sections: Record<string, [number, number]> = {};
  const parts: Buffer[] = [];
  let at = 0;
  for (const [name, array] of Object.entries(arrays)) {
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    const padding = (ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT;
    sections[name] = [at, array.length];
    parts.push(bytes, Buffer.alloc(padding));
    at += bytes.length + padding;
  }
  const json = Buffer.from(JSON.stringify({ sections, regions }), "utf8");
  const head = Buffer.alloc(ALIGNMENT);
  head.writeUInt32LE(json.length, 0);
  const padding = Buffer.alloc((ALIGNMENT - (json.length % ALIGNMENT)) % ALIGNMENT);
  return Buffer.concat([head, json, padding, ...parts]);
}

/** @throws when the bytes are not such a file */
export function readGazetteerFile(file: Uint8Array): GazetteerFile {
  // Copied, so that the typed arrays are aligned wherever the bytes came from.
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
  const jsonLength = new DataView(buffer).getUint32(0, true);
  const head = headSchema.parse(JSON.parse(Buffer.from(buffer, ALIGNMENT, jsonLength).toString("utf8")));
  const base = ALIGNMENT + Math.ceil(jsonLength / ALIGNMENT) * ALIGNMENT;
  const section = (name: string): [offset: number, length: number] => {
    const found = head.sections[name];
    if (found === undefined) throw new Error(`the gazetteer has no ${name}`);
    return [base + found[0], found[1]];
  };
  const words = (name: string): Uint32Array => new Uint32Array(buffer, ...section(name));
  const bytes = (name: string): Uint8Array => new Uint8Array(buffer, ...section(name));
  return {
    ids: words("ids"),
    latitudes: new Float32Array(buffer, ...section("latitudes")),
    longitudes: new Float32Array(buffer, ...section("longitudes")),
    populations: words("populations"),
    capitals: bytes("capitals"),
    texts: { bytes: bytes("textBytes"), offsets: words("textOffsets") },
    folded: { bytes: bytes("foldedBytes"), offsets: words("foldedOffsets") },
    originals: { bytes: bytes("originalBytes"), offsets: words("originalOffsets") },
    postingOffsets: words("postingOffsets"),
    postings: words("postings"),
    regions: head.regions,
  };
}
