import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CitationSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";

type CitationInit = MessageInitShape<typeof CitationSchema>;

const source = (title: string, uri: string, license: string, dataDate: string): CitationInit => ({
  provider: "providers/almanac",
  uri,
  title,
  license,
  fetchTime: timestampFromMs(Date.parse(`${dataDate}T00:00:00Z`)),
});

/** The embedded data sets, each with the date of its data or, where it states none, of its release. */
export const GEONAMES = source("GeoNames", "https://www.geonames.org/", "CC-BY-4.0", "2023-03-05");
export const COUNTRIES_LIST = source(
  "countries-list",
  "https://www.npmjs.com/package/countries-list",
  "MIT",
  "2026-01-01",
);
export const OUR_AIRPORTS = source("OurAirports", "https://ourairports.com/data/", "", "2026-05-01");
export const DATE_HOLIDAYS = source(
  "date-holidays",
  "https://www.npmjs.com/package/date-holidays",
  "CC-BY-3.0",
  "2026-09-21",
);
export const SUNCALC = source(
  "SunCalc",
  "https://www.npmjs.com/package/suncalc",
  "BSD-2-Clause",
  "2026-01-01",
);
export const IANA_ZONES = source(
  "IANA time zone database",
  "https://www.iana.org/time-zones",
  "",
  "2026-01-01",
);
export const UNICODE_CLDR = source("Unicode CLDR", "https://cldr.unicode.org/", "Unicode-3.0", "2026-01-01");
