import assert from "node:assert/strict";
import fc from "fast-check";
import { civilDayAt } from "../../services/guide-composer/assemble/civil-time.ts";

const MINUTE_MS = 60_000;
const ZONES = [
  "UTC",
  "Europe/Lisbon",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "America/St_Johns",
  "Pacific/Kiritimati",
  "Pacific/Pago_Pago",
];

/** `YYYY-MM-DD`, by a formatter of its own. */
const isoDay = (epochMs: number, timeZone: string): string =>
  new Intl.DateTimeFormat("sv-SE", { timeZone }).format(epochMs);

describe("civil day", () => {
  const instant = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) });
  /** The clock goes on, and is set back. */
  const steps = fc.array(fc.integer({ min: -90 * MINUTE_MS, max: 90 * MINUTE_MS }), {
    minLength: 1,
    maxLength: 20,
  });

  it("is that of the zone at every instant, whatever was asked for before", () => {
    fc.assert(
      fc.property(instant, steps, fc.constantFrom(...ZONES), (startMs, moves, timeZone) => {
        let nowMs = startMs;
        for (const move of moves) {
          nowMs += move;
          const { year, month, day } = civilDayAt(nowMs, timeZone);
          const two = (number: number): string => String(number).padStart(2, "0");
          assert.equal(`${year}-${two(month)}-${two(day)}`, isoDay(nowMs, timeZone));
        }
      }),
    );
  });

  it("changes at midnight to the millisecond", () => {
    const midnightMs = Date.UTC(2026, 5, 30, 18, 15);
    assert.equal(civilDayAt(midnightMs - 1, "Asia/Kathmandu").month, 6);
    assert.equal(civilDayAt(midnightMs, "Asia/Kathmandu").month, 7);
  });
});
