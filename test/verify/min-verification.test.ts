import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import type {
  ComposeGuideResponse,
  GuideSpecSchema,
  Section,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  Evidence_Kind as Kind,
  SectionKind,
  Verification_Verdict as Verdict,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { listing, mapped, near, DETAILS } from "../assemble/make.ts";
import { startPairFor, type PairUnderTest } from "../support/pair.ts";
import { plainOrigin, plainProvider } from "../support/plain-provider.ts";

const { ATTRACTIONS, RESTAURANTS } = SectionKind;
const { restaurant } = DETAILS;
const CITED = { evidence: [{ kind: Kind.CITED_PAGE_FOUND, provider: "providers/model", reference: "page" }] };

/** What the map has: the castle is listed with the attractions, the tavern with the restaurants. */
const ON_MAP: Readonly<Partial<Record<SectionKind, readonly Listing[]>>> = {
  [ATTRACTIONS]: [mapped("Castle of the Winds", "way/1", { location: near(0) })],
  [RESTAURANTS]: [mapped("Zé da Mouraria", "node/2", { location: near(300), details: restaurant })],
};
const named = (title: string, init: Parameters<typeof listing>[1] = {}): Listing =>
  listing(title, init, "providers/model");
const NAMED: readonly Listing[] = [
  named("The Castle of the Winds", { location: near(40) }),
  // Of the restaurants.
  named("Ze da Mouraria", { location: near(320) }),
  named("Painted Stairs", { location: near(100), verification: CITED }),
  named("Hall of Nowhere"),
  named("Tower of Far Away", { location: { latitude: 41.15, longitude: -8.61 }, verification: CITED }),
];

/** A provider of what is written here; nobody is asked over the network. */
const writer = (
  id: string,
  offers: Readonly<Partial<Record<SectionKind, readonly Listing[]>>>,
  { latencyMs = 0, ...change }: Partial<Provider> & { readonly latencyMs?: number } = {},
): Provider =>
  plainProvider(
    id,
    {},
    {
      offerings: Object.keys(offers).map((kind) => ({ kind: Number(kind) as SectionKind, dependsOn: [] })),
      fetch: async (kind, _query, { now, signal }) => {
        await delay(latencyMs, undefined, { signal });
        const listings = [...(offers[kind] ?? [])];
        return {
          state: "content",
          content: { listings, fetchTime: timestampFromMs(now()) },
          partial: false,
        };
      },
      ...change,
    },
  );

describe("min_verification", () => {
  let pair: PairUnderTest;
  before(async () => {
    pair = await startPairFor(
      [
        writer("model", { [ATTRACTIONS]: NAMED }, { languageModel: true }),
        // Slower than the model: the verdicts wait for it.
        writer("map", ON_MAP, { latencyMs: 20 }),
      ],
      { [plainOrigin("model")]: "http://127.0.0.1:9", [plainOrigin("map")]: "http://127.0.0.1:9" },
    );
  });
  after(() => pair.close());

  const specOf = (minVerification: Verdict): MessageInitShape<typeof GuideSpecSchema> => ({
    destination: { case: "destinationQuery", value: "Lisbon" },
    sectionKinds: [ATTRACTIONS, RESTAURANTS],
    minVerification,
  });
  const compose = async (minVerification: Verdict): Promise<ComposeGuideResponse> =>
    await pair.client.composeGuide({ spec: specOf(minVerification) });
  const attractionsOf = ({ guide }: ComposeGuideResponse): Section => {
    const section = guide?.sections.find(({ kind }) => kind === ATTRACTIONS);
    assert.ok(section);
    return section;
  };
  const titlesOf = (listings: readonly Listing[]): string[] => listings.map(({ title }) => title).sort();

  it("leaves out what map data contradicts, and says so with the evidence", async () => {
    const response = await compose(Verdict.UNSPECIFIED);
    const { listings, contradictedListings, leftOutListingCount } = attractionsOf(response);
    assert.deepEqual(titlesOf(listings), [
      "Castle of the Winds",
      "Hall of Nowhere",
      "Painted Stairs",
      "Ze da Mouraria",
    ]);
    assert.deepEqual(titlesOf(contradictedListings), ["Tower of Far Away"]);
    assert.equal(contradictedListings[0]?.verification?.evidence[0]?.kind, Kind.OUTSIDE_DESTINATION);
    assert.deepEqual([leftOutListingCount, response.report?.leftOutListingCount], [1, 1]);
    assert.ok(
      response.guide?.itineraryDays
        .flatMap(({ stops }) => stops)
        .every(({ listingKey }) => listingKey !== contradictedListings[0]?.key),
    );
  });

  it("joins what map data has, whichever section has it, and says who", async () => {
    const { listings } = attractionsOf(await compose(Verdict.UNSPECIFIED));
    const verdictOf = (title: string) => {
      const found = listings.find((each) => each.title === title);
      return [found?.verification?.verdict, found?.verification?.evidence[0]?.reference];
    };
    assert.deepEqual(verdictOf("Castle of the Winds"), [Verdict.VERIFIED, "way/1"]);
    assert.deepEqual(verdictOf("Ze da Mouraria"), [Verdict.VERIFIED, "node/2"]);
    assert.deepEqual(verdictOf("Painted Stairs"), [Verdict.PLAUSIBLE, "page"]);
    assert.deepEqual(verdictOf("Hall of Nowhere"), [Verdict.UNVERIFIABLE, undefined]);
  });

  it("counts what a higher one leaves out", async () => {
    for (const [minVerification, titles, leftOut] of [
      [Verdict.UNVERIFIABLE, 4, 1],
      [Verdict.PLAUSIBLE, 3, 2],
      [Verdict.VERIFIED, 2, 3],
    ] as const) {
      const response = await compose(minVerification);
      assert.equal(attractionsOf(response).listings.length, titles);
      assert.equal(response.report?.leftOutListingCount, leftOut);
    }
  });

  it("names another guide for another one, and the same for the default", async () => {
    const [unset, least, most] = await Promise.all(
      [Verdict.UNSPECIFIED, Verdict.UNVERIFIABLE, Verdict.VERIFIED].map(async (each) => {
        const { guide } = await compose(each);
        return guide;
      }),
    );
    assert.equal(unset?.name, least?.name);
    assert.equal(unset?.spec?.minVerification, Verdict.UNVERIFIABLE);
    assert.notEqual(unset?.name, most?.name);
  });

  it("counts the same in a guide that is cached whole", async () => {
    const first = await compose(Verdict.PLAUSIBLE);
    assert.ok(first.guide);
    const { report } = await pair.client.getGuide({ name: first.guide.name });
    assert.equal(report?.leftOutListingCount, 2);
  });

  it("holds in a stream", async () => {
    const sections: Section[] = [];
    let count: number | undefined;
    for await (const { event } of pair.client.streamGuide({ request: { spec: specOf(Verdict.VERIFIED) } })) {
      if (event.case === "section") sections.push(event.value);
      if (event.case === "completion") count = event.value.report?.leftOutListingCount;
    }
    const attractions = sections.find(({ kind }) => kind === ATTRACTIONS);
    assert.deepEqual(titlesOf(attractions?.listings ?? []), ["Castle of the Winds", "Ze da Mouraria"]);
    assert.equal(count, 3);
  });
});
