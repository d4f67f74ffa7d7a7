import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  SectionSchema,
  SectionStatus,
  type Omission,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  DailyForecastSchema,
  SectionKind,
  Verification_Verdict as Verdict,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ErrorReason } from "../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { assembleGuide, guideIsStorable } from "../../services/guide-composer/assemble/guide.ts";
import { assembleSection, type AssembledSection } from "../../services/guide-composer/assemble/section.ts";
import type { SettledContent } from "../../services/guide-composer/plan.ts";
import { listing, mapped, near, NOW_MS, planFor, settled } from "./make.ts";

const HOUR_MS = 3_600_000;
const KIND = SectionKind.ATTRACTIONS;
const { resolved, sections } = planFor({}, { [KIND]: ["providers/a", "providers/b"] });
const planned = sections.find(({ kind }) => kind === KIND);
assert.ok(planned);
const [A, B] = planned.contents;
assert.ok(A && B);

const castle = { listings: [listing("Castle", {}, "providers/a")] };
const assemble = (...results: readonly SettledContent[]): AssembledSection =>
  assembleSection(planned, results, resolved);

/** Status of the section, or the reason of its omission. */
const verdictOf = (result: AssembledSection): string => {
  if (result.state === "omitted")
    return Object.entries(ErrorReason).find(([, value]) => value === result.omission.reason)?.[0] ?? "";
  return Object.entries(SectionStatus).find(([, value]) => value === result.section.status)?.[0] ?? "";
};

describe("assembling a section", () => {
  const {
    PROVIDER_TIMEOUT: TIMEOUT,
    PROVIDER_RATE_LIMITED: LIMITED,
    PROVIDER_OUT_OF_COVERAGE: OUTSIDE,
  } = ErrorReason;
  for (const [what, results, verdict] of [
    ["all answer in full", [settled(A, castle), settled(B, castle)], "COMPLETE"],
    ["one has nothing", [settled(A, castle), settled(B, "nothing")], "COMPLETE"],
    ["one does not cover the place", [settled(A, castle), settled(B, OUTSIDE)], "COMPLETE"],
    ["one fails", [settled(A, castle), settled(B, TIMEOUT)], "PARTIAL"],
    ["one is cut off", [settled(A, castle, { cut: true }), settled(B, "nothing")], "PARTIAL"],
    ["all have nothing", [settled(A, "nothing"), settled(B, "nothing")], "EMPTY"],
    [
      "one has nothing and one does not cover the place",
      [settled(A, OUTSIDE), settled(B, "nothing")],
      "EMPTY",
    ],
    ["one answers without a single item", [settled(A, {}), settled(B, "nothing")], "EMPTY"],
    ["one has nothing and one fails", [settled(A, "nothing"), settled(B, TIMEOUT)], "PROVIDER_TIMEOUT"],
    ["all fail", [settled(B, TIMEOUT), settled(A, LIMITED)], "PROVIDER_RATE_LIMITED"],
    ["none covers the place", [settled(A, OUTSIDE), settled(B, OUTSIDE)], "PROVIDER_OUT_OF_COVERAGE"],
    [
      "one is cut off before its first item",
      [settled(A, {}, { cut: true }), settled(B, "nothing")],
      "PROVIDER_RESPONSE_INVALID",
    ],
    ["no provider is planned", [], "PROVIDER_NOT_CONFIGURED"],
  ] as const)
    it(`is ${verdict} when ${what}`, () => assert.equal(verdictOf(assemble(...results)), verdict));

  it("keeps the outcomes of all providers in order of preference", () => {
    const result = assemble(settled(B, TIMEOUT), settled(A, castle));
    assert.ok(result.state === "section");
    assert.deepEqual(
      result.section.providerOutcomes.map(({ provider }) => provider),
      ["providers/a", "providers/b"],
    );
  });

  it("is valid as long as the shortest-lived answer, and as old as the oldest content", () => {
    const result = assemble(
      settled(
        A,
        { ...castle, fetchTime: timestampFromMs(NOW_MS - HOUR_MS) },
        { expireMs: NOW_MS + 5 * HOUR_MS },
      ),
      settled(B, "nothing", { expireMs: NOW_MS + HOUR_MS }),
    );
    assert.ok(
      result.state === "section" &&
        result.section.freshness?.fetchTime &&
        result.section.freshness.expireTime,
    );
    assert.equal(timestampMs(result.section.freshness.fetchTime), NOW_MS - HOUR_MS);
    assert.equal(timestampMs(result.section.freshness.expireTime), NOW_MS + HOUR_MS);
  });

  it("is valid no longer, and as old, as what its verdicts rest on", () => {
    const other = settled(
      { ...B, kind: SectionKind.RESTAURANTS, provider: "providers/overpass" },
      { listings: [mapped("Grill", "node/1")], fetchTime: timestampFromMs(NOW_MS - 2 * HOUR_MS) },
      { expireMs: NOW_MS + 1 },
    );
    const silent = settled({ ...B, kind: SectionKind.WEATHER }, {}, { expireMs: NOW_MS - HOUR_MS });
    const times = (own: SettledContent): readonly unknown[] => {
      const result = assembleSection(planned, [own, settled(B, "nothing")], resolved, [other, silent]);
      assert.ok(result.state === "section");
      const { fetchTime, expireTime } = result.section.freshness ?? {};
      return [fetchTime && timestampMs(fetchTime) - NOW_MS, expireTime && timestampMs(expireTime) - NOW_MS];
    };
    // That nobody has it there is what its verdict rests on.
    assert.deepEqual(times(settled({ ...A, languageModel: true }, castle)), [-2 * HOUR_MS, 1]);
    assert.deepEqual(times(settled(A, castle)), [0, HOUR_MS]);
  });

  it("has no age when it is empty, but an end", () => {
    const result = assemble(settled(A, "nothing"), settled(B, "nothing"));
    assert.ok(result.state === "section");
    assert.equal(result.section.freshness?.fetchTime, undefined);
    assert.ok(result.section.freshness?.expireTime);
  });

  it("shows the attribution of each provider that something in it cites, and of no other", () => {
    const attributed = (init: object): string[] => {
      const result = assemble(settled(A, castle), settled(B, init));
      assert.ok(result.state === "section");
      assert.deepEqual(
        result.section.providerOutcomes.map(({ provider }) => provider),
        ["providers/a", "providers/b"],
      );
      return result.section.attributions.map(({ text }) => text);
    };
    const both = ["© providers/a", "© providers/b"];
    assert.deepEqual(attributed({ listings: [listing("Castle", {}, "providers/b")] }), both);
    assert.deepEqual(attributed({ listings: [listing("Tower", {}, "providers/b")] }), both);
    const many = Array.from({ length: 40 }, (_, index) => listing(`Castle ${index}`, { summary: "x" }));
    const result = assemble(
      settled(A, {
        listings: many.map((one) => ({ ...one, citations: castle.listings[0]?.citations ?? [] })),
      }),
      settled(B, { listings: [listing("Tower", {}, "providers/b")] }),
    );
    assert.ok(result.state === "section");
    assert.deepEqual(
      result.section.attributions.map(({ text }) => text),
      ["© providers/a"],
    );
  });

  it("shows all that the terms of one provider want shown", () => {
    const attribution = { provider: A.provider, text: "Powered by A", uri: "https://a.example/" };
    const map = { provider: A.provider, text: "© B contributors", uri: "https://b.example/copyright" };
    const content = { ...castle, attribution, furtherAttributions: [map] };
    const result = assemble(settled(A, content), settled(B, "nothing"));
    assert.ok(result.state === "section");
    assert.deepEqual(
      result.section.attributions.map(({ text, uri }) => [text, uri]),
      [
        ["Powered by A", "https://a.example/"],
        ["© B contributors", "https://b.example/copyright"],
      ],
    );
  });

  it("shows no attribution of a provider whose weather was not needed", () => {
    const day = (provider: string, init: object = {}) => ({
      forecasts: [
        create(DailyForecastSchema, {
          date: { year: 2026, month: 12, day: 1 },
          basis: 1,
          precipitationMm: 1,
          citations: [{ provider, title: "forecast" }],
          ...init,
        }),
      ],
    });
    const shown = (init: object): string[] => {
      const result = assemble(settled(A, day("providers/a")), settled(B, day("providers/b", init)));
      assert.ok(result.state === "section");
      return result.section.attributions.map(({ provider }) => provider);
    };
    assert.deepEqual(shown({}), ["providers/a"]);
    assert.deepEqual(shown({ maxUvIndex: 3 }), ["providers/a", "providers/b"]);
  });

  it("keeps apart what map data contradicts", () => {
    const gone = listing("Atlantis", { verification: { verdict: Verdict.CONTRADICTED } });
    const result = assemble(settled(A, { listings: [gone, ...castle.listings] }), settled(B, "nothing"));
    assert.ok(result.state === "section");
    assert.deepEqual(
      [result.section.listings, result.section.contradictedListings].map((some) =>
        some.map(({ title }) => title),
      ),
      [["Castle"], ["Atlantis"]],
    );
  });

  it("shows the attribution of another section's provider that bears out what a model named", () => {
    const named = { ...A, languageModel: true };
    const castleThere = { location: near(0) };
    const known = [
      settled(
        { ...B, kind: SectionKind.RESTAURANTS, provider: "providers/overpass" },
        { listings: [mapped("Castle", "node/1", castleThere)] },
      ),
      settled(
        { ...B, kind: SectionKind.RESTAURANTS, provider: "providers/silent" },
        { listings: [mapped("Grill", "node/2", castleThere)] },
      ),
    ];
    const answers = [
      settled(named, { listings: [listing("Castle", castleThere, A.provider)] }),
      settled(B, "nothing"),
    ];
    const result = assembleSection(planned, answers, resolved, known);
    assert.ok(result.state === "section");
    assert.deepEqual(
      result.section.attributions.map(({ provider }) => provider),
      ["providers/a", "providers/overpass"],
    );
  });

  it("may not be stored when the terms of one content forbid it", () => {
    const fetchTime = timestampFromMs(NOW_MS);
    const [free, bound] = [
      { ...castle, fetchTime },
      { ...castle, fetchTime, storeUntilTime: fetchTime },
    ];
    const storable = (init: object): boolean => {
      const result = assemble(settled(A, castle), settled(B, init));
      return result.state === "section" && result.storable;
    };
    assert.deepEqual([storable(free), storable(bound)], [true, false]);
  });

  it("shows at most 30 listings", () => {
    const many = Array.from({ length: 50 }, (_, index) => listing(`Castle ${index}`, { key: String(index) }));
    const result = assemble(settled(A, { listings: many }), settled(B, "nothing"));
    assert.equal(result.state === "section" && result.section.listings.length, 30);
  });
});

describe("the digest of a section", () => {
  const etagOf = (init: object, options = {}): string => {
    const result = assemble(settled(A, { ...castle, ...init }, options), settled(B, "nothing"));
    return result.state === "section" ? result.section.etag : "";
  };

  it("stays when only times and outcomes differ", () => {
    assert.equal(
      etagOf({ fetchTime: timestampFromMs(NOW_MS - HOUR_MS) }, { expireMs: NOW_MS + 1 }),
      etagOf({}),
    );
    assert.equal(etagOf({}, { cut: true }), etagOf({}));
    const later = [
      {
        provider: "providers/a",
        title: "t",
        uri: "u",
        fetchTime: timestampFromMs(1),
        publishTime: timestampFromMs(2),
      },
    ];
    const cited = (citations: object[]): string => etagOf({ listings: [listing("Castle", { citations })] });
    assert.equal(cited(later), cited([{ provider: "providers/a", title: "t", uri: "u" }]));
  });

  it("changes with anything that a traveller can see", () => {
    const seen = [
      {},
      { phone: "1" },
      { summary: "1" },
      { address: "1" },
      { location: { latitude: 1, longitude: 2 } },
    ];
    const etags = seen.map((init) => etagOf({ listings: [listing("Castle", init)] }));
    assert.equal(new Set(etags).size, seen.length);
  });

  it("does not depend on the order in which fields were decoded", () => {
    const init = { location: { latitude: 1, longitude: 2 }, ratingScore: 0.5, wikidataId: "Q1" };
    const made = { listings: [listing("Castle", init)] };
    const result = assemble(settled(A, made), settled(B, "nothing"));
    assert.ok(result.state === "section");
    const decoded = fromBinary(SectionSchema, toBinary(SectionSchema, result.section));
    assert.equal(etagOf({ listings: decoded.listings }), result.section.etag);
  });
});

describe("storing a guide", () => {
  const plan = planFor({ sectionKinds: [KIND] }, { [KIND]: ["providers/a"] });
  const many = Array.from({ length: 10 }, (_, index) =>
    listing(`Castle ${"abcdefghij".charAt(index)}`, { address: "x" }),
  );
  const storableFor = (result: AssembledSection, storable = true): boolean => {
    const some = result.state === "section" ? [result.section] : [];
    const omissions = result.state === "omitted" ? [result.omission] : [];
    return guideIsStorable(assembleGuide(plan, some, omissions, NOW_MS), [storable]);
  };

  it("takes nothing omitted, nothing partial, everything allowed and a review that passed", () => {
    const good = assemble(settled(A, { listings: many }), settled(B, "nothing"));
    assert.equal(storableFor(good), true);
    assert.equal(storableFor(good, false), false);
    assert.equal(
      storableFor(assemble(settled(A, { listings: many }), settled(B, ErrorReason.PROVIDER_TIMEOUT))),
      false,
    );
    assert.equal(
      storableFor(assemble(settled(A, "nothing"), settled(B, ErrorReason.PROVIDER_TIMEOUT))),
      false,
    );
    // Even when everything else is well and may be stored.
    const rest = assemble(settled(A, { listings: many }), settled(B, "nothing"));
    assert.ok(rest.state === "section");
    const { omission } = assembleSection(planned, [], resolved) as { readonly omission: Omission };
    const seven = Array.from({ length: 7 }, () => rest.section);
    const guide = assembleGuide(plan, seven, [omission], NOW_MS);
    assert.equal(guide.qualityReview?.passed, true);
    assert.equal(guideIsStorable(guide, [true]), false);
    const uncited = many.map((one) => ({ ...one, citations: [], title: "x" }));
    assert.equal(storableFor(assemble(settled(A, { listings: uncited }), settled(B, "nothing"))), false);
  });
});
