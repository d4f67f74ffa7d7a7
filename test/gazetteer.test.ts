import assert from "node:assert/strict";
import { loadGazetteer } from "../services/guide-composer/destination/gazetteer.ts";
import { resolveQuery } from "../services/guide-composer/destination/resolve.ts";
import { searchDestinations } from "../services/guide-composer/search/search.ts";

describe("gazetteer", () => {
  const gazetteer = loadGazetteer();
  const nameOf = (query: string): string => {
    const answer = resolveQuery(gazetteer, query);
    return answer.state === "resolved" ? answer.destination.name : answer.state;
  };

  it("gives all spellings of a city one name", () => {
    for (const query of ["Lisbon", "lisbon ", "LISBOA", "Lisbon, Portugal"])
      assert.equal(nameOf(query), "destinations/2267057");
    assert.equal(nameOf("München"), nameOf("Munich"));
    assert.equal(nameOf("東京"), nameOf("Tokyo"));
  });

  it("finds small places that travellers know", () => {
    for (const query of ["Hallstatt", "Positano", "Zermatt", "Luang Prabang"])
      assert.match(nameOf(query), /^destinations\/\d+$/);
  });

  it("asks back when several places are meant equally", () => {
    const answer = resolveQuery(gazetteer, "Springfield");
    assert.equal(answer.state, "ambiguous");
    assert.ok(
      answer.state === "ambiguous" && answer.candidates.length >= 2 && answer.candidates.length <= 10,
    );
  });

  it("lets a qualifier decide", () => {
    const answer = resolveQuery(gazetteer, "Paris, TX");
    assert.ok(answer.state === "resolved" && answer.destination.region === "Texas");
  });

  it("does not resolve nonsense or typing errors, and suggests what was meant", () => {
    assert.equal(nameOf("asdfqwer"), "unknown");
    const answer = resolveQuery(gazetteer, "Lisbno");
    assert.ok(answer.state === "unknown" && answer.suggestions[0]?.name === "destinations/2267057");
  });

  it("completes what is being typed, typing errors included", () => {
    for (const text of ["lis", "lisbno", "münch"]) {
      const [first] = searchDestinations(gazetteer, { text, countryCode: "", near: undefined }, 10);
      assert.match(first?.destination.displayName ?? "", /^(Lisbon|Munich)$/);
    }
  });
});
