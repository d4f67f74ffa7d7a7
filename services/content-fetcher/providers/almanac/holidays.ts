import { createRequire } from "node:module";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type Holidays from "date-holidays";
import type { ListingSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { ResolvedQuery } from "../../provider.ts";
import { midnightMs, nextDay, tripDays } from "../civil-days.ts";
import { listingKey } from "../listing-key.ts";
import { loadData } from "./data-file.ts";
import { fact, type FactInit } from "./fact.ts";
import { DATE_HOLIDAYS } from "./citations.ts";

const DAY_MS = 86_400_000;

/** Days that change what is open. Observances do not. */
const KINDS: ReadonlyMap<string, "public" | "bank"> = new Map([
  ["public", "public"],
  ["bank", "bank"],
]);
/** Months that begin with the sighted moon: their days are computed and can fall a day off. */
const LUNAR_MONTHS = /\b(Muharram|Safar|Rabi|Jumada|Rajab|Sha'?ban|Ramadan|Shawwal|Dhu al-)/i;

export interface Holiday {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly name: string;
  /** On bank holidays banks and offices close, and often no more. */
  readonly kind: "public" | "bank";
  /** Whether the day follows the moon, and can fall one day earlier or later. */
  readonly lunar: boolean;
}

/** A holiday of a year, before it is cut to the days of a trip. */
interface YearlyHoliday extends Omit<Holiday, "day"> {
  /** `YYYY-MM-DD` of each of its days. */
  readonly days: readonly string[];
}

/** A holiday can begin in the year before and last into this one, for so many days. The longest in the data set has 6. */
const MAX_HOLIDAY_DAYS = 14;

/** Years of calendars that are remembered; the oldest go first. One takes up to 150 ms of astronomy, in Japan say. */
const MAX_YEAR_COUNT = 500;
const yearsOfCalendars = new Map<string, readonly YearlyHoliday[]>();

/** Public and bank holidays on the days of a trip; those of the region too where the data set knows it. */
export function holidaysOf(query: ResolvedQuery): readonly Holiday[] {
  const { countryCode, region } = query.destination;
  if (countryCode === "") return [];
  const days = new Set(tripDays(query));
  const state = stateOf(countryCode, region);
  const found = yearsOf([...days])
    .flatMap((year) => holidaysOfYear(countryCode, state, year))
    .flatMap(({ days: own, name, kind, lunar }) =>
      own.filter((day) => days.has(day)).map((day): Holiday => ({ day, name, kind, lunar })),
    );
  const unique = new Map(found.map((holiday) => [`${holiday.day} ${holiday.name}`, holiday]));
  return [...unique.values()].sort((a, b) => (a.day < b.day ? -1 : Number(a.day > b.day)));
}

/** Years in which a holiday on one of the days can begin. */
function yearsOf(days: readonly string[]): number[] {
  const times = days.map((day) => Date.parse(`${day}T00:00:00Z`));
  const firstMs = Math.min(...times) - (MAX_HOLIDAY_DAYS - 1) * DAY_MS;
  return [...new Set([firstMs, ...times].map((ms) => new Date(ms).getUTCFullYear()))];
}

/** @param state undefined for the calendar of the whole country, which all regions without one of their own share */
function holidaysOfYear(
  countryCode: string,
  state: string | undefined,
  year: number,
): readonly YearlyHoliday[] {
  const key = `${countryCode}/${state ?? ""}/${year}`;
  const known = yearsOfCalendars.get(key);
  if (known !== undefined) return known;
  const made = readYear(countryCode, state, year);
  yearsOfCalendars.set(key, made);
  if (yearsOfCalendars.size > MAX_YEAR_COUNT) {
    const [oldest] = yearsOfCalendars.keys();
    if (oldest !== undefined) yearsOfCalendars.delete(oldest);
  }
  return made;
}

/**
 * Makes a calendar; with the first one the data set is loaded, which takes 60 ms and 30 MB.
 *
 * @param countryCode undefined for a calendar without days, which only knows which countries and states there are
 */
export function loadCalendar(countryCode?: string, state?: string): Holidays {
  const loaded: { default?: typeof Holidays } & typeof Holidays = createRequire(import.meta.url)(
    "date-holidays",
  );
  const Calendar = loaded.default ?? loaded;
  if (countryCode === undefined) return new Calendar();
  return state === undefined ? new Calendar(countryCode) : new Calendar(countryCode, state);
}

function readYear(countryCode: string, state: string | undefined, year: number): readonly YearlyHoliday[] {
  const calendar = loadCalendar(countryCode, state);
  calendar.setLanguages("en");
  return (calendar.getHolidays(year) ?? []).flatMap(({ date, start, end, name, type, rule }) => {
    const kind = KINDS.get(type);
    if (kind === undefined) return [];
    const lengthDays = Math.max(1, Math.round((end.getTime() - start.getTime()) / DAY_MS));
    const firstMs = Date.parse(`${date.slice(0, 10)}T00:00:00Z`);
    const days = Array.from({ length: lengthDays }, (_, index) =>
      new Date(firstMs + index * DAY_MS).toISOString().slice(0, 10),
    );
    return [{ days, name, kind, lunar: LUNAR_MONTHS.test(rule) }];
  });
}

/** What the names of divisions have around them in one data set and not in another. */
const DIVISION_WORDS =
  /\b(autonomous|canton|city|comunidad|community|county|de|department|district|federal|free|hansestadt|land|municipality|of|parish|prefecture|province|region|republic|state|territory|the)\b/g;

const bare = (name: string): string =>
  name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/\([^)]*\)/g, " ")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .replaceAll(DIVISION_WORDS, " ")
    .replaceAll(/\s+/g, " ")
    .trim();

/** Of no country: making one's calendar only to ask for its states takes half a millisecond. */
let directory: Holidays | undefined;

/** Keys of the states that have a calendar of their own, by their names without ornament. */
const statesOfCountries = new Map<string, ReadonlyMap<string, string>>();

function statesOf(countryCode: string): ReadonlyMap<string, string> {
  const known = statesOfCountries.get(countryCode);
  if (known !== undefined) return known;
  directory ??= loadCalendar();
  const names = Object.entries(directory.getStates(countryCode, "en") ?? {});
  // Backwards, so that of two equal names the first one counts.
  const states = new Map(names.toReversed().map(([state, name]) => [bare(name), state]));
  statesOfCountries.set(countryCode, states);
  return states;
}

/** Key of the state that a region's name means: by the data set's own name, or by the name of the same ISO code. */
function stateOf(countryCode: string, region: string): string | undefined {
  const states = statesOf(countryCode);
  const wanted = bare(region);
  if (states.size === 0 || wanted === "") return undefined;
  const byName = states.get(wanted);
  if (byName !== undefined) return byName;
  const codes = loadData()
    .regions.filter((one) => one.countryCode === countryCode && bare(one.name) === wanted)
    .map(({ code }) => code);
  return [...states.values()].find((state) => codes.includes(state.toUpperCase()));
}

/** The holidays of the trip in one line, with what a traveller must know of each. */
export function holidayFacts(query: ResolvedQuery): FactInit[] {
  const holidays = holidaysOf(query);
  if (holidays.length === 0) return [];
  const value = holidays
    .map(({ day, name, kind, lunar }) => {
      const remarks = [
        day,
        ...(kind === "bank" ? ["banks closed"] : []),
        ...(lunar ? ["may fall a day earlier or later"] : []),
      ];
      return `${name} (${remarks.join(", ")})`;
    })
    .join("; ");
  return [fact("public-holidays", "Public holidays during the trip", value, [DATE_HOLIDAYS])];
}

/** Public holidays as events that last the whole civil day. */
export function holidayListings(query: ResolvedQuery): MessageInitShape<typeof ListingSchema>[] {
  const { timeZone } = query.destination;
  return holidaysOf(query)
    .filter(({ kind }) => kind === "public")
    .map(({ day, name }) => ({
      key: `${listingKey({ title: name })}-${day}`,
      title: name,
      citations: [DATE_HOLIDAYS],
      details: {
        case: "event",
        value: {
          category: "public-holiday",
          window: {
            startTime: timestampFromMs(midnightMs(day, timeZone)),
            endTime: timestampFromMs(midnightMs(nextDay(day), timeZone)),
            allDay: true,
          },
        },
      },
    }));
}
