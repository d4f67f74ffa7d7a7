import assert from "node:assert/strict";
import { SectionKind, type Listing } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ticketmaster } from "../../services/content-fetcher/providers/ticketmaster/ticketmaster.ts";
import { serveAdapter } from "./served-adapter.ts";
import { dated, onDay, page, VENUE, windowOf, type EVENT, type Start } from "./ticketmaster-events.ts";

describe("Ticketmaster's times", () => {
  const served = serveAdapter(ticketmaster);
  const listingsOf = async (events: readonly object[]): Promise<Listing[]> => {
    served.answerWith(() => ({ body: page(events) }));
    const { content } = await served.adapter().fetch(SectionKind.EVENTS);
    assert.deepEqual(served.adapter().defects, []);
    return content?.listings ?? [];
  };

  it("gives a rescheduled event at its new date, and says from when it was moved", async () => {
    const moved = (change: object): object =>
      onDay("2026-12-02", {
        info: undefined,
        locale: "en-us",
        dates: {
          start: { localDate: "2026-12-02", localTime: "20:00:00" },
          initialStartDate: { localDate: "2026-05-01", localTime: "20:00:00" },
          status: { code: "rescheduled" },
        },
        ...change,
      });
    const [plain, foreign] = await listingsOf([
      moved({}),
      moved({ name: "Outra", locale: "pt-pt", info: "Nova data." }),
    ]);
    assert.equal(plain?.summary, "Rescheduled from 2026-05-01. Music: Rock, Pop.");
    assert.deepEqual(windowOf(plain), ["2026-12-02T20:00Z", undefined, false]);
    assert.equal(foreign?.summary, "Nova data.");
  });

  const STARTS: Readonly<Record<string, readonly [event: object, window: readonly unknown[]]>> = {
    "the event's time zone": [
      dated({ localDate: "2026-12-02", localTime: "20:00:00" }, { timezone: "Europe/Madrid" }),
      ["2026-12-02T19:00Z", undefined, false],
    ],
    "the venue's, where the event states none": [
      {
        ...(dated({ localDate: "2026-12-02", localTime: "20:00" }, { timezone: undefined }) as typeof EVENT),
        _embedded: { venues: [{ ...VENUE, timezone: "America/New_York" }] },
      },
      ["2026-12-03T01:00Z", undefined, false],
    ],
    "the destination's, where nobody states one that is known": [
      {
        ...(dated(
          { localDate: "2026-12-02", localTime: "20:00:00" },
          { timezone: "Mars/Base" },
        ) as typeof EVENT),
        _embedded: { venues: [] },
      },
      ["2026-12-02T20:00Z", undefined, false],
    ],
  };
  for (const [what, [event, window]] of Object.entries(STARTS)) {
    it(`reads a time of day in ${what}`, async () => {
      assert.deepEqual(windowOf((await listingsOf([event]))[0]), window);
    });
  }

  const DAY: Start = { localDate: "2026-12-02" };
  const PLACEHOLDER: Start = { ...DAY, localTime: "00:00:00", dateTime: "2026-12-02T00:00:00Z" };
  const EVENING: Start = { ...DAY, dateTime: "2026-12-02T20:00:00Z" };
  const WINDOWS: Readonly<Record<string, readonly [start: Start, more: object, window: readonly unknown[]]>> =
    {
      "a day": [DAY, {}, ["2026-12-02T00:00Z", "2026-12-03T00:00Z", true]],
      "a day whose time is to be announced": [
        { ...PLACEHOLDER, timeTBA: true },
        {},
        ["2026-12-02T00:00Z", "2026-12-03T00:00Z", true],
      ],
      "a day without a specific time": [
        { ...PLACEHOLDER, noSpecificTime: true },
        {},
        ["2026-12-02T00:00Z", "2026-12-03T00:00Z", true],
      ],
      "several days": [
        DAY,
        { end: { localDate: "2026-12-06" } },
        ["2026-12-02T00:00Z", "2026-12-07T00:00Z", true],
      ],
      "several days without an end": [
        DAY,
        { spanMultipleDays: true },
        ["2026-12-02T00:00Z", undefined, true],
      ],
      "a day and an end that is a guess": [
        DAY,
        { end: { localDate: "2026-12-06", approximate: true } },
        ["2026-12-02T00:00Z", undefined, true],
      ],
      "a start and an end": [
        EVENING,
        { end: { dateTime: "2026-12-02T22:30:00Z" } },
        ["2026-12-02T20:00Z", "2026-12-02T22:30Z", false],
      ],
      "a start and a later last day": [
        EVENING,
        { end: { localDate: "2026-12-04", noSpecificTime: true } },
        ["2026-12-02T20:00Z", "2026-12-05T00:00Z", false],
      ],
      "a start and its own day as the end": [
        EVENING,
        { end: { localDate: "2026-12-02", noSpecificTime: true } },
        ["2026-12-02T20:00Z", undefined, false],
      ],
      "an end before the start": [
        EVENING,
        { end: { dateTime: "2026-12-01T22:30:00Z" } },
        ["2026-12-02T20:00Z", undefined, false],
      ],
    };
  for (const [what, [start, more, window]] of Object.entries(WINDOWS)) {
    it(`gives a window to ${what}`, async () => {
      assert.deepEqual(windowOf((await listingsOf([dated(start, more)]))[0]), window);
    });
  }
});
