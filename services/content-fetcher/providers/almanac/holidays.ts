import { createRequire } from "node:module";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type Holidays from "date-holidays";
import type { ListingSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { ResolvedQuery } from "../../provider.ts";
import { midnightMs, tripDays } from "../civil-days.ts";
import { listingKey } from "../listing-key.ts";
import { DATE_HOLIDAYS } from "./citations.ts";

const DAY_MS = 86_400_000;

/** Days that change what is open. Observances do not. */
const CATEGORY: Readonly<Record<string, string>> = { public: "public-holiday", bank: "bank-holiday" };

export interface Holiday {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly name: string;
  /** In kebab-case. */
  readonly category: string;
}

/** Public and bank holidays on the days of a trip; those of the region too where the data set knows it. */
export function holidaysOf(query: ResolvedQuery): readonly Holiday[] {
  const { countryCode, region } = query.destination;
  if (countryCode === "") return [];
  // Loaded with the first answer that needs it: the data set takes 60 ms and 30 MB.
  const loaded: { default?: typeof Holidays } & typeof Holidays = createRequire(import.meta.url)(
    "date-holidays",
  );
  const calendar = new (loaded.default ?? loaded)(countryCode);
  const states = Object.entries(calendar.getStates(countryCode, "en") ?? {});
  const state = states.find(([, name]) => name === region)?.[0];
  if (state !== undefined) calendar.init(countryCode, state);
  calendar.setLanguages("en");
  const days = new Set(tripDays(query));
  const years = new Set([...days].map((day) => Number(day.slice(0, 4))));
  return [...years]
    .flatMap((year) => calendar.getHolidays(year) ?? [])
    .flatMap(({ date, start, end, name, type }): Holiday[] => {
      const category = CATEGORY[type];
      if (category === undefined) return [];
      const lengthDays = Math.max(1, Math.round((end.getTime() - start.getTime()) / DAY_MS));
      const firstMs = Date.parse(`${date.slice(0, 10)}T00:00:00Z`);
      return Array.from({ length: lengthDays }, (_, index) =>
        new Date(firstMs + index * DAY_MS).toISOString().slice(0, 10),
      )
        .filter((day) => days.has(day))
        .map((day) => ({ day, name, category }));
    });
}

/** Holidays as events that last the whole civil day. */
export function holidayListings(query: ResolvedQuery): MessageInitShape<typeof ListingSchema>[] {
  const { timeZone } = query.destination;
  return holidaysOf(query).map(({ day, name, category }) => ({
    key: `${listingKey({ title: name })}-${day}`,
    title: name,
    citations: [DATE_HOLIDAYS],
    details: {
      case: "event",
      value: {
        category,
        window: {
          startTime: timestampFromMs(midnightMs(day, timeZone)),
          endTime: timestampFromMs(
            midnightMs(new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10), timeZone),
          ),
          allDay: true,
        },
      },
    },
  }));
}
