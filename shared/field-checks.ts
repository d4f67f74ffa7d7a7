import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import type { Date as CivilDate } from "./gen/google/type/date_pb.ts";
import type { LatLng } from "./gen/google/type/latlng_pb.ts";
import {
  BudgetLevelSchema,
  PaceSchema,
  TravelGroupSchema,
  type Preferences,
} from "./gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError, type FieldViolation } from "./errors.ts";

/** Checks of single fields that both services make. Each adds its violation, so that a caller learns all at once. */
type Found = FieldViolation[];

/** @throws ServiceError REQUEST_INVALID with all violations, when there is any */
export function throwIfAny(violations: readonly FieldViolation[]): void {
  if (violations.length > 0)
    throw new ServiceError("REQUEST_INVALID", "The request is invalid", { violations });
}

const MAX_WISH_COUNT = 10;
const MAX_WISH_LENGTH = 100;

/** Length in characters, no control characters, well-formed Unicode. The value itself never stands in a violation. */
export function checkText(
  value: string,
  field: string,
  minLength: number,
  maxLength: number,
  found: Found,
): void {
  const length = value.length > maxLength * 4 ? Infinity : Array.from(value).length;
  if (length < minLength || length > maxLength) {
    found.push({ field, description: `must have ${minLength} to ${maxLength} characters` });
  } else if (/\p{Cc}/u.test(value) || !value.isWellFormed()) {
    found.push({ field, description: "must be well-formed text without control characters" });
  }
}

export function checkInteger(value: number, field: string, min: number, max: number, found: Found): void {
  if (!Number.isInteger(value) || value < min || value > max)
    found.push({ field, description: `must lie between ${min} and ${max}` });
}

/** Empty, which means the default, or a well-formed BCP-47 tag. */
export function checkLanguage(value: string, field: string, found: Found): void {
  if (value === "") return;
  try {
    if (value.length <= 35 && Intl.getCanonicalLocales(value).length === 1) return;
  } catch {
    // RangeError: not well-formed, which is the violation below.
  }
  found.push({ field, description: "must be a BCP-47 language tag" });
}

export function checkLocation(value: LatLng, field: string, found: Found): void {
  if (!(Math.abs(value.latitude) <= 90))
    found.push({ field: `${field}.latitude`, description: "must lie between -90 and 90" });
  if (!(Math.abs(value.longitude) <= 180))
    found.push({ field: `${field}.longitude`, description: "must lie between -180 and 180" });
}

/** From nothing to so many days. */
export function checkDuration(value: Duration, field: string, maxDays: number, found: Found): void {
  const { seconds, nanos } = value;
  const maxSeconds = BigInt(maxDays * 86_400);
  const valid =
    seconds >= 0n &&
    nanos >= 0 &&
    nanos < 1e9 &&
    (seconds < maxSeconds || (seconds === maxSeconds && nanos === 0));
  if (!valid) found.push({ field, description: `must lie between 0 and ${maxDays} days` });
}

/** An instant between two others, milliseconds since the epoch. */
export function checkTimestamp(
  value: Timestamp,
  field: string,
  fromMs: number,
  toMs: number,
  found: Found,
): void {
  const { seconds, nanos } = value;
  const valid = nanos >= 0 && nanos < 1e9 && seconds * 1000n >= fromMs && seconds * 1000n <= toMs;
  if (!valid) {
    const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString().slice(0, 10));
    found.push({ field, description: `must be an instant between ${from} and ${to}` });
  }
}

/** A whole date that exists, between two instants. */
export function checkCivilDate(
  value: CivilDate,
  field: string,
  fromMs: number,
  toMs: number,
  found: Found,
): void {
  const dayMs = Date.UTC(value.year, value.month - 1, value.day);
  const date = new Date(dayMs);
  const exists =
    value.year >= 1000 &&
    date.getUTCFullYear() === value.year &&
    date.getUTCMonth() === value.month - 1 &&
    date.getUTCDate() === value.day;
  if (!exists) found.push({ field, description: "must be a date that exists, with year, month and day" });
  else if (dayMs < fromMs || dayMs > toMs)
    found.push({ field, description: "must lie between today and 2 years ahead" });
}

/** Names that were found to be time zones: finding out takes a third of a millisecond. A zone has many spellings. */
const MAX_ZONE_COUNT = 1_000;
const knownZones = new Set<string>();

/** A name of the IANA data base; an offset such as "+01:00" says nothing about tomorrow. */
export function isTimeZone(value: string): boolean {
  if (knownZones.has(value)) return true;
  try {
    if (!/^[A-Za-z]/.test(value)) return false;
    // Throws a RangeError for an unknown zone.
    Intl.DateTimeFormat("en", { timeZone: value });
  } catch {
    return false;
  }
  if (knownZones.size >= MAX_ZONE_COUNT) knownZones.clear();
  knownZones.add(value);
  return true;
}

export function checkPreferences(preferences: Preferences | undefined, field: string, found: Found): void {
  if (preferences === undefined) return;
  const enums = [
    ["budget_level", preferences.budgetLevel, BudgetLevelSchema],
    ["pace", preferences.pace, PaceSchema],
    ["travel_group", preferences.travelGroup, TravelGroupSchema],
  ] as const;
  for (const [name, value, schema] of enums) {
    if (!schema.values.some(({ number }) => number === value))
      found.push({ field: `${field}.${name}`, description: "must be a known value" });
  }
  const lists = [
    ["cuisines", preferences.cuisines],
    ["dietary_tags", preferences.dietaryTags],
    ["interests", preferences.interests],
    ["accessibility_needs", preferences.accessibilityNeeds],
    ["must_see", preferences.mustSee],
    ["avoid", preferences.avoid],
  ] as const;
  for (const [name, values] of lists) {
    if (values.length > MAX_WISH_COUNT)
      found.push({ field: `${field}.${name}`, description: `must have at most ${MAX_WISH_COUNT} entries` });
    for (const [index, value] of values.slice(0, MAX_WISH_COUNT).entries()) {
      checkText(value.trim(), `${field}.${name}[${index}]`, 1, MAX_WISH_LENGTH, found);
    }
  }
}
