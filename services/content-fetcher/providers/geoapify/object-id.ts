/** What a place id begins with: two doubles, behind tags of fields 10 and 11. */
const COORDINATES_BYTES = 18;
/** Fields 30 and 31 of an id: which type of object it is, as a number of one byte, and its id in eight bytes. */
const OBJECT = /^f001(0[123])f901([0-9a-f]{16})/;
const TYPES: ReadonlyMap<string, string> = new Map([
  ["01", "relation"],
  ["02", "way"],
  ["03", "node"],
]);
const TYPE_LETTERS: ReadonlyMap<string, string> = new Map([
  ["n", "node"],
  ["w", "way"],
  ["r", "relation"],
]);
/** Above every id in OpenStreetMap by far: what is higher was read from something else. */
const MAX_OBJECT_ID = 2n ** 40n;

/** What an answer says of the object of OpenStreetMap behind a place. */
export interface ObjectClues {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly placeId: string;
}

/**
 * `{type}/{id}` of the object of OpenStreetMap behind a place: from its raw tags where the answer has them, else from
 * the place id. That is a message of Protocol Buffers in hexadecimal digits which holds the position, the type and the
 * id of the object; ids of places from elsewhere have other fields there. Undefined when neither says it.
 */
export function objectIdOf({ raw, placeId }: ObjectClues): string | undefined {
  const letter = typeof raw["osm_type"] === "string" ? raw["osm_type"].charAt(0).toLowerCase() : "";
  const type = TYPE_LETTERS.get(letter);
  const id = Number(raw["osm_id"]);
  if (type !== undefined && Number.isSafeInteger(id) && id > 0) return `${type}/${id}`;
  return fromPlaceId(placeId.toLowerCase());
}

function fromPlaceId(placeId: string): string | undefined {
  if (!placeId.startsWith("51")) return undefined;
  const [, typeCode, digits] = OBJECT.exec(placeId.slice(COORDINATES_BYTES * 2)) ?? [];
  const type = TYPES.get(typeCode ?? "");
  if (type === undefined || digits === undefined) return undefined;
  const id = Buffer.from(digits, "hex").readBigUInt64LE();
  return id > 0n && id < MAX_OBJECT_ID ? `${type}/${id}` : undefined;
}
