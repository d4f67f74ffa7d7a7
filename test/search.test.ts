import assert from "node:assert/strict";
import fc from "fast-check";
import { foldName } from "../services/guide-composer/destination/fold-name.ts";
import { KIND, POSTING_SHIFT } from "../services/guide-composer/destination/gazetteer-file.ts";
import { loadGazetteer } from "../services/guide-composer/destination/gazetteer.ts";
import { createPageToken, readPageToken } from "../services/guide-composer/page-token.ts";
import { createSearch, MAX_MATCH_COUNT, type SearchQuery } from "../services/guide-composer/search/search.ts";

const LISBON = { latitude: 38.7223, longitude: -9.1393 };

describe("typeahead", () => {
  const gazetteer = loadGazetteer();
  const search = createSearch(gazetteer);
  const query = (text: string, other: Partial<SearchQuery> = {}): SearchQuery => ({
    text,
    countryCode: "",
    near: undefined,
    ...other,
  });
  const namesOf = (text: string, other: Partial<SearchQuery> = {}): string[] =>
    search
      .find(query(text, other), 0, 10)
      .matches.map(({ destination }) => `${destination.displayName}/${destination.countryCode}`);

  const FIRST = {
    par: "Paris/FR",
    "san f": "San Francisco/US",
    "new y": "New York City/US",
    muni: "Munich/DE",
    münch: "Munich/DE",
    beij: "Beijing/CN",
    lis: "Lisbon/PT",
    nice: "Nice/FR",
    ber: "Berlin/DE",
    lon: "London/GB",
    rom: "Rome/IT",
    "st pe": "Saint Petersburg/RU",
    "los a": "Los Angeles/US",
    москв: "Moscow/RU",
    東: "Tokyo/JP",
    서: "Seoul/KR",
    القا: "Cairo/EG",
    "paris, te": "Paris/US",
    "paris te": "Paris/US",
    "springfield, il": "Springfield/US",
    "portland or": "Portland/US",
  } as const;
  for (const [text, first] of Object.entries(FIRST)) {
    it(`has ${first} first after "${text}"`, () => assert.equal(namesOf(text)[0], first));
  }

  it("forgives one typing error, in any alphabet", () => {
    for (const [text, first] of [
      ["lisbno", "Lisbon/PT"],
      ["barcelna", "Barcelona/ES"],
      ["reykavik", "Reykjavík/IS"],
      ["dubrovnic", "Dubrovnik/HR"],
      ["xopenhagen", "Copenhagen/DK"],
      ["моксва", "Moscow/RU"],
      ["αθηαν", "Athens/GR"],
    ] as const)
      assert.equal(namesOf(text)[0], first, text);
  });

  it("finds nothing for what is no name", () => {
    for (const text of ["qqqqzzzz", "!!!", "...", ", Portugal"])
      assert.deepEqual(search.find(query(text), 0, 10), { matches: [], more: false }, text);
  });

  it("tells the name that matched, the place's own as it writes it", () => {
    const matched = (text: string): string | undefined =>
      search.find(query(text), 0, 1).matches[0]?.matchedName;
    assert.equal(matched("москв"), "Москва");
    assert.equal(matched("san jose, cost"), "San José");
    assert.equal(foldName(matched("münchen") ?? ""), "munchen");
  });

  it("keeps to a country", () => {
    assert.equal(namesOf("s", { countryCode: "PT" })[0], "Setúbal/PT");
    for (const name of namesOf("s", { countryCode: "LU" })) assert.match(name, /\/LU$/);
  });

  it("ranks what is near higher, on both sides of the antimeridian", () => {
    const rank = (text: string, name: string, near: SearchQuery["near"]): number => {
      const at = namesOf(text, { near }).indexOf(name);
      return at < 0 ? Infinity : at;
    };
    assert.ok(rank("si", "Sintra/PT", LISBON) < rank("si", "Sintra/PT", undefined));
    const fiji = { latitude: -16.5, longitude: -179.9 };
    assert.ok(rank("lab", "Labasa/FJ", fiji) < rank("lab", "Labasa/FJ", undefined));
    // The point of one search says nothing about the next.
    assert.deepEqual(namesOf("si"), namesOf("si"));
  });

  it("pages to the end without a place twice or left out", () => {
    for (const text of ["san", "s", "springfield", "lisbno"]) {
      const names: string[] = [];
      let offset = 0;
      for (;;) {
        const { matches, more } = search.find(query(text), offset, 50);
        names.push(...matches.map(({ destination }) => destination.name));
        offset += 50;
        if (!more) break;
      }
      assert.equal(new Set(names).size, names.length);
      assert.ok(names.length <= MAX_MATCH_COUNT);
      const whole = search.find(query(text), 0, MAX_MATCH_COUNT);
      assert.deepEqual(
        names,
        whole.matches.map(({ destination }) => destination.name),
      );
      assert.equal(whole.more, false);
    }
  });

  it("gives scores that fall from at most 1 to above 0", () => {
    const scores = search.find(query("sa"), 0, MAX_MATCH_COUNT).matches.map(({ score }) => score);
    assert.ok(scores.every((score, index) => score > 0 && score <= (scores[index - 1] ?? 1)));
  });

  it("skips blocks of names without losing a better match", () => {
    // The same ranking from looking at every posting.
    const bestOf = (prefix: string): string => {
      let best = -Infinity;
      let bestPlace = 0;
      const { from, to } = gazetteer.names.withPrefix(prefix);
      for (let name = from; name < to; name += 1) {
        const length = gazetteer.names.lengthOf(name);
        for (
          let at = gazetteer.postingOffsets[name] ?? 0;
          at < (gazetteer.postingOffsets[name + 1] ?? 0);
          at += 1
        ) {
          const posting = gazetteer.postings[at] ?? 0;
          const kind = [-1.3, -0.3, 0][posting & 3] ?? 0;
          const more = length === prefix.length ? 1 : (length - prefix.length) * -0.001;
          const score = Math.fround(gazetteer.weight(posting >>> POSTING_SHIFT) + kind + more);
          if (score > best || (score === best && posting >>> POSTING_SHIFT < bestPlace)) {
            best = score;
            bestPlace = posting >>> POSTING_SHIFT;
          }
        }
      }
      return gazetteer.toDestination(bestPlace).name;
    };
    const prefix = fc.string({
      unit: fc.constantFrom("a", "e", "i", "l", "n", "o", "r", "s", "t"),
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(prefix, (text) => {
        const [first] = search.find(query(text), 0, 1).matches;
        const { from, to } = gazetteer.names.withPrefix(text);
        if (from < to) assert.equal(first?.destination.name, bestOf(text));
      }),
      { numRuns: 30 },
    );
    assert.equal(KIND.own, 2);
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        search.find(query(text), 0, 10);
      }),
    );
  });
});

describe("page token", () => {
  const inputs = ["lis", "", "PT", ""];
  it("leads to its offset, with the same other fields only", () => {
    const token = createPageToken(50, inputs);
    assert.equal(readPageToken(token, inputs), 50);
    assert.equal(readPageToken("", inputs), 0);
    assert.equal(readPageToken(token, ["lisb", "", "PT", ""]), undefined);
    assert.equal(readPageToken(token, ["lis", "", "ES", ""]), undefined);
  });

  it("is refused when it is nobody's", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (token) => {
        assert.equal(readPageToken(token, inputs), undefined);
      }),
    );
  });
});
