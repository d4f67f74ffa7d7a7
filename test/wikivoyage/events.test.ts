import assert from "node:assert/strict";
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { eventsOf } from "../../services/content-fetcher/providers/wikivoyage/events.ts";
import { queryOf } from "../adapters/harness.ts";
import { articleOf } from "./small-wiki.ts";

/** `first to last`, in the destination's days, of the event when it is in the answer. */
function windowOf(parameters: string, startDate: string, dayCount = 3, timeZone = "Europe/Lisbon"): string {
  const article = articleOf("Lisbon", `==Do==\n===Events===\n* {{event|name=Fair|${parameters}}}`);
  const [event] = eventsOf(article, queryOf({ startDate, dayCount, destination: { timeZone } }));
  if (event === undefined) return "none";
  assert.ok(event.details?.case === "event");
  const { window } = event.details.value;
  assert.equal(window?.allDay, true);
  const local = (instant: unknown): string =>
    timestampDate(instant as Timestamp).toLocaleString("sv-SE", { timeZone });
  return `${local(window.startTime)} to ${window.endTime === undefined ? "?" : local(window.endTime)}`;
}

describe("events of an article", () => {
  it("happen every year when they are annual", () => {
    const fair = "year=annual|month=July|date=4";
    assert.equal(windowOf(fair, "2027-07-02"), "2027-07-04 00:00:00 to 2027-07-05 00:00:00");
    assert.equal(windowOf(fair, "2028-07-04", 1), "2028-07-04 00:00:00 to 2028-07-05 00:00:00");
    assert.equal(windowOf(fair, "2027-07-01", 3), "none");
    assert.equal(windowOf(fair, "2027-07-05"), "none");
  });

  it("happen in their year only when they name one", () => {
    assert.equal(
      windowOf("year=2027|month=7|date=4th", "2027-07-02"),
      "2027-07-04 00:00:00 to 2027-07-05 00:00:00",
    );
    assert.equal(windowOf("year=2026|month=7|date=4", "2027-07-02"), "none");
    assert.equal(
      windowOf("yymmdd=2027-07-04", "2027-07-04", 1),
      "2027-07-04 00:00:00 to 2027-07-05 00:00:00",
    );
    assert.equal(
      windowOf("yymmdd=270703|endyymmdd=20270705", "2027-07-05", 1),
      "2027-07-03 00:00:00 to 2027-07-06 00:00:00",
    );
  });

  it("reach over days, months and the turn of the year", () => {
    assert.equal(
      windowOf("year=annual|month=Aug|date=31|endmonth=September|enddate=2", "2027-09-02", 1),
      "2027-08-31 00:00:00 to 2027-09-03 00:00:00",
    );
    const newYear = "year=annual|month=December|date=31|endmonth=January|enddate=1";
    assert.equal(windowOf(newYear, "2026-12-29"), "2026-12-31 00:00:00 to 2027-01-02 00:00:00");
    assert.equal(windowOf(newYear, "2027-01-01"), "2026-12-31 00:00:00 to 2027-01-02 00:00:00");
    assert.equal(
      windowOf("year=annual|month=June|date=12–14", "2027-06-14", 1),
      "2027-06-12 00:00:00 to 2027-06-15 00:00:00",
    );
    assert.equal(
      windowOf("year=annual|month=June|date=12|enddate=13", "2027-06-13", 1),
      "2027-06-12 00:00:00 to 2027-06-14 00:00:00",
    );
  });

  it("begin and end at midnights of the place, the change of clocks included", () => {
    assert.equal(
      windowOf("year=annual|month=March|date=28", "2027-03-28", 1, "Europe/Lisbon"),
      "2027-03-28 00:00:00 to 2027-03-29 00:00:00",
    );
    assert.equal(
      windowOf("year=annual|month=May|date=3", "2027-05-03", 1, "Asia/Tokyo"),
      "2027-05-03 00:00:00 to 2027-05-04 00:00:00",
    );
  });

  it("have no end when the article's end cannot be read", () => {
    assert.equal(
      windowOf("year=annual|month=June|date=12|endmonth=June|enddate=last Sunday", "2027-06-12"),
      "2027-06-12 00:00:00 to ?",
    );
    assert.equal(
      windowOf("year=2027|month=June|date=12|enddate=3", "2027-06-12"),
      "2027-06-12 00:00:00 to ?",
    );
  });

  it("are left out when their dates are missing, in words or impossible", () => {
    for (const parameters of [
      "content=In June.",
      "year=annual|month=June",
      "month=June|date=12",
      "year=|month=June|date=12",
      "year=annual|month=June|date=last Sunday",
      "year=annual|month=Juneau|date=12",
      "year=annual|month=13|date=12",
      "year=annual|month=June|date=31",
      "yymmdd=summer",
      "year={{CURRENTYEAR}}|month=June|date=12",
    ])
      assert.equal(windowOf(parameters, "2027-06-01", 30), "none", parameters);
    assert.equal(windowOf("year=annual|month=February|date=29", "2027-02-25", 10), "none");
    assert.notEqual(windowOf("year=annual|month=February|date=29", "2028-02-25", 10), "none");
  });

  it("carry price, hours and page", () => {
    const article = articleOf(
      "Lisbon",
      "==Do==\n{{event|name=Fair|year=annual|month=June|date=12|price=€5|hours=10AM-6PM|url=https://fair.test}}",
    );
    const [event] = eventsOf(article, queryOf({ startDate: "2027-06-12" }));
    assert.deepEqual([event?.openingHours, event?.websiteUri], ["10AM-6PM", "https://fair.test"]);
    assert.ok(event?.details?.case === "event");
    assert.equal(event.details.value.price?.text, "€5");
    assert.equal(event.details.value.price.minAmount?.currencyCode, "EUR");
  });
});
