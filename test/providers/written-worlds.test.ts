import assert from "node:assert/strict";
import { loadWrittenWorlds } from "./world/written-worlds.ts";
import { distanceM } from "./world/world.ts";

/** Listings with a name in a text, as an editor counts them. */
const namesOf = (wikitext: string, template: string): string[] =>
  [...wikitext.matchAll(new RegExp(`\\{\\{\\s*${template}\\b[^}]*?\\|\\s*name=([^|\\n}]+)`, "g"))].map(
    ([, name]) => (name ?? "").trim(),
  );

describe("the written cities", () => {
  const { worlds, pages, redirects } = loadWrittenWorlds();

  it("are deep enough for a guide with all sections", () => {
    for (const { title, articles, elements } of worlds) {
      const all = [...articles.values()].map(({ wikitext }) => wikitext).join("\n");
      const count = (template: string): number => new Set(namesOf(all, template)).size;
      assert.ok(count("eat") >= 10, `${title}: ${count("eat")} restaurants`);
      assert.ok(count("see") >= 10, `${title}: ${count("see")} sights`);
      assert.ok(
        count("drink") >= 3 && count("do") >= 3,
        `${title}: drink ${count("drink")}, do ${count("do")}`,
      );
      assert.ok(articles.size >= 5, `${title}: ${articles.size} articles`);
      const having = (key: string): number => elements.filter(({ tags }) => key in tags).length;
      assert.ok(having("cuisine") >= 10 && having("tourism") >= 10 && having("place") >= 10, title);
    }
  });

  it("close every template and link that they open", () => {
    for (const { title, wikitext } of pages.values()) {
      const count = (token: string): number => wikitext.split(token).length - 1;
      assert.equal(count("{{"), count("}}"), title);
      assert.equal(count("[["), count("]]"), title);
    }
  });

  it("place everything where the city is, once per provider", () => {
    for (const { title, latitude, longitude, articles, elements } of worlds) {
      const points = [
        ...elements,
        ...[...articles.values()].flatMap(({ wikitext }) =>
          [...wikitext.matchAll(/\|\s*lat=(-?[\d.]+)\s*\|\s*long=(-?[\d.]+)/g)].map(([, lat, lon]) => ({
            lat: Number(lat),
            lon: Number(lon),
          })),
        ),
      ];
      for (const { lat, lon } of points)
        assert.ok(distanceM(latitude, longitude, lat, lon) < 20_000, `${title}: ${lat}, ${lon}`);
      assert.equal(new Set(elements.map(({ id }) => id)).size, elements.length);
      const items = elements.flatMap(({ tags }) => tags["wikidata"] ?? []);
      assert.equal(new Set(items).size, items.length, `${title}: an item twice`);
    }
  });

  it("give a place of both providers one item in Wikidata, near to each other", () => {
    let sharedCount = 0;
    for (const { articles, elements } of worlds) {
      const byItem = new Map(elements.map((element) => [element.tags["wikidata"], element]));
      for (const { title, wikitext } of articles.values()) {
        for (const [, lat, lon, item] of wikitext.matchAll(
          /lat=(-?[\d.]+)\s*\|\s*long=(-?[\d.]+)(?:(?!\}\}\n)[\s\S])*?wikidata=(Q\d+)/g,
        )) {
          const element = byItem.get(item);
          if (element === undefined) continue;
          sharedCount += 1;
          assert.ok(
            distanceM(Number(lat), Number(lon), element.lat, element.lon) < 300,
            `${title}: ${item} is ${element.tags["name"]}`,
          );
        }
      }
    }
    assert.ok(sharedCount > 60, `${sharedCount}`);
  });

  it("redirect to articles that exist, under names that are none", () => {
    for (const [from, to] of redirects) assert.ok(pages.has(to) && !pages.has(from), from);
  });
});
