import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { GuideSchema, SectionStatus, type Guide } from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  BudgetLevel,
  SectionKind,
  Verification_Verdict as Verdict,
} from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ErrorReason } from "../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { FILLER_PHRASES } from "../services/guide-composer/review/filler.ts";
import { review } from "../services/guide-composer/review/review.ts";
import { RULES } from "../services/guide-composer/review/rules.ts";
import { LISBON, listing, near } from "./assemble/make.ts";

type GuideInit = Omit<Exclude<MessageInitShape<typeof GuideSchema>, Guide>, "$typeName">;
type SectionInit = NonNullable<GuideInit["sections"]>[number];

const { ATTRACTIONS, RESTAURANTS, EVENTS, WEATHER, OVERVIEW } = SectionKind;
const CITED = [{ provider: "providers/a", title: "page" }];
const DATE = { year: 2026, month: 12, day: 1 };

const guide = (init: GuideInit): Guide =>
  create(GuideSchema, { destination: LISBON, spec: { startDate: DATE, dayCount: 2 }, ...init });
const withSection = (init: SectionInit, rest: GuideInit = {}): Guide =>
  guide({ sections: [{ status: SectionStatus.COMPLETE, ...init }], ...rest });
const places = (...titles: readonly string[]) =>
  titles.map((title) => listing(title, { address: "Rua A 1" }));
const many = (count: number) =>
  places(...Array.from({ length: count }, (_, index) => `Castle ${"abcdefghijkl".charAt(index)}`));

const at = (day: number, hour: number) => timestampFromMs(Date.UTC(2026, 11, day, hour));
const stop = (listingKey: string, day: number, from: number, to: number) => ({
  listingKey,
  window: { startTime: at(day, from), endTime: at(day, to) },
});
const days = (...stops: readonly (readonly ReturnType<typeof stop>[])[]): GuideInit => ({
  itineraryDays: stops.map((some, index) => ({ date: { ...DATE, day: 1 + index }, stops: [...some] })),
});
const event = (from: number, to: number) =>
  listing("Fair", {
    details: { case: "event", value: { window: { startTime: at(from, 0), endTime: at(to, 0) } } },
  });
const forecast = (day: number) => ({ date: { ...DATE, day }, citations: CITED });
const wishing = (preferences: NonNullable<GuideInit["spec"]>["preferences"], value: object = {}): Guide =>
  withSection(
    { kind: RESTAURANTS, listings: [listing("Tasca", { details: { case: "restaurant", value } })] },
    { spec: { startDate: DATE, dayCount: 2, ...(preferences && { preferences }) } },
  );
const text = (words: string) => ({
  kind: OVERVIEW,
  narratives: [{ key: "introduction", text: words, citations: CITED }],
});
const openTuesdays = listing("Fort", { key: "fort", openingHours: "Tu 10:00-18:00" });

/** For each rule a guide that passes and some that fail, with what the finding says. */
const CASES: Readonly<
  Record<string, { readonly passes: Guide; readonly fails: readonly (readonly [Guide, RegExp])[] }>
> = {
  "citation-missing": {
    passes: withSection({ kind: ATTRACTIONS, listings: places("Castle") }),
    fails: [
      [
        withSection({ kind: ATTRACTIONS, listings: [listing("Castle", { citations: [] })] }),
        /without a citation: 1/,
      ],
      [withSection({ kind: OVERVIEW, facts: [{ key: "k", value: "v" }] }), /without a citation: 1/],
    ],
  },
  incomplete: {
    passes: guide({
      sections: Array.from({ length: 7 }, () => ({ kind: OVERVIEW })),
      omissions: [{ kind: WEATHER }],
    }),
    fails: [[guide({ sections: [{ kind: OVERVIEW }], omissions: [{ kind: WEATHER }] }), /1 of 2 sections/]],
  },
  "cause-missing": {
    passes: guide({ omissions: [{ kind: WEATHER, reason: ErrorReason.PROVIDER_TIMEOUT }] }),
    fails: [
      [guide({ omissions: [{ kind: WEATHER }] }), /without a reason/],
      [withSection({ kind: ATTRACTIONS }), /no listing is left/],
      [
        withSection({ kind: ATTRACTIONS, status: SectionStatus.EMPTY, listings: places("Castle") }),
        /said to be empty/,
      ],
      [
        withSection({ kind: ATTRACTIONS, status: SectionStatus.PARTIAL, listings: places("Castle") }),
        /without an outcome/,
      ],
    ],
  },
  "outside-the-dates": {
    passes: withSection({ kind: EVENTS, listings: [event(2, 3)], forecasts: [forecast(1), forecast(2)] }),
    fails: [
      [withSection({ kind: EVENTS, listings: [event(3, 4)] }), /events outside the dates: 1/],
      [
        withSection({ kind: EVENTS, listings: [listing("Fair", { details: { case: "event", value: {} } })] }),
        /events outside the dates: 1/,
      ],
      [withSection({ kind: WEATHER, forecasts: [forecast(3)] }), /forecasts outside the dates: 1/],
    ],
  },
  itinerary: {
    passes: withSection({ kind: ATTRACTIONS, listings: [openTuesdays] }, days([stop("fort", 1, 10, 12)], [])),
    fails: [
      [withSection({ kind: ATTRACTIONS, listings: [openTuesdays] }, days([])), /1 days for 2/],
      [
        withSection({ kind: ATTRACTIONS, listings: [openTuesdays] }, days([stop("x", 1, 10, 12)], [])),
        /no listing of the guide/,
      ],
      [
        withSection(
          { kind: ATTRACTIONS, listings: [openTuesdays] },
          days([stop("fort", 1, 10, 12)], [stop("fort", 2, 10, 12)]),
        ),
        /day 2 repeats/,
      ],
      [
        withSection(
          { kind: ATTRACTIONS, listings: [openTuesdays] },
          days([stop("fort", 1, 10, 12), stop("fort", 1, 11, 13)], []),
        ),
        /overlap/,
      ],
    ],
  },
  "itinerary-missing": {
    passes: withSection({ kind: ATTRACTIONS, listings: [openTuesdays] }, days([stop("fort", 1, 10, 12)], [])),
    fails: [
      [withSection({ kind: ATTRACTIONS, listings: [openTuesdays] }, days([], [])), /no day has a stop/],
    ],
  },
  "stop-closed": {
    passes: withSection({ kind: ATTRACTIONS, listings: [openTuesdays] }, days([stop("fort", 1, 10, 12)], [])),
    fails: [
      [
        withSection({ kind: ATTRACTIONS, listings: [openTuesdays] }, days([], [stop("fort", 2, 10, 12)])),
        /there: Fort/,
      ],
      [
        withSection({ kind: ATTRACTIONS, listings: [openTuesdays] }, days([stop("fort", 1, 17, 19)], [])),
        /there: Fort/,
      ],
    ],
  },
  "must-see-missing": {
    passes: withSection(
      { kind: ATTRACTIONS, listings: [listing("Torre de Belém", { key: "tower" })] },
      { ...days([stop("tower", 1, 10, 12)]), spec: { preferences: { mustSee: ["Belém Tower"] } } },
    ),
    fails: [
      [
        withSection({ kind: ATTRACTIONS }, { spec: { preferences: { mustSee: ["Atlantis"] } } }),
        /no provider knows: Atlantis/,
      ],
      [
        withSection(
          { kind: ATTRACTIONS, listings: places("Castle") },
          { spec: { preferences: { mustSee: ["Castle"] } } },
        ),
        /no day has room for it: Castle/,
      ],
    ],
  },
  filler: {
    passes: withSection({
      kind: RESTAURANTS,
      listings: [listing("Tasca", { summary: "Run by a local restaurant family." })],
    }),
    fails: [
      ...FILLER_PHRASES.map(
        (phrase) =>
          [
            withSection({ kind: RESTAURANTS, listings: [listing(phrase.toUpperCase())] }),
            new RegExp(phrase),
          ] as const,
      ),
      [withSection({ kind: ATTRACTIONS, listings: [listing("Explore Lisbon")] }), /explore lisbon/],
      [withSection(text("It is sunny: perfect weather for exploring the old town.")), /holds filler/],
      [
        withSection({ kind: OVERVIEW, facts: [{ key: "tips", value: "Research local tipping customs" }] }),
        /tipping/,
      ],
    ],
  },
  "title-too-short": {
    passes: withSection({ kind: ATTRACTIONS, listings: places("Zoo", "寺") }),
    fails: [[withSection({ kind: ATTRACTIONS, listings: places("Ax", "Castle") }), /3 characters: 1/]],
  },
  "key-repeated": {
    passes: withSection({ kind: ATTRACTIONS, listings: places("Castle", "Tower") }),
    fails: [[withSection({ kind: ATTRACTIONS, listings: places("Castle", "Castle") }), /another one: 1/]],
  },
  "place-unknown": {
    passes: withSection({
      kind: ATTRACTIONS,
      listings: [...places("Castle"), listing("Tower"), listing("View", { location: near(0) })],
    }),
    fails: [
      [
        withSection({
          kind: ATTRACTIONS,
          listings: [...places("Castle"), listing("Tower"), listing("View")],
        }),
        /2 of 3/,
      ],
    ],
  },
  "text-too-short": {
    passes: withSection(text("Lisbon is the capital of Portugal and lies on the Tagus.")),
    fails: [[withSection(text("Lisbon.")), /50 characters: 1/]],
  },
  "few-listings": {
    passes: withSection({ kind: ATTRACTIONS, listings: many(8) }),
    fails: [[withSection({ kind: ATTRACTIONS, listings: many(7) }), /7 of 8 expected/]],
  },
  "wish-not-applied": {
    passes: wishing(
      {
        interests: ["seafood"],
        cuisines: ["portuguese"],
        dietaryTags: ["vegan"],
        budgetLevel: BudgetLevel.MODERATE,
      },
      { cuisines: ["portuguese", "seafood"], dietaryTags: ["vegan"], priceLevel: 2 },
    ),
    fails: [
      [wishing({ interests: ["museums"] }), /interest not applied: museums/],
      [wishing({ cuisines: ["sushi"] }), /cuisine not applied: sushi/],
      [wishing({ dietaryTags: ["vegan"] }, { dietaryTags: ["no-vegan"] }), /diet not applied: vegan/],
      [wishing({ accessibilityNeeds: ["wheelchair"] }), /need not applied: wheelchair/],
      [wishing({ budgetLevel: BudgetLevel.ECONOMY }), /budget not applied/],
    ],
  },
  "forecast-coverage": {
    passes: withSection({ kind: WEATHER, forecasts: [forecast(1), forecast(2)] }),
    fails: [[withSection({ kind: WEATHER, forecasts: [forecast(1)] }), /1 of 2 days/]],
  },
  "too-large": {
    passes: withSection(text("x".repeat(90_000))),
    fails: [[withSection(text("x".repeat(100_001))), /^100001 characters of text/]],
  },
};

const findings = (of: Guide, rule: string): readonly string[] =>
  review(of).findings.flatMap((finding) => (finding.rule === rule ? [finding.message] : []));

describe("the review", () => {
  for (const { name } of RULES) {
    it(`${name}: holds where it should and finds what it should`, () => {
      const row = CASES[name];
      assert.ok(row, "a rule needs a guide that passes and one that fails");
      assert.deepEqual(findings(row.passes, name), []);
      assert.notEqual(
        RULES.find((rule) => rule.name === name)?.check(row.passes),
        undefined,
        "has something to judge",
      );
      for (const [failing, message] of row.fails) assert.match(findings(failing, name).join("\n"), message);
    });
  }

  it("has a row for each rule and no other", () =>
    assert.deepEqual(Object.keys(CASES).sort(), RULES.map(({ name }) => name).sort()));

  it("gives nothing to a guide made of nothing", () => {
    const { score, passed } = review(
      guide({ omissions: [{ kind: WEATHER, reason: ErrorReason.PROVIDER_TIMEOUT }] }),
    );
    assert.ok(score < 0.5);
    assert.equal(passed, false);
    assert.equal(review(guide({})).passed, false);
  });

  it("misses no itinerary where nobody vouches for a place", () => {
    const doubted = listing("Tower", { verification: { verdict: Verdict.UNVERIFIABLE } });
    const { findings: found } = review(withSection({ kind: ATTRACTIONS, listings: [doubted] }));
    assert.ok(!found.some(({ rule }) => rule === "itinerary-missing"));
  });

  it("lists findings of heavier rules first, and does not pass a guide without citations", () => {
    const bad = withSection({ kind: ATTRACTIONS, listings: [listing("Castle", { citations: [] })] });
    const { findings: found, passed } = review(bad);
    assert.equal(found[0]?.rule, "citation-missing");
    assert.equal(found.at(-1)?.rule, "few-listings");
    assert.equal(passed, false);
  });
});
