import assert from "node:assert/strict";
import type { Content } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import { queryOf } from "./harness.ts";

export const isEmbedded = (provider: Provider): boolean => provider.origins.length === 0;
const nameOf = (provider: Provider): string => `providers/${provider.id}`;
export const uriOf = (text: string): string => new URL(text).href;

/** Every item of a content, with what it says. */
export function checkContent(provider: Provider, kind: SectionKind, content: Content | undefined): void {
  assert.ok(content, "there is content");
  assert.equal(content.provider, nameOf(provider));
  assert.equal(content.sectionKind, kind);
  assert.ok(content.fetchTime);
  assert.ok(content.attribution && content.attribution.text !== "");
  for (const { provider: named, text } of [content.attribution, ...content.furtherAttributions]) {
    assert.equal(named, nameOf(provider));
    assert.notEqual(text, "");
  }
  const { narratives, facts, listings, forecasts, closedListings } = content;
  const items = [...narratives, ...facts, ...listings, ...forecasts];
  assert.ok(items.length > 0);
  assert.ok(listings.length <= queryOf().maxListingCount, `${listings.length} listings`);
  for (const { citations } of [...items, ...closedListings]) {
    assert.ok(citations.length > 0);
    for (const citation of citations) {
      assert.equal(citation.provider, nameOf(provider));
      // What a model knows by heart stands on no page.
      if (citation.uri !== "" || provider.languageModel !== true)
        assert.ok(uriOf(citation.uri).startsWith("https://"));
      assert.notEqual(citation.title.trim(), "");
      assert.ok(citation.fetchTime);
      if (!isEmbedded(provider)) assert.equal(citation.license, provider.terms.license);
    }
  }
  for (const { key, label, value } of facts) assert.ok(key !== "" && label !== "" && value.trim() !== "");
  assert.equal(new Set(facts.map(({ key }) => key)).size, facts.length, "keys of facts differ");
  for (const { text, languageCode } of narratives) assert.ok(text.trim() !== "" && languageCode !== "");
  for (const { title, key, details, websiteUri, summary, languageCode, location } of [
    ...listings,
    ...closedListings,
  ]) {
    assert.ok(title.trim() === title && title !== "" && key !== "" && details.case !== undefined);
    assert.equal(summary === "", languageCode === "");
    if (websiteUri !== "") assert.match(uriOf(websiteUri), /^https?:/);
    if (location) assert.ok(Math.abs(location.latitude) <= 90 && Math.abs(location.longitude) <= 180, title);
  }
  for (const forecast of forecasts) {
    assert.ok(forecast.date && forecast.basis !== 0);
    assert.ok(forecast.minTemperatureCelsius <= forecast.maxTemperatureCelsius);
  }
}
