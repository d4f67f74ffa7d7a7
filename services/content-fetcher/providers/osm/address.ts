import { oneLine, type Tags } from "./tags.ts";

// How countries write addresses, from https://github.com/openstreetmap/iD/blob/develop/data/address_formats.json and, for
// those that it does not list, from
// https://github.com/OpenCageData/address-formatting/blob/master/conf/countries/worldwide.yaml.

/** Countries that write the house number before the street. */
const NUMBER_FIRST: ReadonlySet<string> = new Set(
  (
    "AE AU CA DZ EG FR GB GF GG GP HK IE IL IM IN JE KE LK LU MA MC MO MQ MT MY NC NG NZ PF PH PK RE SA SG TH TN US VI " +
    "VN ZA"
  ).split(" "),
);
/** Countries that write the postcode after the town. */
const POSTCODE_LAST: ReadonlySet<string> = new Set(
  "AU CA EG GB GG IE IL IM IN JE KE LK MT NG NZ PK SA TH US VI VN ZA".split(" "),
);

/**
 * The address on one line, in the order of the country that it is in; empty when it has none.
 *
 * @param countryCode ISO 3166-1 alpha-2 code of the country where the tags name none
 */
export function addressOf(tags: Tags, countryCode: string): string {
  const way = oneLine(tags["addr:street"] ?? tags["addr:place"]);
  if (way === "") return oneLine(tags["addr:full"]);
  const country = oneLine(tags["addr:country"] ?? countryCode).toUpperCase();
  const inOrder = (first: string, second: string, reversed: boolean): string =>
    (reversed ? [second, first] : [first, second]).filter((part) => part !== "").join(" ");
  const street = inOrder(way, oneLine(tags["addr:housenumber"]), NUMBER_FIRST.has(country));
  const town = inOrder(
    oneLine(tags["addr:postcode"]),
    oneLine(tags["addr:city"]),
    POSTCODE_LAST.has(country),
  );
  return [street, town].filter((part) => part !== "").join(", ");
}
