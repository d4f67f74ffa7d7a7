import assert from "node:assert/strict";
import * as fc from "fast-check";
import { weekdayOf, type CivilDay } from "../../services/guide-composer/assemble/civil-time.ts";
import { openSpans, toHoursDay } from "../../services/guide-composer/assemble/hours/hours.ts";
import { readHours } from "../../services/guide-composer/assemble/hours/read-hours.ts";

/** Tuesday 2026-12-01 to Monday 2026-12-07. */
const WEEK = [1, 2, 3, 4, 5, 6, 7].map((day): CivilDay => ({ year: 2026, month: 12, day }));

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

/** When it is open on a day, "closed", or "unknown". */
function openOn(text: string, day: CivilDay, holidays: readonly number[] = []): string {
  const hours = readHours(text);
  const spans =
    hours &&
    openSpans(
      hours,
      toHoursDay(day, (other) => holidays.includes(other.day)),
    );
  if (spans === undefined) return "unknown";
  return spans.length === 0 ? "closed" : spans.map(([from, to]) => `${clock(from)}-${clock(to)}`).join(" ");
}

const week = (text: string, holidays: readonly number[] = []): string =>
  WEEK.map((day) => openOn(text, day, holidays)).join(", ");

/** What Tuesday to Monday look like. */
const READ: Readonly<Record<string, string>> = {
  "24/7": "00:00-24:00 ".repeat(7).trim().replaceAll("0 0", "0, 0"),
  "Mo-Su 12:00-15:00,19:00-23:00": Array(7).fill("12:00-15:00 19:00-23:00").join(", "),
  "Tu-Su 10:00-18:00; Mo closed": `${"10:00-18:00, ".repeat(6)}closed`,
  "Tu-Su 10:00-18:00": `${"10:00-18:00, ".repeat(6)}closed`,
  "Mo-Fr 09:00-17:00; PH off": `${"09:00-17:00, ".repeat(4)}closed, closed, 09:00-17:00`,
  "M-Sa 10AM-6PM": `${"10:00-18:00, ".repeat(5)}closed, 10:00-18:00`,
  "M-Th 11:30AM-10PM, F Sa 11:30AM-11PM, Su noon-9PM":
    "11:30-22:00, 11:30-22:00, 11:30-22:00, 11:30-23:00, 11:30-23:00, 12:00-21:00, 11:30-22:00",
  "Daily 9AM-5PM, closed Mondays": `${"09:00-17:00, ".repeat(6)}closed`,
  "Daily except M 10:00–17:00": `${"10:00-17:00, ".repeat(6)}closed`,
  "10AM-6PM Tu-Su": `${"10:00-18:00, ".repeat(6)}closed`,
  "Sa Su 10:00-14:00": "closed, closed, closed, closed, 10:00-14:00, 10:00-14:00, closed",
  "Mon–Fri 9.30am–5.30pm": `${"09:30-17:30, ".repeat(4)}closed, closed, 09:30-17:30`,
  "Temporarily closed": Array(7).fill("closed").join(", "),
  "noon-midnight": Array(7).fill("12:00-24:00").join(", "),
  "2-6PM": Array(7).fill("14:00-18:00").join(", "),
  "9-5PM": Array(7).fill("09:00-17:00").join(", "),
  "Fr,Sa 20:00-03:00": "closed, closed, closed, 20:00-27:00, 00:00-03:00 20:00-27:00, 00:00-03:00, closed",
  "Th–Sa 6 p.m. to 2 a.m.":
    "closed, closed, 18:00-26:00, 00:00-02:00 18:00-26:00, 00:00-02:00 18:00-26:00, 00:00-02:00, closed",
  "Mo-Fr 08:00-12:00, We 14:00-18:00":
    "08:00-12:00, 08:00-12:00 14:00-18:00, 08:00-12:00, 08:00-12:00, closed, closed, 08:00-12:00",
  "10:00-18:00, Th 10:00-21:00":
    "10:00-18:00, 10:00-18:00, 10:00-21:00, 10:00-18:00, 10:00-18:00, 10:00-18:00, 10:00-18:00",
  "10:00-18:00 (last admission 17:30)": Array(7).fill("10:00-18:00").join(", "),
  "Apr-Oct Mo-Su 10:00-20:00": Array(7).fill("closed").join(", "),
  "Apr 1-Oct 31: daily 10:00-18:00; Nov 1-Mar 31: Tu-Su 10:00-16:00": `${"10:00-16:00, ".repeat(6)}closed`,
  "Tu-Su 10:00-18:00; Dec 2-4 off": "10:00-18:00, closed, closed, closed, 10:00-18:00, 10:00-18:00, closed",
  "Closed on Mondays": `${"unknown, ".repeat(6)}closed`,
  'Mo-Fr 10:00-18:00 "by appointment"': `${"unknown, ".repeat(4)}closed, closed, unknown`,
  "Mo-Sa 12:00-15:00,19:00+": `${"unknown, ".repeat(5)}closed, unknown`,
  "sunrise-sunset": Array(7).fill("unknown").join(", "),
};

/** What is not understood as a whole, or can be meant in two ways. */
const UNREAD = [
  "",
  "varies",
  "by appointment",
  "summer 10:00-18:00",
  "SH off",
  "Mo[1] 10:00-12:00",
  "week 1-20 Mo 10:00-12:00",
  "2026 Apr 1-5 10:00-12:00",
  "easter off",
  "9AM-5",
  "9:00-5:00",
  "10-18",
  "25:00-26:00",
  "10:75-12:00",
  "13PM-2PM",
  "10:00-10:00",
  "Mo-Fr 10:00-18:00; call ahead",
  "Mo-Fr 10:00",
  "constructor",
  "__proto__ 10:00-12:00",
] as const;

describe("opening hours", () => {
  for (const [text, expected] of Object.entries(READ)) {
    it(`reads "${text}"`, () => assert.equal(week(text), expected));
  }

  for (const text of UNREAD) {
    it(`says nothing about "${text}"`, () => assert.equal(readHours(text), undefined));
  }

  it("follows what is said about public holidays, and else the weekday", () => {
    assert.equal(openOn("Mo-Fr 09:00-17:00; PH off", { year: 2026, month: 12, day: 1 }, [1]), "closed");
    assert.equal(openOn("Mo-Fr 09:00-17:00", { year: 2026, month: 12, day: 1 }, [1]), "09:00-17:00");
    assert.equal(openOn("Sa,PH 10:00-12:00", { year: 2026, month: 12, day: 1 }, [1]), "10:00-12:00");
    assert.equal(openOn("Su,PH off; Mo-Sa 10:00-12:00", { year: 2026, month: 12, day: 6 }), "closed");
  });

  it("evaluates months by date, also over the end of the year", () => {
    const text = "Nov-Feb 10:00-16:00; Mar-Oct 09:00-20:00";
    assert.equal(openOn(text, { year: 2027, month: 1, day: 5 }), "10:00-16:00");
    assert.equal(openOn(text, { year: 2027, month: 7, day: 5 }), "09:00-20:00");
    assert.equal(openOn("Apr 15-Oct 15 10:00-12:00", { year: 2027, month: 4, day: 14 }), "closed");
  });

  it("never throws, whatever is written", () => {
    const words = fc.constantFrom(
      ...'Mo Tu-Su daily PH off closed 10:00-18:00 10AM-6PM 10-18 noon midnight - , ; : + / ( ) " Apr Oct 31 24/7 except sunset x'.split(
        " ",
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: "binary" }),
          fc.array(words).map((parts) => parts.join(" ")),
        ),
        fc.constantFrom(...WEEK),
        (text, day) => {
          const hours = readHours(text);
          if (hours === undefined) return;
          let last = 0;
          for (const [from, to] of openSpans(
            hours,
            toHoursDay(day, () => false),
          ) ?? []) {
            assert.ok(from >= last && from < to && to <= 2_880);
            last = to;
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("never claims to be open outside of the hours that are stated for the day or the night before", () => {
    const DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] as const;
    const rule = fc.record({
      day: fc.nat(6),
      length: fc.nat(6),
      from: fc.integer({ min: 0, max: 23 }).map((hour) => hour * 60),
      minutes: fc.integer({ min: 1, max: 26 }).map((halves) => halves * 30),
    });
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 4 }), fc.constantFrom(...WEEK), (rules, day) => {
        const stated = rules.map(({ day: first, length, from, minutes }) => ({
          weekdays: Array.from({ length: length + 1 }, (_, index) => (first + index) % 7),
          from,
          to: from + minutes,
        }));
        const text = stated
          .map(({ weekdays, from, to }) => {
            const days = `${DAYS[weekdays[0] ?? 0]}-${DAYS[weekdays.at(-1) ?? 0]}`;
            return `${days} ${clock(from)}-${clock(to > 1_440 ? to - 1_440 : to)}`;
          })
          .join("; ");
        const hours = readHours(text);
        assert.ok(hours !== undefined, text);
        const today = weekdayOf(day);
        for (const [from, to] of openSpans(
          hours,
          toHoursDay(day, () => false),
        ) ?? []) {
          for (let minute = from; minute < to; minute += 30) {
            const isStated = stated.some(
              (one) =>
                (one.weekdays.includes(today) && minute >= one.from && minute < one.to) ||
                (one.weekdays.includes((today + 6) % 7) &&
                  minute + 1_440 >= one.from &&
                  minute + 1_440 < one.to),
            );
            assert.ok(isStated, `${text} on ${day.day} at ${clock(minute)}`);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
