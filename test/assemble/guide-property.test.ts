import assert from "node:assert/strict";
import * as fc from "fast-check";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  GuideSchema,
  SectionStatus,
  type Guide,
  type Section,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  DailyForecastSchema,
  DailyForecast_Basis as Basis,
  FactSchema,
  ListingSchema,
  NarrativeSchema,
  Pace,
  ProviderOutcome_Kind as OutcomeKind,
  ProviderOutcomeSchema,
  SectionKind,
  Verification_Verdict as Verdict,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ErrorReason } from "../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { assembleGuide, guideIsStorable } from "../../services/guide-composer/assemble/guide.ts";
import { assembleSection } from "../../services/guide-composer/assemble/section.ts";
import type { PlannedContent, SettledContent } from "../../services/guide-composer/plan.ts";
import { SECTION_KINDS, SECTION_TITLE } from "../../services/guide-composer/sections.ts";
import { content, LISBON, near, NOW_MS, planFor } from "./make.ts";

const HOUR_MS = 3_600_000;
const PROVIDERS = ["providers/a", "providers/b", "providers/c"] as const;

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }),
  fc.constantFrom("Torre de Belém", "Belém Tower", "Museu do Fado (Fado Museum)", "Starbucks", "浅草寺"),
);
const hours = fc.constantFrom(
  "",
  "Mo-Su 10:00-18:00",
  "Tu 12:00-02:00; PH off",
  "varies",
  "Apr-Oct 10:00-12:00",
);
const point = fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -40, max: 40 }));
const startMs = fc.integer({ min: 0, max: 95 }).map((hour) => Date.UTC(2026, 11, 1, hour));

/** Everything that a listing can hold. The kind of the section decides about the details. */
const anyListing = fc.record({
  title: text,
  summary: fc.option(text, { nil: "" }),
  address: fc.constantFrom("", "Rua A 1", "Rua B 2"),
  phone: fc.constantFrom("", "+351 213 456 789"),
  websiteUri: fc.constantFrom("", "https://example.org/"),
  openingHours: hours,
  wikidataId: fc.constantFrom("", "", "Q1", "Q2"),
  at: fc.option(point),
  tags: fc.array(fc.constantFrom("vegan", "no-vegan", "sushi", "museum", "nightlife", "public-holiday"), {
    maxLength: 3,
  }),
  priceLevel: fc.nat(4),
  startMs,
  allDay: fc.boolean(),
  verdict: fc.constantFrom(undefined, undefined, Verdict.CONTRADICTED, Verdict.PLAUSIBLE),
});
type AnyListing = typeof anyListing extends fc.Arbitrary<infer T> ? T : never;

function detailsOf(kind: SectionKind, { tags, priceLevel, startMs: start, allDay }: AnyListing) {
  const [category = ""] = tags;
  const window = { startTime: timestampFromMs(start), endTime: timestampFromMs(start + 2 * HOUR_MS), allDay };
  if (kind === SectionKind.RESTAURANTS)
    return { case: "restaurant", value: { cuisines: tags, dietaryTags: tags, priceLevel } } as const;
  if (kind === SectionKind.NEIGHBORHOODS)
    return { case: "neighborhood", value: { highlights: tags } } as const;
  if (kind === SectionKind.EVENTS) return { case: "event", value: { category, window } } as const;
  if (kind === SectionKind.EXPERIENCES) return { case: "experience", value: { category } } as const;
  return { case: "attraction", value: { category } } as const;
}

const toListing = (made: AnyListing, { kind, provider }: PlannedContent, index: number): Listing =>
  create(ListingSchema, {
    key: made.wikidataId === "" ? `${provider}-${kind}-${index}` : made.wikidataId.toLowerCase(),
    title: made.title,
    summary: made.summary,
    address: made.address,
    phone: made.phone,
    websiteUri: made.websiteUri,
    openingHours: made.openingHours,
    wikidataId: made.wikidataId,
    ...(made.at && { location: near(made.at[0] * 40, made.at[1] * 40) }),
    ...(provider === PROVIDERS[1] && { providerIds: [{ provider, id: `node/${kind}${index}` }] }),
    citations: [{ provider, uri: `https://example.org/${index}`, title: made.title }],
    ...(made.verdict !== undefined && { verification: { verdict: made.verdict } }),
    details: detailsOf(kind, made),
  });

const anyContent = fc.record({
  listings: fc.array(anyListing, { maxLength: 8 }),
  facts: fc.array(fc.record({ key: fc.constantFrom("currency", "tide"), label: text, value: text }), {
    maxLength: 3,
  }),
  narratives: fc.array(
    fc.record({
      key: fc.constantFrom("introduction", "get-in"),
      heading: text,
      text,
      languageCode: fc.constantFrom("en", "fr"),
    }),
    { maxLength: 3 },
  ),
  forecasts: fc.array(
    fc.record({
      day: fc.integer({ min: 1, max: 4 }),
      typical: fc.boolean(),
      chance: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    {
      maxLength: 4,
    },
  ),
  ageMs: fc.integer({ min: 0, max: 5 * HOUR_MS }),
  storable: fc.boolean(),
});

/** How a provider call can end. */
const anyOutcome = fc.oneof(
  { weight: 4, arbitrary: fc.record({ how: fc.constant("content" as const), with: anyContent }) },
  fc.record({ how: fc.constant("partial" as const), with: anyContent }),
  fc.record({
    how: fc.constantFrom("nothing" as const, "failed" as const, "skipped" as const, "outside" as const),
    with: fc.constant(undefined),
  }),
);
type AnyOutcome = typeof anyOutcome extends fc.Arbitrary<infer T> ? T : never;

const OUTCOME = {
  content: { kind: OutcomeKind.CONTENT },
  partial: { kind: OutcomeKind.PARTIAL_CONTENT },
  nothing: { kind: OutcomeKind.NOTHING_FOUND },
  failed: {
    kind: OutcomeKind.FAILED,
    reason: ErrorReason.PROVIDER_TIMEOUT,
    detail: "no answer within 5000 ms",
  },
  skipped: { kind: OutcomeKind.SKIPPED, reason: ErrorReason.PROVIDER_CIRCUIT_OPEN },
  outside: { kind: OutcomeKind.FAILED, reason: ErrorReason.PROVIDER_OUT_OF_COVERAGE },
} as const;

function settle(planned: PlannedContent, made: AnyOutcome, lifeMs: number): SettledContent {
  const { provider } = planned;
  const outcome = create(ProviderOutcomeSchema, { provider, ...OUTCOME[made.how] });
  if (made.with === undefined)
    return { planned, content: undefined, outcome, expireMs: NOW_MS + lifeMs, source: outcome };
  const { listings, facts, narratives, forecasts, ageMs, storable } = made.with;
  const cited = { citations: [{ provider, title: `page of ${provider}` }] };
  const fetchTime = timestampFromMs(NOW_MS - ageMs);
  return {
    planned,
    outcome,
    expireMs: NOW_MS + lifeMs,
    source: outcome,
    content: content(planned, {
      fetchTime,
      ...(!storable && { storeUntilTime: fetchTime }),
      listings: listings.map((one, index) => toListing(one, planned, index)),
      facts: facts.map((one) => create(FactSchema, { ...one, ...cited })),
      narratives: narratives.map((one) => create(NarrativeSchema, { ...one, ...cited })),
      forecasts: forecasts.map(({ day, typical, chance }) =>
        create(DailyForecastSchema, {
          date: { year: 2026, month: 12, day },
          basis: typical ? Basis.TYPICAL : Basis.FORECAST,
          minTemperatureCelsius: 3,
          maxTemperatureCelsius: 31,
          precipitationProbability: chance,
          ...cited,
        }),
      ),
    }),
  };
}

/** Every string in a message, keys of fields left out. */
function stringsIn(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof value === "string") found.add(value);
  else if (Array.isArray(value)) for (const item of value) stringsIn(item, found);
  else if (typeof value === "object" && value !== null)
    for (const [name, inner] of Object.entries(value))
      if (name !== "$typeName" && name !== "case") stringsIn(inner, found);
  return found;
}

/** What the composer writes itself: derived from a section, and from closed tables. */
const DERIVED = new Set(["etag", "title", "listings", "contradictedListings"]);

function checkTexts(section: Section, given: ReadonlySet<string>): void {
  assert.ok(Object.values<string>(SECTION_TITLE).includes(section.title));
  const own = Object.fromEntries(Object.entries(section).filter(([name]) => !DERIVED.has(name)));
  for (const some of stringsIn(own)) assert.ok(given.has(some), `"${some}" has no response behind it`);
  for (const { key, ...seen } of [...section.listings, ...section.contradictedListings]) {
    for (const some of stringsIn(seen)) assert.ok(given.has(some), `"${some}" has no response behind it`);
    assert.ok(given.has(key) || given.has(key.replace(/-\d+$/, "")), `key ${key}`);
  }
}

const PACKING_RULE =
  /^(?:precipitation_probability|precipitation_mm|min_temperature_celsius|max_temperature_celsius|max_wind_speed_mps|max_uv_index) -?[\d.]+ (?:>=|<=) [\d.]+(?: \(typical values(?: on \d+ of \d+ days)?\))?$/;

const shape = fc.record({
  providerCounts: fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }),
  outcomes: fc.array(anyOutcome, { minLength: 24, maxLength: 24 }),
  livesMs: fc.array(fc.integer({ min: 1, max: 7 * 24 * HOUR_MS }), { minLength: 24, maxLength: 24 }),
  kinds: fc.uniqueArray(fc.constantFrom(...SECTION_KINDS), { minLength: 1 }),
  pace: fc.constantFrom(Pace.RELAXED, Pace.MODERATE, Pace.PACKED),
  mustSee: fc.array(text, { maxLength: 2 }),
  dietaryTags: fc.subarray(["vegan"]),
  minVerification: fc.constantFrom(Verdict.UNSPECIFIED, Verdict.PLAUSIBLE, Verdict.VERIFIED),
});
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

interface Made {
  readonly guide: Guide;
  readonly results: readonly SettledContent[];
  readonly sectionsStorable: readonly boolean[];
}

function make({
  providerCounts,
  outcomes,
  livesMs,
  kinds,
  pace,
  mustSee,
  dietaryTags,
  minVerification,
}: Shape): Made {
  const providers = Object.fromEntries(
    SECTION_KINDS.map((kind, index) => [kind, PROVIDERS.slice(0, providerCounts[index])]),
  );
  const spec = { sectionKinds: kinds, preferences: { pace, mustSee, dietaryTags }, minVerification };
  const plan = planFor(spec, providers, LISBON, [PROVIDERS[2]]);
  const made = plan.sections.map((planned, section) => {
    const results = planned.contents.flatMap((one, index): SettledContent[] => {
      const outcome = outcomes[section * 3 + index];
      return outcome ? [settle(one, outcome, livesMs[section * 3 + index] ?? 1)] : [];
    });
    return { results, assembled: assembleSection(planned, results, plan.resolved) };
  });
  const guide = assembleGuide(
    plan,
    made.flatMap(({ assembled }) => (assembled.state === "section" ? [assembled.section] : [])),
    made.flatMap(({ assembled }) => (assembled.state === "omitted" ? [assembled.omission] : [])),
    NOW_MS,
  );
  return {
    guide,
    results: made.flatMap(({ results }) => results),
    sectionsStorable: made.map(({ assembled }) => assembled.state === "section" && assembled.storable),
  };
}

describe("a guide from any outcomes of its providers", () => {
  const holds = (what: string, check: (made: Made, given: Shape) => void): void => {
    it(what, () =>
      fc.assert(
        fc.property(shape, (given) => check(make(given), given)),
        { numRuns: 60 },
      ),
    );
  };

  holds("says nothing that no provider's response says", ({ guide, results }) => {
    const given = stringsIn(results.map(({ content: had, outcome }) => [had, outcome]));
    for (const id of ["q1", "q2", LISBON.name]) given.add(id);
    for (const section of guide.sections) checkTexts(section, given);
    for (const { rule } of guide.packingItems) assert.match(rule, PACKING_RULE);
  });

  holds(
    "has exactly the planned sections, with content or as omissions with a reason",
    ({ guide }, { kinds }) => {
      const had = [...guide.sections, ...guide.omissions].map(({ kind }) => kind);
      assert.deepEqual(new Set(had), new Set(kinds));
      assert.equal(had.length, kinds.length);
      assert.deepEqual(
        guide.sections.map(({ kind }) => kind),
        kinds.filter((kind) => guide.sections.some((section) => section.kind === kind)),
      );
      for (const { reason } of guide.omissions) assert.notEqual(reason, ErrorReason.UNSPECIFIED);
    },
  );

  holds(
    "is never stored when something is omitted, partial, or not to be stored",
    ({ guide, sectionsStorable, results }) => {
      const storable = guideIsStorable(guide, sectionsStorable);
      if (guide.omissions.length > 0) assert.equal(storable, false);
      if (guide.sections.some(({ status }) => status === SectionStatus.PARTIAL))
        assert.equal(storable, false);
      const shown = results.filter(
        ({ content: had, outcome }) => had && outcome.kind === OutcomeKind.PARTIAL_CONTENT,
      );
      if (shown.some(({ content: had }) => had && had.listings.length > 0)) assert.equal(storable, false);
    },
  );

  holds(
    "names the source of everything, and shows the attribution of each provider that it names",
    ({ guide }) => {
      for (const section of guide.sections) {
        const { narratives, facts, listings, forecasts, contradictedListings, attributions } = section;
        const shown = new Set(attributions.map(({ provider }) => provider));
        assert.equal(shown.size, attributions.length);
        const cited = new Set<string>();
        for (const { citations } of [
          ...narratives,
          ...facts,
          ...listings,
          ...forecasts,
          ...contradictedListings,
        ]) {
          assert.ok(citations.length > 0);
          for (const { provider } of citations) {
            assert.ok(shown.has(provider));
            cited.add(provider);
          }
        }
        for (const { verification } of [...listings, ...contradictedListings])
          for (const { provider } of verification?.evidence ?? []) cited.add(provider);
        for (const provider of shown) assert.ok(cited.has(provider), `nothing cites ${provider}`);
      }
    },
  );

  holds("lists what a language model alone named with a verdict that is good enough", ({ guide }, shaped) => {
    for (const { listings, contradictedListings, leftOutListingCount } of guide.sections) {
      assert.ok(leftOutListingCount >= contradictedListings.length);
      for (const { citations, verification } of listings) {
        if (!citations.every(({ provider }) => provider === PROVIDERS[2])) continue;
        assert.ok(verification);
        assert.notEqual(verification.verdict, Verdict.CONTRADICTED);
        if (shaped.minVerification !== Verdict.UNSPECIFIED)
          assert.ok(verification.verdict <= shaped.minVerification);
        if (verification.verdict !== Verdict.UNVERIFIABLE) assert.ok(verification.evidence.length > 0);
      }
    }
  });

  holds(
    "goes only to its own listings, on each day of the trip, never to a contradicted one",
    ({ guide }) => {
      const keys = new Set(guide.sections.flatMap(({ listings }) => listings.map(({ key }) => key)));
      assert.ok([0, guide.spec?.dayCount].includes(guide.itineraryDays.length));
      for (const { stops } of guide.itineraryDays)
        for (const { listingKey } of stops) assert.ok(keys.has(listingKey));
      assert.ok(
        !guide.qualityReview?.findings.some(({ rule }) => rule === "itinerary" || rule === "stop-closed"),
      );
    },
  );

  holds("is valid no longer than any content in it, and 2 h at most", ({ guide, results }) => {
    const expireMs = guide.freshness?.expireTime && timestampMs(guide.freshness.expireTime);
    assert.ok(expireMs !== undefined && expireMs <= NOW_MS + 2 * HOUR_MS);
    for (const { planned, content: had, expireMs: ownMs } of results) {
      const section = guide.sections.find(({ kind }) => kind === planned.kind);
      if (section === undefined || had === undefined) continue;
      if (had.listings.length + had.facts.length + had.narratives.length + had.forecasts.length === 0)
        continue;
      assert.ok(section.freshness?.expireTime && timestampMs(section.freshness.expireTime) <= ownMs);
      assert.ok(expireMs <= ownMs);
    }
  });

  holds("is the same for the same answers", ({ guide }, given) => {
    assert.deepEqual(make(given).guide, guide);
    assert.equal(guide.$typeName, GuideSchema.typeName);
  });
});
