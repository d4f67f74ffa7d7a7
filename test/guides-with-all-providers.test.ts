import assert from "node:assert/strict";
import { readProviderSettings } from "../services/content-fetcher/config.ts";
import { PROVIDERS } from "../services/content-fetcher/providers.ts";
import type { Section } from "../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  Evidence_Kind,
  ProviderOutcome_Kind as OutcomeKind,
  SectionKind,
  Verification_Verdict as Verdict,
  type Listing,
} from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { startTestProviders } from "./providers/test-providers.ts";
import { startPairFor } from "./support/pair.ts";

const nameOf = (id: string): string => `providers/${id}`;
const LANGUAGE_MODELS = PROVIDERS.filter(({ languageModel }) => languageModel === true).map(({ id }) =>
  nameOf(id),
);
/** Everybody who answers restaurants. */
const TELLERS = PROVIDERS.filter(({ offerings }) =>
  offerings.some(({ kind }) => kind === SectionKind.RESTAURANTS),
).map(({ id }) => nameOf(id));

const tellersOf = ({ citations }: Listing): string[] => [
  ...new Set(citations.map(({ provider }) => provider)),
];
const isNamedByModel = (listing: Listing): boolean =>
  tellersOf(listing).some((teller) => LANGUAGE_MODELS.includes(teller));

describe("a guide to Lisbon from all providers", function () {
  this.timeout(60_000);
  let restaurants: Section;

  before(async () => {
    const providers = await startTestProviders({ seed: 1, now: Date.now });
    const pair = await startPairFor(PROVIDERS, providers.settings, {
      fetcher: { providerSettings: readProviderSettings(providers.keys) },
      composer: { WARMING_CALLS_PER_MINUTE: "0" },
    });
    const { guide } = await pair.client.composeGuide({
      spec: { destination: { case: "destinationQuery", value: "Lisbon" } },
    });
    await pair.close();
    await providers.close();
    assert.deepEqual(guide?.omissions, []);
    restaurants = guide.sections.find(({ kind }) => kind === SectionKind.RESTAURANTS) ?? assert.fail();
  });

  it("has restaurants of everybody who answers them", () => {
    assert.ok(TELLERS.length >= 3);
    assert.deepEqual(
      restaurants.providerOutcomes
        .filter(({ kind }) => kind === OutcomeKind.CONTENT)
        .map(({ provider }) => provider)
        .sort(),
      TELLERS.toSorted(),
    );
    assert.deepEqual(new Set(restaurants.listings.flatMap(tellersOf)), new Set(TELLERS));
  });

  it("has each of them once, with all who tell of it", () => {
    const titles = restaurants.listings.map(({ title }) => title);
    assert.equal(new Set(titles).size, titles.length);
    const ids = restaurants.listings.flatMap(({ providerIds }) =>
      providerIds.map(({ provider, id }) => `${provider} ${id}`),
    );
    assert.equal(new Set(ids).size, ids.length);
    const belcanto = restaurants.listings.find(({ title }) => title === "Belcanto") ?? assert.fail();
    assert.deepEqual(new Set(tellersOf(belcanto)), new Set(TELLERS));
    assert.ok(restaurants.listings.filter((listing) => tellersOf(listing).length >= 3).length >= 10);
  });

  it("cites each, and shows what the terms of whoever is cited require", () => {
    const attributed = restaurants.attributions.map(({ provider }) => provider);
    for (const listing of restaurants.listings) {
      assert.ok(listing.citations.length > 0, listing.title);
      for (const teller of tellersOf(listing)) assert.ok(attributed.includes(teller), teller);
    }
  });

  it("says of those that a language model names whether others know them", () => {
    const named = restaurants.listings.filter(isNamedByModel);
    assert.ok(named.length >= 3);
    for (const { title, verification } of named) {
      assert.equal(verification?.verdict, Verdict.VERIFIED, title);
      const found = verification.evidence.filter(({ kind }) => kind === Evidence_Kind.SAME_NAME_NEARBY);
      assert.ok(found.length > 0, title);
      for (const { provider } of found) assert.ok(!LANGUAGE_MODELS.includes(provider), title);
    }
    for (const listing of restaurants.listings)
      if (!isNamedByModel(listing)) assert.equal(listing.verification, undefined, listing.title);
  });
});
