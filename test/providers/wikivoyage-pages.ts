import { isValidTitle, titlePath } from "./wikivoyage-titles.ts";
import type { Article } from "./world/world.ts";

export type Continuation = Readonly<Record<string, string>>;

interface Written {
  readonly pages: object[];
  readonly continuation: Continuation;
}

const PROPS = ["revisions", "coordinates", "pageprops", "info"] as const;
/** Pages that `coordinates` answers about at once, unless `colimit` says more. */
const COORDINATES_LIMIT = 10;
const MAX_COORDINATES_LIMIT = 500;
const REVISION_TIME = "2026-10-02T08:14:11Z";
const revisionOf = ({ pageId }: Article): number => 4_900_000 + (pageId % 90_000);

/**
 * The pages of an answer with what `prop` asks of each; what does not fit is left to a continuation: coordinates of
 * more pages than `colimit`, revisions beyond the size of a result. A request that continues gets only the rest.
 */
export function articleFields(
  asked: readonly (Article | string)[],
  given: URLSearchParams,
  maxResultBytes: number,
  indexed: boolean,
): Written | { readonly error: { readonly code: string; readonly info: string } } {
  const props = (given.get("prop") ?? "").split("|").filter((name) => name !== "");
  const unknown = props.find((name) => !PROPS.some((known) => known === name));
  if (unknown !== undefined)
    return { error: { code: "unknown_prop", info: `this test server does not speak prop=${unknown}` } };
  // What comes before the bars of `continue` is still to be done, what comes after them is done already.
  const done = new Set((given.get("continue") ?? "").split("||")[1]?.split("|") ?? []);
  const wanted = (name: (typeof PROPS)[number]): boolean => props.includes(name) && !done.has(name);
  const articles = asked.filter((page) => typeof page !== "string");
  const limit =
    given.get("colimit") === "max"
      ? MAX_COORDINATES_LIMIT
      : Math.min(MAX_COORDINATES_LIMIT, Number(given.get("colimit") ?? COORDINATES_LIMIT));
  const located = articles
    .filter(({ coordinates }) => coordinates !== undefined)
    .sort((a, b) => a.pageId - b.pageId);
  const coordinatesFrom = Number(given.get("cocontinue")?.split("|")[0] ?? "0");
  const coordinatesLeft = located.filter(({ pageId }) => pageId >= coordinatesFrom);
  const withCoordinates = new Set(wanted("coordinates") ? coordinatesLeft.slice(0, limit) : []);
  const nextCoordinates = wanted("coordinates") ? coordinatesLeft[limit] : undefined;
  const { written: withRevision, next: nextRevision } = revisions(
    wanted("revisions") ? articles : [],
    given,
    maxResultBytes,
  );
  const rest = {
    ...(nextCoordinates !== undefined && {
      cocontinue: `${nextCoordinates.pageId}|${nextCoordinates.pageId}`,
    }),
    ...(nextRevision !== undefined && { rvcontinue: `${nextRevision.pageId}|${revisionOf(nextRevision)}` }),
  };
  const unfinished = new Set([
    ...(nextCoordinates === undefined ? [] : ["coordinates"]),
    ...(nextRevision === undefined ? [] : ["revisions"]),
  ]);
  const finished = props.filter((name) => !unfinished.has(name));
  return {
    pages: asked.map((page, index) => {
      if (typeof page === "string")
        return isValidTitle(page)
          ? { ns: 0, title: page, missing: true }
          : {
              title: page,
              invalid: true,
              invalidreason: "The requested page title contains invalid characters.",
            };
      const { pageId, title, coordinates } = page;
      return {
        pageid: pageId,
        ns: 0,
        title,
        ...(indexed && { index: index + 1 }),
        ...(withRevision.has(page) && { revisions: [revision(page, given)] }),
        ...(withCoordinates.has(page) &&
          coordinates !== undefined && { coordinates: [{ ...coordinates, primary: true, globe: "earth" }] }),
        ...(wanted("pageprops") && pageProps(page)),
        ...(wanted("info") && info(page, given)),
      };
    }),
    continuation: Object.keys(rest).length === 0 ? {} : { ...rest, continue: `||${finished.join("|")}` },
  };
}

/** Pages whose revision fits into one result, in the order of their ids, and the first that does not. */
function revisions(
  articles: readonly Article[],
  given: URLSearchParams,
  maxResultBytes: number,
): { readonly written: ReadonlySet<Article>; readonly next: Article | undefined } {
  const from = Number(given.get("rvcontinue")?.split("|")[0] ?? "0");
  const left = articles.filter(({ pageId }) => pageId >= from).sort((a, b) => a.pageId - b.pageId);
  const content = (given.get("rvprop") ?? "ids|timestamp|flags|comment|user").split("|").includes("content");
  const written = new Set<Article>();
  let sizeBytes = 0;
  for (const article of left) {
    sizeBytes += content ? Buffer.byteLength(article.wikitext) : 200;
    if (written.size > 0 && sizeBytes > maxResultBytes) return { written, next: article };
    written.add(article);
  }
  return { written, next: undefined };
}

function revision(article: Article, given: URLSearchParams): object {
  const props = new Set((given.get("rvprop") ?? "ids|timestamp|flags|comment|user").split("|"));
  const content = {
    contentmodel: "wikitext",
    contentformat: "text/x-wiki",
    content: article.wikitext,
  };
  return {
    ...(props.has("ids") && { revid: revisionOf(article), parentid: revisionOf(article) - 7 }),
    ...(props.has("timestamp") && { timestamp: REVISION_TIME }),
    ...(props.has("content") && (given.get("rvslots") === null ? content : { slots: { main: content } })),
  };
}

const pageProps = ({ wikidataId, disambiguation }: Article): object =>
  wikidataId === undefined && !disambiguation
    ? {}
    : {
        pageprops: {
          ...(disambiguation && { disambiguation: "" }),
          ...(wikidataId !== undefined && { wikibase_item: wikidataId }),
        },
      };

function info(article: Article, given: URLSearchParams): object {
  const url = `https://en.wikivoyage.org/wiki/${titlePath(article.title)}`;
  return {
    contentmodel: "wikitext",
    pagelanguage: "en",
    pagelanguagehtmlcode: "en",
    pagelanguagedir: "ltr",
    touched: REVISION_TIME,
    lastrevid: revisionOf(article),
    length: Buffer.byteLength(article.wikitext),
    ...((given.get("inprop") ?? "").split("|").includes("url") && {
      fullurl: url,
      editurl: `https://en.wikivoyage.org/w/index.php?title=${titlePath(article.title)}&action=edit`,
      canonicalurl: url,
    }),
  };
}
