import assert from "node:assert/strict";
import fc from "fast-check";
import type { Destination } from "../shared/gen/wayfarer/type/v1/content_pb.ts";
import { foldName } from "../services/guide-composer/destination/fold-name.ts";
import { loadGazetteer } from "../services/guide-composer/destination/gazetteer.ts";
import { resolveByName, resolveQuery } from "../services/guide-composer/destination/resolve.ts";

const tell = ({ displayName, region, countryCode }: Destination): string =>
  [displayName, region, countryCode].join("/");

describe("gazetteer", () => {
  const gazetteer = loadGazetteer();
  const ask = (query: string) => resolveQuery(gazetteer, query);
  /** What a query resolves to, or how it ended. */
  const resolved = (query: string): string => {
    const answer = ask(query);
    return answer.state === "resolved" ? tell(answer.destination) : answer.state;
  };
  const nameOf = (query: string): string => {
    const answer = ask(query);
    return answer.state === "resolved" ? answer.destination.name : answer.state;
  };

  const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
    "destinations/2267057": [
      "Lisbon",
      "lisbon ",
      "LISBOA",
      "Lisboa, Portugal",
      "Lisbonne",
      "Лиссабон",
      "リスボン",
    ],
    "destinations/2867714": [
      "München",
      "Munich",
      "Muenchen",
      "MUNCHEN",
      "Monaco di Baviera",
      "München, Bayern",
    ],
    "destinations/1850147": ["東京", "Tokyo", "Tōkyō", "도쿄", "Токио"],
    "destinations/524901": ["Москва", "Moscow", "Moskau", "موسكو"],
    "destinations/360630": ["القاهرة", "Cairo", "Le Caire", "Kairo"],
    "destinations/5128581": ["New York City", "New York", "NYC", "new york, ny", "New York, USA"],
    "destinations/5368361": ["LA", "L.A.", "Los Angeles", "Los Angeles CA"],
    "destinations/4140963": ["Washington", "Washington DC", "Washington, D.C."],
    "destinations/2925533": ["Frankfurt am Main", "Frankfurt"],
    "destinations/2988507": ["Paris", "Paris France", "París", "Parigi", "パリ"],
    "destinations/1819729": ["Hong Kong", "Hongkong", "香港"],
    "destinations/1880252": ["Singapore", "Singapur", "新加坡"],
  };
  for (const [name, spellings] of Object.entries(SPELLINGS)) {
    it(`gives ${spellings[0]} one name, however it is spelled`, () =>
      assert.deepEqual(
        spellings.map((spelling) => [spelling, nameOf(spelling)]),
        spellings.map((spelling) => [spelling, name]),
      ));
  }

  const QUALIFIED = {
    "Paris, TX": "Paris/Texas/US",
    "Paris, Texas": "Paris/Texas/US",
    "Paris Texas USA": "Paris/Texas/US",
    "Portland, Oregon": "Portland/Oregon/US",
    "Portland ME": "Portland/Maine/US",
    "London, Ontario": "London/Ontario/CA",
    "Cambridge UK": "Cambridge/England/GB",
    "Cambridge, MA": "Cambridge/Massachusetts/US",
    "Saint Petersburg, FL": "St. Petersburg/Florida/US",
    "St. Petersburg": "Saint Petersburg/St.-Petersburg/RU",
    "San José, Costa Rica": "San José/San José/CR",
    "Sydney NSW": "Sydney/New South Wales/AU",
    "Toronto, ON": "Toronto/Ontario/CA",
    "Ontario, CA": "Ontario/California/US",
    "Versailles, Paris": "Versailles/Île-de-France/FR",
    "Queenstown, Neuseeland": "Queenstown/Otago/NZ",
    "Quebec City": "Québec/Quebec/CA",
    "Córdoba, Argentina": "Córdoba/Cordoba/AR",
    "Bergen, Norway": "Bergen/Vestland/NO",
    "Ho Chi Minh City, Vietnam": "Ho Chi Minh City/Ho Chi Minh City (HCMC)/VN",
  } as const;
  for (const [query, expected] of Object.entries(QUALIFIED)) {
    it(`reads "${query}"`, () => assert.equal(resolved(query), expected));
  }

  it("prefers the namesake that people mean to the larger or equally spelled one", () => {
    for (const [query, expected] of [
      ["Barcelona", "ES"],
      ["Venice", "IT"],
      ["Naples", "IT"],
      ["Odessa", "UA"],
      ["Porto", "PT"],
      ["York", "GB"],
      ["Oia", "GR"],
      ["Petra", "JO"],
      ["Jasper, Alberta", "CA"],
    ] as const)
      assert.match(resolved(query), new RegExp(`/${expected}$`), query);
  });

  it("asks back when several places are meant equally, with candidates that can be told apart", () => {
    for (const query of ["Springfield", "Cambridge", "San José", "Valencia", "Richmond", "Queenstown"]) {
      const answer = ask(query);
      assert.ok(answer.state === "ambiguous", query);
      const told = answer.candidates.map(tell);
      assert.ok(told.length >= 2 && told.length <= 10, query);
      assert.equal(new Set(told).size, told.length, query);
      const populations = answer.candidates.map(({ population }) => population);
      assert.deepEqual(
        populations,
        [...populations].sort((a, b) => b - a),
      );
    }
  });

  it("takes no town for an island, a region or a country of that name", () => {
    for (const query of [
      "Bali",
      "Goa",
      "Crete",
      "Tuscany",
      "Hawaii",
      "Cornwall",
      "Normandy",
      "Ontario",
      "Kerala",
    ]) {
      const answer = ask(query);
      assert.ok(answer.state === "unknown" && answer.areas.length > 0, query);
      assert.ok(answer.suggestions.length > 0, query);
    }
    for (const query of ["Santorini", "Amalfi Coast", "Mallorca", "Bora Bora", "Provence"])
      assert.equal(resolved(query), "unknown", query);
    assert.equal(resolved("Capri"), "Capri/Campania/IT");
    for (const query of ["Portugal", "Mexico", "Georgia", "Jamaica", "Lebanon", "Deutschland", "日本"]) {
      const answer = ask(query);
      assert.equal(answer.state, "country", query);
    }
  });

  it("suggests the capital of a country and the seat of a region first", () => {
    const firstOf = (query: string): string => {
      const answer = ask(query);
      return "suggestions" in answer ? (answer.suggestions[0]?.displayName ?? "") : "";
    };
    assert.equal(firstOf("Portugal"), "Lisbon");
    assert.equal(firstOf("Bali"), "Denpasar");
    assert.equal(firstOf("Hawaii"), "Honolulu");
  });

  it("keeps apart what only a mark tells apart outside of Europe", () => {
    assert.notEqual(foldName("パリ"), foldName("バリ"));
    assert.notEqual(foldName("दिल्ली"), foldName("दल्ला"));
  });

  it("does not resolve nonsense or typing errors, and suggests what was meant", () => {
    const nonsense = ask("asdfqwer");
    assert.ok(nonsense.state === "unknown" && nonsense.suggestions.length === 0);
    for (const [typed, meant] of [
      ["Lisbno", "destinations/2267057"],
      ["Barcelna", "destinations/3128760"],
      ["Munchen1", "destinations/2867714"],
      ["Lisb", "destinations/2267057"],
      ["Lisbon, Spain", "destinations/2267057"],
    ] as const) {
      const answer = ask(typed);
      assert.ok(answer.state === "unknown" && answer.suggestions[0]?.name === meant, typed);
      assert.ok(answer.suggestions.length <= 5);
    }
  });

  it("knows where every place lies", () => {
    const { region, timeZone, countryCode } = gazetteer.toDestination(gazetteer.byId(2267057) ?? -1);
    assert.deepEqual([region, timeZone, countryCode], ["Lisbon", "Europe/Lisbon", "PT"]);
    let namelessCount = 0;
    for (let place = 0; place < gazetteer.placeCount; place += 1) {
      const destination = gazetteer.toDestination(place);
      assert.match(destination.countryCode, /^[A-Z]{2}$/);
      assert.doesNotThrow(() => new Intl.DateTimeFormat("en", { timeZone: destination.timeZone }));
      if (destination.region === "") namelessCount += 1;
      if (place > 2_000) break;
    }
    // City states have no regions.
    assert.ok(namelessCount < 20, String(namelessCount));
  });

  it("finds every place again by its resource name, merged ones too", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: gazetteer.placeCount - 1 }), (place) => {
        const destination = gazetteer.toDestination(place);
        assert.equal(resolveByName(gazetteer, destination.name)?.geonamesId, destination.geonamesId);
      }),
    );
    for (const name of ["destinations/0", "destinations/9999999999", "destinations/osm-r1", "destinations/x"])
      assert.equal(resolveByName(gazetteer, name), undefined);
  });

  it("resolves a name with region and country to a place that bears it there", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: gazetteer.placeCount - 1 }), (place) => {
        const { displayName, region, countryCode } = gazetteer.toDestination(place);
        if (/[,;]/.test(displayName)) return;
        const answer = ask(`${displayName}, ${region}, ${countryCode}`);
        assert.ok(answer.state === "resolved" || answer.state === "ambiguous");
        const found = answer.state === "resolved" ? [answer.destination] : answer.candidates;
        for (const other of found) assert.equal(other.countryCode, countryCode);
      }),
    );
  });

  it("folds a folded name to itself, letters that are taken apart too", () => {
    for (const name of ["\u0374", "\u0149a", "Xi\u2019an", "D.C.", "\u1e9e"])
      assert.equal(foldName(foldName(name)), foldName(name));
    assert.equal(foldName("\u0149amen"), "namen");
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        ask(text);
        assert.equal(foldName(foldName(text)), foldName(text));
      }),
    );
  });
});
