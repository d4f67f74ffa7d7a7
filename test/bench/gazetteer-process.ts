import { loadGazetteer } from "../../services/guide-composer/destination/gazetteer.ts";
import { resolveQuery } from "../../services/guide-composer/destination/resolve.ts";
import { createSearch, type SearchQuery } from "../../services/guide-composer/search/search.ts";
import { percentile } from "./metric.ts";
import { createDraw } from "./draw.ts";

const QUERY_COUNT = 4_000;
const WARM_UP_COUNT = 1_000;
const PAGE_SIZE = 10;

/** What no list of names gives: qualified, ambiguous, of areas and countries, nonsense. */
const TYPED = [
  "Paris, TX",
  "London Ontario Canada",
  "Springfield",
  "San José",
  "Santa Cruz",
  "San Antonio",
  "Victoria",
  "Bali",
  "Tuscany",
  "Portugal",
  "Georgia",
  "asdfqwer",
  "zzzzzzzzzzzz",
  "the best beach in the whole wide world",
  "Амстердам, Нидерланды",
  "東京, 日本",
];

const draw = createDraw(1);
const rssBytes = (): number => {
  globalThis.gc?.();
  return process.memoryUsage.rss();
};

const rssBefore = rssBytes();
const startMs = performance.now();
const gazetteer = loadGazetteer();
const loadMs = performance.now() - startMs;
const rssAfter = rssBytes();

/** A name as its source writes it: of the well-known places more often than of the others. */
function anyName(): string {
  const place = Math.floor(gazetteer.placeCount * draw() ** 3);
  if (draw() < 0.5) return gazetteer.displayName(place);
  return gazetteer.originalOf(Math.floor(gazetteer.names.nameCount * draw()));
}

/** One letter left out, put in, wrong, or exchanged with the next. */
function misspell(name: string): string {
  const letters = Array.from(name);
  const at = Math.floor(letters.length * draw());
  const [a = "", b = ""] = letters.slice(at, at + 2);
  const other = String.fromCharCode(97 + Math.floor(26 * draw()));
  const kinds = [[b], [a, other, b], [other, b], [b, a]];
  return [...letters.slice(0, at), ...(kinds[Math.floor(4 * draw())] ?? []), ...letters.slice(at + 2)].join(
    "",
  );
}

function anyQuery(): string {
  const kind = draw();
  if (kind < 0.1) return TYPED[Math.floor(TYPED.length * draw())] ?? "";
  return kind < 0.3 ? misspell(anyName()) : anyName();
}

function anySearch(): SearchQuery {
  const name = draw() < 0.2 ? misspell(anyName()) : anyName();
  const length = 1 + Math.floor(8 * draw());
  const place = Math.floor(gazetteer.placeCount * draw() ** 3);
  return {
    text: Array.from(name).slice(0, length).join(""),
    countryCode: draw() < 0.1 ? gazetteer.countryCode(place) : "",
    near: draw() < 0.3 ? gazetteer.location(place) : undefined,
  };
}

function p99Ms<Query>(make: () => Query, ask: (query: Query) => void): number {
  const queries = Array.from({ length: WARM_UP_COUNT + QUERY_COUNT }, make);
  for (const query of queries.slice(0, WARM_UP_COUNT)) ask(query);
  const times = queries.slice(WARM_UP_COUNT).map((query) => {
    const askMs = performance.now();
    ask(query);
    return performance.now() - askMs;
  });
  return percentile(times, 0.99);
}

const search = createSearch(gazetteer);
process.send?.({
  loadMs,
  rssBytes: rssAfter - rssBefore,
  resolveP99Ms: p99Ms(anyQuery, (query) => void resolveQuery(gazetteer, query)),
  typeaheadP99Ms: p99Ms(anySearch, (query) => void search.find(query, 0, PAGE_SIZE)),
});
