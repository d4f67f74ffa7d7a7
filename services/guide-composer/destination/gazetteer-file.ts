import { z } from "zod";

/** Written by `npm run generate`. */
export const DATA_FILE = new URL("data/gazetteer.bin", import.meta.url);

/** What a name is to a place, weakest claim first. */
export const KIND = {
  /** In another language, or from another time. */
  foreign: 0,
  /** Its own name, shortened or spelled otherwise. */
  variant: 1,
  /** Its own name. */
  own: 2,
} as const;

export type NameKind = (typeof KIND)[keyof typeof KIND];

/** A posting is a place index × 4 plus the kind of the name. */
export const POSTING_SHIFT = 2;
const KIND_MASK = 3;
const KINDS = [KIND.foreign, KIND.variant, KIND.own] as const;

export const postingOf = (place: number, kind: NameKind): number => (place << POSTING_SHIFT) | kind;
export const kindOf = (posting: number): NameKind => KINDS[posting & KIND_MASK] ?? KIND.foreign;

/** Names per block, whose most important place is kept so that a search can skip the block. */
export const BLOCK_SIZE = 64;
/** Stands for no area, no place. */
export const NONE = 0xffff_ffff;
/** Degrees are stored as integers, in steps of about a metre. */
export const STEPS_PER_DEGREE = 100_000;

const headSchema = z.object({
  sections: z.record(z.string(), z.tuple([z.number(), z.number()])),
  countries: z.array(
    z.object({
      code: z.string(),
      /** Place index; absent where the country has none. */
      capital: z.number().optional(),
      /** Whether the capital bears the country's name: Singapore, Luxembourg. */
      sharesName: z.boolean(),
      /** Folded: in English, and in many other languages. */
      names: z.array(z.string()),
      foreignNames: z.array(z.string()),
    }),
  ),
  timeZones: z.array(z.string()),
  /** First-level divisions and large second-level ones: those that a query can name. */
  knownAreas: z.array(
    z.object({
      area: z.number(),
      /** Folded. */
      names: z.array(z.string()),
      /** Folded codes and further names, which only qualify: "TX", "NSW". */
      qualifiers: z.array(z.string()),
    }),
  ),
});

export type Head = Omit<z.infer<typeof headSchema>, "sections">;

/** A table of strings: one run of UTF-8 and the offsets between them. */
export interface StringTable {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

/** Per place, the most likely meant first: a place's index is its rank. */
export interface PlaceColumns {
  readonly ids: Uint32Array;
  /** Degrees × `STEPS_PER_DEGREE`. */
  readonly latitudes: Int32Array;
  readonly longitudes: Int32Array;
  readonly populations: Uint32Array;
  /** How likely the place is meant among its namesakes, decimal logarithm. */
  readonly weights: Float32Array;
  readonly placeCountries: Uint16Array;
  readonly placeTimeZones: Uint16Array;
  /** First- and second-level divisions, or `NONE`. */
  readonly areas1: Uint32Array;
  readonly areas2: Uint32Array;
  /** 1 where another place of the same name lies in the same first-level division. */
  readonly twins: Uint8Array;
}

/** Per division. */
export interface AreaColumns {
  readonly areaCountries: Uint16Array;
  /** Inhabitants of its places. */
  readonly areaPopulations: Uint32Array;
  /** Its seat, or `NONE`. */
  readonly areaSeats: Uint32Array;
}

/** Per folded name, in the order of UTF-16 code units. */
export interface NameColumns {
  readonly units: Uint16Array;
  readonly unitOffsets: Uint32Array;
  /** Postings of all names; those of one name lie together, best place first. */
  readonly postings: Uint32Array;
  readonly postingOffsets: Uint32Array;
  /** Per block of `BLOCK_SIZE` names: its best place. */
  readonly blockBest: Uint32Array;
}

export interface GazetteerFile extends Head, PlaceColumns, AreaColumns, NameColumns {
  readonly placeNames: StringTable;
  readonly areaNames: StringTable;
  /** Per folded name: one spelling as its source writes it. */
  readonly originals: StringTable;
  /** Ids of places that are the same as another one, ascending, and which. */
  readonly mergedIds: Uint32Array;
  readonly mergedPlaces: Uint32Array;
}

const ALIGNMENT = 8;
const padded = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

export function packStrings(strings: readonly string[]): StringTable {
  const parts = strings.map((text) => Buffer.from(text, "utf8"));
  const offsets = new Uint32Array(parts.length + 1);
  for (const [index, part] of parts.entries()) offsets[index + 1] = (offsets[index] ?? 0) + part.length;
  return { bytes: Buffer.concat(parts), offsets };
}

export const textAt = ({ bytes, offsets }: StringTable, index: number): string =>
  Buffer.from(
    bytes.buffer,
    bytes.byteOffset + (offsets[index] ?? 0),
    (offsets[index + 1] ?? 0) - (offsets[index] ?? 0),
  ).toString("utf8");

/** One file that needs no parsing to be used: a JSON head that says where each typed array lies, then the arrays. */
export function packGazetteer({ countries, timeZones, knownAreas, ...columns }: GazetteerFile): Buffer {
  const sections: Record<string, [offset: number, length: number]> = {};
  const parts: Buffer[] = [];
  let at = 0;
  function add(
    name: string,
    array: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array,
  ): void {
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    sections[name] = [at, array.length];
    parts.push(bytes, Buffer.alloc(padded(bytes.length) - bytes.length));
    at += padded(bytes.length);
  }
  for (const [name, column] of Object.entries(columns)) {
    if (!("offsets" in column)) add(name, column);
    else {
      add(`${name}.bytes`, column.bytes);
      add(`${name}.offsets`, column.offsets);
    }
  }
  const json = Buffer.from(JSON.stringify({ sections, countries, timeZones, knownAreas }), "utf8");
  const length = Buffer.alloc(ALIGNMENT);
  length.writeUInt32LE(json.length, 0);
  return Buffer.concat([length, json, Buffer.alloc(padded(json.length) - json.length), ...parts]);
}

/**
 * @param buffer the file and nothing else; the answer keeps views into it
 * @throws when it is no such file
 */
export function readGazetteerFile(buffer: ArrayBuffer): GazetteerFile {
  const jsonLength = new DataView(buffer).getUint32(0, true);
  const { sections, ...head } = headSchema.parse(
    JSON.parse(Buffer.from(buffer, ALIGNMENT, jsonLength).toString("utf8")),
  );
  const base = ALIGNMENT + padded(jsonLength);
  const section = (name: string): [offset: number, length: number] => {
    const found = sections[name];
    if (found === undefined) throw new Error(`the gazetteer has no ${name}`);
    return [base + found[0], found[1]];
  };
  const u8 = (name: string): Uint8Array => new Uint8Array(buffer, ...section(name));
  const u16 = (name: string): Uint16Array => new Uint16Array(buffer, ...section(name));
  const u32 = (name: string): Uint32Array => new Uint32Array(buffer, ...section(name));
  const i32 = (name: string): Int32Array => new Int32Array(buffer, ...section(name));
  const strings = (name: string): StringTable => ({
    bytes: u8(`${name}.bytes`),
    offsets: u32(`${name}.offsets`),
  });
  return {
    ...head,
    ids: u32("ids"),
    latitudes: i32("latitudes"),
    longitudes: i32("longitudes"),
    populations: u32("populations"),
    weights: new Float32Array(buffer, ...section("weights")),
    placeCountries: u16("placeCountries"),
    placeTimeZones: u16("placeTimeZones"),
    areas1: u32("areas1"),
    areas2: u32("areas2"),
    twins: u8("twins"),
    placeNames: strings("placeNames"),
    areaNames: strings("areaNames"),
    areaCountries: u16("areaCountries"),
    areaPopulations: u32("areaPopulations"),
    areaSeats: u32("areaSeats"),
    units: u16("units"),
    unitOffsets: u32("unitOffsets"),
    originals: strings("originals"),
    postings: u32("postings"),
    postingOffsets: u32("postingOffsets"),
    blockBest: u32("blockBest"),
    mergedIds: u32("mergedIds"),
    mergedPlaces: u32("mergedPlaces"),
  };
}
