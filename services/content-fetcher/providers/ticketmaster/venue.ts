import { oneLine } from "../plain-text.ts";
import type { Venue } from "./schema.ts";

export function locationOf(
  venue: Venue | undefined,
): { readonly latitude: number; readonly longitude: number } | undefined {
  const { latitude, longitude } = venue?.location ?? {};
  const [lat, lon] = [toDegrees(latitude), toDegrees(longitude)];
  // Both zero stand for a position that is not known.
  const known = Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat !== 0 || lon !== 0);
  return known ? { latitude: lat, longitude: lon } : undefined;
}

const toDegrees = (value: string | number | null | undefined): number =>
  typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value ?? Number.NaN);

/** Without states, where the postcode stands behind the town. */
const CODE_LAST_COUNTRIES = new Set(["GB", "IE", "NZ"]);

/** `7th Ave & 32nd Street, New York, NY 10001`, or `Rua 7, 1100-001 Lisboa` where there are no states. */
export function addressOf(venue: Venue | undefined): string {
  const [city = "", state = "", code = ""] = [
    venue?.city?.name,
    venue?.state?.stateCode,
    venue?.postalCode,
  ].map(oneLine);
  const [line = "", second = ""] = [venue?.address?.line1, venue?.address?.line2].map(oneLine);
  if (line === "") return "";
  const words = (...parts: readonly string[]): string => parts.filter(Boolean).join(" ");
  const codeLast = CODE_LAST_COUNTRIES.has(venue?.country?.countryCode?.toUpperCase() ?? "");
  const townWithoutState = codeLast ? words(city, code) : words(code, city);
  const town = state === "" ? [townWithoutState] : [city, words(state, code)];
  // Often it is the town once more.
  const isTown = [city, code].some((part) => part !== "" && second.includes(part));
  return [line, isTown ? "" : second, ...town].filter(Boolean).join(", ");
}
