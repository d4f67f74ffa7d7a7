import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  DailyForecast_Basis as Basis,
  DailyForecastSchema,
  FactSchema,
  NarrativeSchema,
  Verification_Verdict as Verdict,
  type DailyForecast,
  type Listing,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { mergeListings } from "../../services/guide-composer/assemble/listings/merge.ts";
import {
  mergeFacts,
  mergeForecasts,
  mergeNarratives,
} from "../../services/guide-composer/assemble/merge-text.ts";
import { listing, mapped, near } from "./make.ts";

describe("merging listings", () => {
  const written = listing("Museu do Fado", {
    key: "museu-do-fado",
    summary: "All about fado.",
    languageCode: "en",
    location: near(0),
    address: "Largo do Chafariz de Dentro 1",
    phone: "+351 218 823 470",
    openingHours: "Tu-Su 10AM-6PM",
  });
  const surveyed = mapped("Fado Museum", "way/7", {
    location: near(20),
    address: "Largo Chafariz de Dentro 1, 1100-139 Lisboa",
    phone: "+351 218823470",
    websiteUri: "https://www.museudofado.pt/",
    openingHours: "Tu-Su 10:00-18:00",
    wikidataId: "Q2061439",
    accessibilityTags: ["wheelchair"],
  });
  const [joined] = mergeListings([[written], [surveyed]], "en");

  it("takes each field from whoever has the authority over it", () => {
    assert.ok(joined);
    assert.equal(joined.title, "Museu do Fado");
    assert.deepEqual(joined.location, surveyed.location);
    assert.equal(joined.address, surveyed.address);
    assert.equal(joined.openingHours, "Tu-Su 10:00-18:00");
    assert.equal(joined.phone, written.phone);
    assert.equal(joined.websiteUri, surveyed.websiteUri);
    assert.equal(joined.summary, "All about fado.");
    assert.deepEqual(joined.accessibilityTags, ["wheelchair"]);
  });

  it("believes the one who says that it is closed for now, whoever that is", () => {
    const closed = mapped("Museu do Fado", "way/8", {
      location: near(10),
      openingHours: "Temporarily closed",
    });
    const [merged] = mergeListings([[written], [surveyed], [closed]], "en");
    assert.equal(merged?.openingHours, "Temporarily closed");
    assert.deepEqual(
      merged.alternatives.map(({ provider, openingHours }) => [provider, openingHours]),
      [
        ["providers/wikivoyage", "Tu-Su 10AM-6PM"],
        ["providers/overpass", "Tu-Su 10:00-18:00"],
      ],
    );
  });

  it("keeps a position that is more than 500 m from the one believed, with whose it is", () => {
    const writtenAt = (eastM: number): Listing =>
      listing("Museu do Fado", { wikidataId: "Q2061439", location: near(eastM) });
    const far = writtenAt(600);
    const [merged] = mergeListings([[far], [surveyed]], "en");
    assert.ok(merged);
    assert.deepEqual(merged.location, surveyed.location);
    const [other, ...more] = merged.alternatives;
    assert.deepEqual([other?.provider, other?.location], ["providers/wikivoyage", far.location]);
    assert.deepEqual(more, []);
    assert.deepEqual(mergeListings([[writtenAt(500)], [surveyed]], "en")[0]?.alternatives, []);
  });

  it("has no alternatives where all agree", () => {
    assert.deepEqual(joined?.alternatives, []);
  });

  it("keeps every citation, best first, and every id", () => {
    assert.deepEqual(
      joined?.citations.map(({ provider }) => provider),
      ["providers/wikivoyage", "providers/overpass"],
    );
    assert.equal(joined?.citations[0]?.title, joined?.title);
    assert.deepEqual(
      joined?.providerIds.map(({ id }) => id),
      ["way/7"],
    );
  });

  it("keys by the Wikidata id as soon as one provider knows it, whoever is preferred", () => {
    assert.equal(joined?.key, "q2061439");
    assert.equal(mergeListings([[surveyed], [written]], "en")[0]?.key, "q2061439");
  });

  it("prefers a summary in the language asked for", () => {
    const french = listing("Musée du Fado", {
      summary: "Tout sur le fado.",
      languageCode: "fr",
      location: near(0),
    });
    assert.equal(
      mergeListings([[french], [{ ...written, title: "Musée du Fado" }]], "en")[0]?.summary,
      "All about fado.",
    );
  });

  it("needs no check any more when a provider of places knows what a model named", () => {
    const named = listing("Museu do Fado", {
      location: near(0),
      verification: { verdict: Verdict.PLAUSIBLE },
    });
    assert.equal(mergeListings([[named]], "en")[0]?.verification?.verdict, Verdict.PLAUSIBLE);
    assert.equal(mergeListings([[named], [surveyed]], "en")[0]?.verification, undefined);
  });

  it("tells that map data bears out what a model named, under the name that it has there", () => {
    const verification = { verdict: Verdict.VERIFIED, evidence: [{ reference: "node/1" }] };
    const named = listing("Fado Museum", { location: near(0), verification });
    const [joined] = mergeListings([[named], [{ ...surveyed, title: "Museu do Fado" }]], "en");
    assert.equal(joined?.title, "Museu do Fado");
    assert.equal(joined.verification?.evidence[0]?.reference, "node/1");
  });

  it("believes the better of two models", () => {
    const [one, two] = [Verdict.UNVERIFIABLE, Verdict.PLAUSIBLE].map((verdict) =>
      listing("Museu do Fado", { location: near(0), verification: { verdict } }),
    );
    assert.ok(one && two);
    assert.equal(mergeListings([[one], [two]], "en")[0]?.verification?.verdict, Verdict.PLAUSIBLE);
  });

  it("tells apart by a number what shares a key", () => {
    const same = [listing("Miradouro", { address: "Rua A 1" }), listing("Miradouro", { address: "Rua B 2" })];
    assert.deepEqual(
      mergeListings([same], "en").map(({ key }) => key),
      ["miradouro", "miradouro-2"],
    );
  });

  it("changes nothing of what it is given", () => {
    const before = structuredClone([written, surveyed]);
    mergeListings([[written], [surveyed]], "en");
    assert.deepEqual([written, surveyed], before);
  });
});

describe("merging texts and weather", () => {
  const cited = (provider: string) => [{ provider, title: "page" }];

  it("states a fact once, by the most preferred provider, citing who agrees", () => {
    const fact = (value: string, provider: string) =>
      create(FactSchema, { key: "currency", label: "Currency", value, citations: cited(provider) });
    const merged = mergeFacts([
      [fact("Euro", "providers/a")],
      [fact("Euro", "providers/b")],
      [fact("Escudo", "providers/c")],
    ]);
    assert.deepEqual(
      merged.map(({ value, citations }) => [value, citations.map(({ provider }) => provider)]),
      [["Euro", ["providers/a", "providers/b"]]],
    );
  });

  it("puts texts in the language asked for first and says nothing twice", () => {
    const text = (words: string, languageCode: string) =>
      create(NarrativeSchema, { key: "introduction", text: words, languageCode });
    const merged = mergeNarratives(
      [[text("Bonjour", "fr")], [text("Hello", "en"), text("Hello", "en")]],
      "en",
    );
    assert.deepEqual(
      merged.map((narrative) => narrative.text),
      ["Hello", "Bonjour"],
    );
  });

  it("fills what the preferred forecast lacks and never mixes in what is typical", () => {
    const day = (basis: 1 | 2, provider: string, init = {}) =>
      create(DailyForecastSchema, {
        date: { year: 2026, month: 12, day: 1 },
        basis,
        minTemperatureCelsius: 9,
        maxTemperatureCelsius: 15,
        citations: cited(provider),
        ...init,
      });
    const [merged] = mergeForecasts([
      [day(1, "providers/a", { precipitationMm: 2 })],
      [
        day(1, "providers/b", { precipitationMm: 9, maxUvIndex: 3 }),
        day(2, "providers/c", { maxWindSpeedMps: 20 }),
      ],
    ]);
    assert.equal(merged?.precipitationMm, 2);
    assert.equal(merged?.maxUvIndex, 3);
    assert.equal(merged?.maxWindSpeedMps, undefined);
    assert.deepEqual(
      merged?.citations.map(({ provider }) => provider),
      ["providers/a", "providers/b"],
    );
    assert.equal(mergeForecasts([[day(2, "providers/c")], [day(1, "providers/a")]])[0]?.basis, 1);
  });

  it("takes the times of the sun from the next provider where the first states neither", () => {
    const [rise, set, other] = [1, 2, 3].map((ms) => timestampFromMs(ms));
    const day = (provider: string, init: object) =>
      create(DailyForecastSchema, {
        date: { year: 2026, month: 12, day: 1 },
        basis: Basis.FORECAST,
        citations: cited(provider),
        ...init,
      });
    const sunOf = (...days: readonly DailyForecast[]): object => {
      const [merged] = mergeForecasts(days.map((one) => [one]));
      return [
        merged?.sunriseTime,
        merged?.sunsetTime,
        merged?.citations.map(({ provider }) => provider).join(" "),
      ];
    };
    const both = day("providers/b", { sunriseTime: rise, sunsetTime: set });
    assert.deepEqual(sunOf(day("providers/a", {}), both), [rise, set, "providers/a providers/b"]);
    const one = day("providers/a", { sunsetTime: other });
    assert.deepEqual(sunOf(one, both), [undefined, other, "providers/a"]);
  });
});
