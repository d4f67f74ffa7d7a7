import { readFileSync } from "node:fs";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { toSections, type Article } from "../../services/content-fetcher/providers/wikivoyage/article.ts";
import type { Answerer } from "../adapters/fixtures.ts";

/** The recorded article, https://en.wikivoyage.org/wiki/Boston, CC BY-SA 4.0. */
export const BOSTON = readFileSync(
  new URL("../fixtures/wikivoyage/Boston.wikitext.txt", import.meta.url),
  "utf8",
);

export const FETCH_MS = Date.parse("2026-11-24T12:00:00Z");
export const REVISION_MS = Date.parse("2026-10-02T08:14:11Z");

/** An article without a wiki around it. */
export const articleOf = (title: string, wikitext: string, parts: Partial<Article> = {}): Article => ({
  title,
  uri: `https://en.wikivoyage.org/wiki/${title.replaceAll(" ", "_")}`,
  fetchMs: FETCH_MS,
  revisionMs: REVISION_MS,
  location: undefined,
  wikidataId: undefined,
  disambiguation: false,
  region: false,
  partOf: "",
  sections: toSections(wikitext),
  ...parts,
});

export interface WikiPage {
  readonly wikitext?: string;
  readonly at?: readonly [latitude: number, longitude: number];
  readonly wikidataId?: string;
  readonly disambiguation?: boolean;
  readonly redirectTo?: string;
}

export interface WikiOptions {
  readonly pages: Readonly<Record<string, WikiPage>>;
  /** Titles that a search for text finds, best first. */
  readonly found?: readonly string[];
  /** Titles that a search around a position finds. */
  readonly nearby?: readonly string[];
  /** Articles with text in one answer; the others follow by `continue`. */
  readonly maxTextCount?: number;
}

/** The part of MediaWiki's action API that the adapter speaks, over a handful of pages. */
export const smallWiki =
  ({ pages, found = [], nearby = [], maxTextCount = 50 }: WikiOptions): Answerer =>
  ({ url }: ReceivedRequest): Reply => {
    const given = url.searchParams;
    const generator = given.get("generator");
    const asked =
      generator === "search"
        ? found
        : generator === "geosearch"
          ? nearby
          : (given.get("titles") ?? "").split("|");
    const redirects: { from: string; to: string }[] = [];
    const titles = [
      ...new Set(
        asked.map((title) => {
          const to = pages[title]?.redirectTo;
          if (to !== undefined) redirects.push({ from: title, to });
          return to ?? title;
        }),
      ),
    ];
    const skippedCount = Number(given.get("rvcontinue") ?? "0");
    const withText = titles
      .filter((title) => pages[title]?.wikitext !== undefined)
      .slice(skippedCount, skippedCount + maxTextCount);
    const more = skippedCount + maxTextCount < titles.length;
    const body = {
      ...(more
        ? { continue: { rvcontinue: String(skippedCount + maxTextCount), continue: "||" } }
        : { batchcomplete: true }),
      query: {
        ...(redirects.length > 0 && { redirects }),
        pages: titles.map((title, index) => describe(title, pages[title], given, withText, index)),
      },
    };
    return { body: JSON.stringify(body) };
  };

function describe(
  title: string,
  page: WikiPage | undefined,
  given: URLSearchParams,
  withText: readonly string[],
  index: number,
): object {
  if (page === undefined) return { ns: 0, title, missing: true };
  const [lat, lon] = page.at ?? [];
  return {
    pageid: 1000 + index,
    ns: 0,
    title,
    index: index + 1,
    fullurl: `https://en.wikivoyage.org/wiki/${encodeURIComponent(title.replaceAll(" ", "_")).replaceAll("%2F", "/")}`,
    ...(lat !== undefined && { coordinates: [{ lat, lon, primary: true, globe: "earth" }] }),
    pageprops: {
      ...(page.disambiguation === true && { disambiguation: "" }),
      ...(page.wikidataId !== undefined && { wikibase_item: page.wikidataId }),
    },
    ...(given.get("prop")?.includes("revisions") === true &&
      withText.includes(title) && {
        revisions: [
          {
            revid: 4711,
            timestamp: new Date(REVISION_MS).toISOString().replace(".000", ""),
            slots: {
              main: { contentmodel: "wikitext", contentformat: "text/x-wiki", content: page.wikitext },
            },
          },
        ],
      }),
  };
}
