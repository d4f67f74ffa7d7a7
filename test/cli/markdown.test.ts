import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { renderGuide } from "../../services/cli/markdown/guide.ts";
import {
  GuideSchema,
  SectionStatus,
  type Guide,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  DailyForecast_Basis as Basis,
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  WeatherCondition,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ErrorReason } from "../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { LISBON, listing } from "../assemble/make.ts";

type GuideInit = Omit<Exclude<MessageInitShape<typeof GuideSchema>, Guide>, "$typeName">;

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const DATE = { year: 2026, month: 12, day: 1 };
const at = (day: number, hour: number) => timestampFromMs(Date.UTC(2026, 11, day, hour));
const page = (title: string, uri = "") => ({ provider: "providers/a", title, uri });

const render = (init: GuideInit): string =>
  renderGuide(
    create(GuideSchema, { destination: LISBON, spec: { startDate: DATE, dayCount: 4 }, ...init }),
    NOW_MS,
  );
const lines = (init: GuideInit): string[] => render(init).split("\n");

describe("a guide as Markdown", () => {
  it("begins with the place, its country and its dates with weekdays", () => {
    const [title, , about] = lines({});
    assert.equal(title, "# Lisbon");
    assert.equal(about, "Portugal · Tue 1 December 2026 to Fri 4 December 2026");
  });

  it("says what was asked for", () => {
    const text = render({
      spec: {
        startDate: DATE,
        dayCount: 1,
        preferences: { budgetLevel: 2, interests: ["street-food"], dietaryTags: ["vegan"] },
      },
    });
    assert.match(text, /\*For a moderate budget; likes street food; eats vegan\.\*/);
  });

  it("puts facts of single days on one line, or into a table when they are many", () => {
    const sun = (count: number): GuideInit => ({
      sections: [
        {
          kind: SectionKind.OVERVIEW,
          title: "Overview",
          facts: Array.from({ length: count }, (_, index) => ({
            key: `sun-2026-12-0${index + 1}`,
            label: `Sun on 2026-12-0${index + 1}`,
            value: "Sunrise 07:35, sunset 17:15",
            citations: [page("SunCalc")],
          })),
        },
      ],
    });
    assert.ok(lines(sun(2)).includes("- **Sun**: Tue 1 Dec: 07:35–17:15; Wed 2 Dec: 07:35–17:15 [1]"));
    const many = lines(sun(6));
    assert.ok(many.includes("| Day | Sun [1] |"));
    assert.ok(many.includes("| Sun 6 Dec | 07:35–17:15 |"));
  });

  it("shows the weather as a table without empty columns, and says what typical means", () => {
    const day = (number: number, basis: Basis) => ({
      date: { ...DATE, day: number },
      basis,
      sampleYearCount: basis === Basis.TYPICAL ? 5 : 0,
      condition: basis === Basis.TYPICAL ? WeatherCondition.UNSPECIFIED : WeatherCondition.RAIN,
      minTemperatureCelsius: -0.4,
      maxTemperatureCelsius: 15.6,
      precipitationProbability: 0.8,
      citations: [page("forecast")],
    });
    const text = lines({
      sections: [{ title: "Weather", forecasts: [day(1, Basis.FORECAST), day(2, Basis.TYPICAL)] }],
    });
    assert.ok(text.includes("| Day | Weather | Temperature | Rain |"));
    assert.ok(text.includes("| Tue 1 Dec | rain | 0 to 16 °C | 80 % |"));
    assert.ok(text.includes("| Wed 2 Dec | typical | 0 to 16 °C | 80 % |"));
    assert.ok(text.some((line) => /^\*Typical: .*5 past years.*\[1\]$/.test(line)));
  });

  it("numbers pages that several things cite and links the others at their entries", () => {
    const shared = page("Lisbon", "https://en.wikivoyage.org/wiki/Lisbon");
    const text = render({
      sections: [
        {
          title: "Attractions",
          listings: [
            listing("Castle", {
              citations: [
                shared,
                { ...page("OSM: Castle", "https://www.openstreetmap.org/way/1"), license: "ODbL-1.0" },
                { ...page("Castle", "https://www.openstreetmap.org/way/1"), provider: "providers/b" },
              ],
            }),
            listing("Tower", {
              citations: [
                shared,
                { ...page("OSM: Tower", "https://www.openstreetmap.org/way/2"), license: "ODbL-1.0" },
              ],
            }),
          ],
        },
      ],
    });
    assert.match(
      text,
      /- \*\*Castle\*\* \[1\] · \[openstreetmap\.org\]\(<https:\/\/www\.openstreetmap\.org\/way\/1>\)\n/,
    );
    assert.match(text, /\n1\. Lisbon, <https:\/\/en\.wikivoyage\.org\/wiki\/Lisbon>\n/);
    assert.match(text, /- 2 pages of openstreetmap\.org \(ODbL-1\.0\), linked at their entries/);
  });

  it("lists events by date, those of a whole day before what else begins that day", () => {
    const event = (title: string, day: number, hour: number, allDay = false) =>
      listing(title, {
        details: { case: "event", value: { window: { startTime: at(day, hour), allDay } } },
      });
    const best = [event("Ball", 3, 20), event("Midnight mass", 2, 0), event("Fair", 2, 0, true)];
    const text = render({ sections: [{ title: "Events", listings: [...best, event("Concert", 1, 19)] }] });
    const titles = text.matchAll(/^- \*\*([^*]+)\*\*/gm).map(([, title]) => title);
    assert.deepEqual([...titles], ["Concert", "Fair", "Midnight mass", "Ball"]);
    const sights = render({ sections: [{ title: "Attractions", listings: [listing("B"), listing("A")] }] });
    assert.ok(sights.indexOf("**B**") < sights.indexOf("**A**"));
  });

  it("links a page once where the source of a listing is its own page too", () => {
    const tickets = "https://www.ticketmaster.de/event/1";
    const text = render({
      sections: [
        {
          title: "Events",
          listings: [
            listing("Concert", {
              websiteUri: "https://band.example",
              details: { case: "event", value: { ticketUri: tickets } },
              citations: [page("Concert", tickets)],
            }),
            listing("Bar", {
              websiteUri: "https://bar.example",
              citations: [page("Bar", "https://bar.example/")],
            }),
            listing("Tour", {
              websiteUri: "https://tour.example",
              details: { case: "experience", value: { bookingUri: "https://tour.example" } },
              citations: [page("Tours")],
            }),
          ],
        },
      ],
    });
    assert.match(
      text,
      /\*\*Concert\*\* · \[website\]\(<https:\/\/band\.example\/>\) · \[tickets\]\(<https:\/\/www\.ticketmaster\.de\/event\/1>\)\n/,
    );
    assert.match(text, /\*\*Bar\*\* · \[website\]\(<https:\/\/bar\.example\/>\)\n/);
    assert.match(text, /\*\*Tour\*\* \[1\] · \[booking\]\(<https:\/\/tour\.example\/>\)\n/);
    assert.match(text, /- 1 page of ticketmaster\.de, linked at its entry/);
  });

  it("shows what a listing is on one line and how to find it on the next", () => {
    const text = render({
      sections: [
        {
          title: "Restaurants",
          listings: [
            listing("Tasca", {
              summary: "Small.",
              address: "Rua A 1",
              openingHours: "Mo-Su 12:00-15:00",
              phone: "+351 1",
              websiteUri: "https://tasca.example/",
              citations: [page("a"), page("a")],
              details: {
                case: "restaurant",
                value: { cuisines: ["steak-house", "steak-house"], priceLevel: 2 },
              },
            }),
          ],
        },
      ],
    });
    assert.ok(
      text.includes(
        "- **Tasca** (steak house, moderate): Small. [1]  \n  Rua A 1 · Mo-Su 12:00-15:00 · +351 1 · [website](<https://tasca.example/>)\n",
      ),
    );
  });

  it("gives events their days, without the midnight after", () => {
    const event = (title: string, window: object) =>
      listing(title, { details: { case: "event", value: { window } } });
    const text = render({
      sections: [
        {
          title: "Events",
          listings: [
            event("Holiday", { startTime: at(1, 0), endTime: at(2, 0), allDay: true }),
            event("Fair", { startTime: at(1, 0), endTime: at(4, 0), allDay: true }),
            event("Concert", { startTime: at(1, 19), endTime: at(1, 22) }),
          ],
        },
      ],
    });
    for (const part of [
      "**Holiday** (Tue 1 Dec)",
      "**Fair** (Tue 1 Dec to Thu 3 Dec)",
      "**Concert** (Tue 1 Dec 19:00 to 22:00)",
    ])
      assert.ok(text.includes(part), part);
  });

  it("plans the days with weekday, weather and distances, and not at all without a stop", () => {
    const stops = [
      { listingKey: "castle", window: { startTime: at(1, 10), endTime: at(1, 12) } },
      { listingKey: "tasca", window: { startTime: at(1, 13), endTime: at(1, 14) }, distanceM: 1_240 },
    ];
    const sections = [{ title: "Attractions", listings: [listing("Castle"), listing("Tasca")] }];
    const text = lines({ sections, itineraryDays: [{ date: DATE, stops }, { date: { ...DATE, day: 2 } }] });
    assert.ok(text.includes("### Tuesday 1 December · 1.2 km between stops"));
    assert.ok(text.includes("- 10:00–12:00 **Castle**"));
    assert.ok(text.includes("- 13:00–14:00 **Tasca**, 1.2 km on"));
    assert.ok(text.some((line) => line.startsWith("No stop")));
    assert.ok(!render({ sections, itineraryDays: [{ date: DATE }] }).includes("Day by day"));
  });

  it("names the public holiday that a day is", () => {
    const holiday = listing("Restauração", {
      details: {
        case: "event",
        value: {
          category: "public-holiday",
          window: { startTime: at(1, 0), endTime: at(2, 0), allDay: true },
        },
      },
    });
    const text = lines({
      sections: [{ title: "Events", listings: [holiday, listing("Castle")] }],
      itineraryDays: [{ date: DATE, stops: [{ listingKey: "castle" }] }, { date: { ...DATE, day: 2 } }],
    });
    assert.ok(text.includes("### Tuesday 1 December · Restauração"));
    assert.ok(text.includes("### Wednesday 2 December"));
  });

  it("says why something is to be packed, on runs of days", () => {
    const text = lines({
      packingItems: [
        {
          item: "rain-jacket",
          rule: "precipitation_mm 30.8 >= 5",
          dates: [DATE, { ...DATE, day: 2 }, { ...DATE, day: 4 }],
        },
        {
          item: "sweater",
          rule: "min_temperature_celsius 7.3 <= 14 (typical values)",
          dates: [1, 2, 3, 4].map((day) => ({ ...DATE, day })),
        },
      ],
    });
    assert.ok(text.includes("- **rain jacket** Tue 1 Dec to Wed 2 Dec, Fri 4 Dec: up to 30.8 mm of rain"));
    assert.ok(text.includes("- **sweater** every day: down to 7.3 °C (typical values)"));
  });

  it("names what is missing once for each cause, and that the network is", () => {
    const omission = (kind: SectionKind, ...providers: string[]) => ({
      kind,
      reason: ErrorReason.PROVIDER_UNAVAILABLE,
      providerOutcomes: providers.map((provider) => ({
        provider: `providers/${provider}`,
        kind: OutcomeKind.FAILED,
        reason: ErrorReason.PROVIDER_UNAVAILABLE,
        detail: "no such host",
        attemptCount: 2,
      })),
    });
    const text = lines({
      omissions: [
        omission(SectionKind.WEATHER, "open-meteo", "met-norway"),
        omission(SectionKind.ATTRACTIONS, "overpass"),
        omission(SectionKind.RESTAURANTS, "overpass"),
        { kind: SectionKind.EVENTS, reason: ErrorReason.PROVIDER_NOT_CONFIGURED },
      ],
    });
    for (const line of [
      "No provider could be reached over the network; what stands above is embedded data.",
      "- **Weather**: open-meteo, met-norway could not be reached or failed (no such host)",
      "- **Attractions, Restaurants**: overpass could not be reached or failed (no such host)",
      "- **Events**: no provider is configured for it",
    ])
      assert.ok(text.includes(line), line);
  });

  it("says what is incomplete, empty, or left with nothing", () => {
    const text = render({
      sections: [
        {
          title: "A",
          status: SectionStatus.PARTIAL,
          listings: [listing("Castle")],
          providerOutcomes: [
            { provider: "providers/x", kind: OutcomeKind.FAILED, reason: ErrorReason.PROVIDER_TIMEOUT },
            { provider: "providers/y", kind: OutcomeKind.PARTIAL_CONTENT },
          ],
        },
        { title: "B", status: SectionStatus.EMPTY },
        { title: "C", status: SectionStatus.COMPLETE },
      ],
    });
    assert.match(text, /\*Incomplete: x did not answer in time; the answer of y was cut off\.\*/);
    assert.match(text, /know of nothing\./);
    assert.match(text, /Nothing is left after what you avoid/);
  });

  it("shows each attribution once", () => {
    const attributions = [
      {
        provider: "providers/o",
        text: "© OpenStreetMap contributors",
        license: "ODbL-1.0",
        uri: "https://osm.org/copyright",
      },
    ];
    const text = render({
      sections: [
        { title: "A", attributions },
        { title: "B", attributions },
      ],
    });
    assert.equal(
      text.split("© OpenStreetMap contributors (ODbL-1.0), <https://osm.org/copyright>").length,
      2,
    );
  });
});
