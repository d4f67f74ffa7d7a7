import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { startTestProviders, type TestProviders } from "./test-providers.ts";

const KEY = "made-up-key-of-ticketmaster";
const LISBON = "latlong=38.71667,-9.13333&radius=30&unit=km&locale=*";
const DECEMBER = "startDateTime=2026-12-01T00:00:00Z&endDateTime=2026-12-31T23:59:59Z";
const pageSchema = z.object({
  _embedded: z
    .object({
      events: z.array(
        z.object({ id: z.string(), dates: z.object({ start: z.object({ localDate: z.string() }) }) }),
      ),
    })
    .optional(),
  page: z.object({
    size: z.number(),
    totalElements: z.number(),
    totalPages: z.number(),
    number: z.number(),
  }),
});
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/ticketmaster/${name}`, import.meta.url), "utf8"));

describe("the test provider of events", () => {
  let providers: TestProviders;
  before(async () => {
    providers = await startTestProviders({ seed: 1, now: () => Date.UTC(2026, 10, 24, 12) });
  });
  after(async () => {
    await providers.close();
  });

  const get = async (query: string, key: string | undefined = KEY) => {
    const { baseUrl } = providers.server("ticketmaster");
    const start = key === undefined ? "" : `apikey=${key}&`;
    const response = await fetch(`${baseUrl}/discovery/v2/events.json?${start}${query}`);
    const body: unknown = await response.json();
    return { status: response.status, headers: response.headers, body };
  };
  const search = async (query: string) => {
    const { status, body } = await get(query);
    assert.equal(status, 200);
    const { _embedded, page } = pageSchema.parse(body);
    return { page, events: _embedded?.events ?? [] };
  };

  it("has events on the days that are asked for, the same each time, a page at a time", async () => {
    const first = await search(`${LISBON}&${DECEMBER}&sort=date,asc&size=10`);
    const second = await search(`${LISBON}&${DECEMBER}&sort=date,asc&size=10&page=1`);
    assert.deepEqual(await search(`${LISBON}&${DECEMBER}&sort=date,asc&size=10`), first);
    assert.ok(first.page.totalElements >= 31 && first.page.totalPages >= 4);
    const days = [...first.events, ...second.events].map(({ dates }) => dates.start.localDate);
    assert.equal(days.length, 20);
    assert.deepEqual(days.toSorted(), days);
    assert.ok(days.every((day) => day.startsWith("2026-12-")));
    assert.equal(new Set([...first.events, ...second.events].map(({ id }) => id)).size, 20);
  });

  it("knows towns by name, and has no `_embedded` where nothing is on", async () => {
    assert.ok((await search(`city=Lisbon&countryCode=PT&locale=*&${DECEMBER}`)).events.length > 0);
    const nowhere = await search(`city=Xyzzy&locale=*&${DECEMBER}`);
    assert.deepEqual([nowhere.events, nowhere.page.totalPages], [[], 0]);
  });

  it("says what is left of the day's calls", async () => {
    const { headers } = await get(`${LISBON}&${DECEMBER}`);
    const { headers: later } = await get(`${LISBON}&${DECEMBER}`);
    const left = Number(headers.get("rate-limit-available"));
    assert.equal(Number(later.get("rate-limit-available")), left - 1);
    assert.equal(headers.get("rate-limit-reset"), String(Date.UTC(2026, 10, 25, 12)));
  });

  it("refuses what the true one refuses, in its words", async () => {
    const invalid = await get(`${LISBON}&${DECEMBER}`, "short");
    assert.deepEqual([invalid.status, invalid.body], [401, fixture("error-401-invalid-apikey.json")]);
    const withoutKey = await fetch(`${providers.server("ticketmaster").baseUrl}/discovery/v2/events.json`);
    assert.equal(withoutKey.status, 401);
    assert.match(await withoutKey.text(), /FailedToResolveAPIKey/);
    const BAD: Readonly<Record<string, RegExp>> = {
      "startDateTime=2026-12-01T00:00:00.000Z": /DIS1015/,
      "endDateTime=2026-12-01": /DIS1015/,
      "size=201": /DIS1036/,
      "size=200&page=6": /DIS1035/,
    };
    for (const [query, code] of Object.entries(BAD)) {
      const { status, headers, body } = await get(`${LISBON}&${query}`);
      assert.equal(status, 400, query);
      assert.match(JSON.stringify(body), code);
      assert.equal(headers.get("rate-limit"), null);
    }
    providers.setFault("ticketmaster", { kind: "rate-limit" }, 1);
    const limited = await get(`${LISBON}&${DECEMBER}`);
    assert.deepEqual([limited.status, limited.body], [429, fixture("error-429-quota.json")]);
  });
});
