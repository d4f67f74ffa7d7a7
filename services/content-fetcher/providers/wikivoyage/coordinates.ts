import { plainText } from "./wikitext/runs.ts";
import type { Node } from "./wikitext/parse-wikitext.ts";

export interface Position {
  /** WGS84 degrees. */
  readonly latitude: number;
  readonly longitude: number;
}

const EARTH_RADIUS_KM = 6371;
const DECIMAL = /^[+-]?\d{1,3}(?:\.\d+)?$/;
/** `42°21′20″N`, `71 3 50 W`, `42.35° N`. */
const SEXAGESIMAL =
  /^(\d{1,3}(?:\.\d+)?)\s*[°d\s]\s*(?:(\d{1,2}(?:\.\d+)?)\s*['′m\s]\s*)?(?:(\d{1,2}(?:\.\d+)?)\s*(?:["″s]|''|\s)\s*)?([NSEW])$/i;

/** Both values as written in an article; undefined unless both are plain and in range. */
export function parseLocation(
  latitude: readonly Node[] | undefined,
  longitude: readonly Node[] | undefined,
): Position | undefined {
  const [lat, lon] = [parseDegrees(latitude, 90, "NS"), parseDegrees(longitude, 180, "EW")];
  // 0, 0 is what an empty form yields; no article describes that spot in the sea.
  return lat === undefined || lon === undefined || (lat === 0 && lon === 0)
    ? undefined
    : { latitude: lat, longitude: lon };
}

function parseDegrees(
  nodes: readonly Node[] | undefined,
  limit: number,
  letters: string,
): number | undefined {
  // A computed value, as from `{{#invoke:}}`, is not known here and not guessed.
  if (nodes === undefined || nodes.some((node) => typeof node !== "string")) return undefined;
  const text = plainText(nodes).replace("−", "-");
  if (DECIMAL.test(text)) return inRange(Number(text), limit);
  const match = SEXAGESIMAL.exec(text);
  const letter = (match?.[4] ?? "").toUpperCase();
  if (match === null || !letters.includes(letter)) return undefined;
  const [degrees = 0, minutes = 0, seconds = 0] = match.slice(1, 4).map((part) => Number(part ?? 0));
  if (minutes >= 60 || seconds >= 60) return undefined;
  const value = degrees + minutes / 60 + seconds / 3600;
  return inRange("SW".includes(letter) ? -value : value, limit);
}

const inRange = (value: number, limit: number): number | undefined =>
  Math.abs(value) <= limit ? value : undefined;

/** Great-circle distance. */
export function distanceKm(a: Position, b: Position): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const [lat1, lat2] = [radians(a.latitude), radians(b.latitude)];
  const h =
    Math.sin((lat2 - lat1) / 2) ** 2 +
    Math.cos(lat1) * Math.cos(lat2) * Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}
