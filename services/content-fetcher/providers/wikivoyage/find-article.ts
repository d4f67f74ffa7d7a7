import type { Destination } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { FetchContext } from "../../provider.ts";
import { toArticle, type Article } from "./article.ts";
import { distanceKm, type Position } from "./coordinates.ts";
import { readFacts, readPages, searchNear, searchText, type Page, type PageBatch } from "./media-wiki.ts";
import type { InternalLink, Node } from "./wikitext/parse-wikitext.ts";
import { toPassages } from "./wikitext/passages.ts";
import { inlineTemplates, plainText } from "./wikitext/runs.ts";

/**
 * Farthest that an article of the destination's own name may lie from it. GeoNames and Wikivoyage set the centres of
 * the largest cities and of islands tens of kilometres apart, such as Bali by 20 to 25 km; places that share a name and
 * have articles of their own are farther from each other.
 */
const SAME_NAME_MAX_KM = 50;
/**
 * The same where the article's name is another: a redirect, a link of a disambiguation page, or a search result. Within
 * this it is the same city under another name, or the town whose article covers the village.
 */
const OTHER_NAME_MAX_KM = 15;
/** Links of a disambiguation page that are looked at. */
const MAX_LINK_COUNT = 40;

/** The article about a destination, and how many calls it took to find it: at most 6. */
export interface FoundArticle {
  readonly article: Article | undefined;
  readonly callCount: number;
}

/**
 * Finds the article about the destination, and never one about a namesake: under its name; under its name with the
 * region or the country, or where a disambiguation page points; last among the articles nearby.
 */
export async function findArticle(destination: Destination, context: FetchContext): Promise<FoundArticle> {
  const { location: here } = destination;
  if (here === undefined)
    throw new ServiceError("PROVIDER_OUT_OF_COVERAGE", "the destination has no position");
  let callCount = 0;
  const counted = async (batch: Promise<PageBatch>): Promise<PageBatch> => {
    const { callCount: made } = await batch;
    callCount += made;
    return batch;
  };
  const read = async (title: string): Promise<Article | undefined> => {
    const { pages, fetchMs } = await counted(readPages(context, [title], 1));
    const [page] = pages;
    return page && toArticle(page, fetchMs);
  };

  const plain = await read(destination.displayName);
  const fitting = plain !== undefined && isAbout(plain, destination, here) ? plain : undefined;
  // A country can share its name with its capital, and an island is a region too.
  if (fitting?.region === false) return { article: fitting, callCount };

  const links = plain?.disambiguation === true ? linkedTitles(plain) : [];
  const candidates = await counted(readFacts(context, [...qualifiedTitles(destination), ...links]));
  const chosen = nearest(candidates.pages, destination, here, links.length > 0);
  if (chosen !== undefined && chosen.title !== plain?.title) {
    const article = await read(chosen.title);
    if (article !== undefined && isAbout(article, destination, here)) return { article, callCount };
  }
  if (fitting !== undefined) return { article: fitting, callCount };

  const around = await counted(searchNear(context, here));
  let last = nearest(around.pages, destination, here, false);
  if (last === undefined) {
    // https://www.mediawiki.org/wiki/Help:CirrusSearch, geo search.
    const text = `"${destination.displayName.replaceAll('"', " ")}" nearcoord:${OTHER_NAME_MAX_KM}km,${here.latitude.toFixed(5)},${here.longitude.toFixed(5)}`;
    const found = await counted(searchText(context, text));
    [last] = found.pages
      .filter((page) => !page.disambiguation && !page.title.includes("/"))
      .sort((a, b) => a.rank - b.rank);
  }
  if (last === undefined || last.title === chosen?.title) return { article: undefined, callCount };
  const article = await read(last.title);
  const wanted =
    article !== undefined &&
    isAbout(article, destination, here) &&
    (hasName(article.title, destination) || introductionNames(article, destination));
  return { article: wanted ? article : undefined, callCount };
}

/** Without case, accents and punctuation; letters of every script stay. */
const fold = (text: string): string =>
  text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** `Springfield (Illinois)` and `Tokyo/Shibuya` are called Springfield and Shibuya. */
const baseName = (title: string): string =>
  fold((title.split("/").at(-1) ?? title).replace(/\s*\([^()]*\)\s*$/, ""));

const hasName = (title: string, { displayName }: Destination): boolean =>
  baseName(title) === fold(displayName);

function isAbout(article: Article, destination: Destination, here: Position): boolean {
  if (article.disambiguation) return false;
  const named = hasName(article.title, destination);
  if (article.location !== undefined) {
    return distanceKm(article.location, here) <= (named ? SAME_NAME_MAX_KM : OTHER_NAME_MAX_KM);
  }
  // Without a position only the article itself can say where it is.
  const where = fold([article.title, article.partOf, introductionOf(article)].join(" "));
  return (
    named && [destination.region, ...countryNames(destination)].some((name) => hasWords(where, fold(name)))
  );
}

const hasWords = (text: string, words: string): boolean => words !== "" && ` ${text} `.includes(` ${words} `);

const introductionOf = (article: Article): string => plainText(article.sections[0]?.nodes() ?? []);

/**
 * Whether the article says itself that its subject has the name, as "'''Munich''' (German: ''München'')" does: in the
 * first paragraph, set apart from the running text, where the names of places nearby are not.
 */
function introductionNames({ sections: [lead] }: Article, { displayName }: Destination): boolean {
  const name = fold(displayName);
  const [first] = toPassages(lead?.nodes() ?? [], inlineTemplates);
  return (first?.runs ?? []).some(({ style, text }) => style !== "plain" && fold(text) === name);
}

function countryNames({ countryCode }: Destination): string[] {
  const name =
    countryCode === "" ? undefined : new Intl.DisplayNames("en", { type: "region" }).of(countryCode);
  return name === undefined ? [] : [name];
}

const qualifiedTitles = (destination: Destination): string[] =>
  [destination.region, ...countryNames(destination), "city"]
    .filter((qualifier) => qualifier !== "")
    .map((qualifier) => `${destination.displayName} (${qualifier})`);

function linkedTitles(page: Article): string[] {
  const titles = page.sections.flatMap(({ nodes }) => [...linksOf(nodes())].map(({ target }) => target));
  return titles
    .map((title) => title.split("#", 1)[0] ?? "")
    .filter((title) => !title.includes(":"))
    .slice(0, MAX_LINK_COUNT);
}

/** Links outside of templates, in the order of the text. */
function* linksOf(nodes: readonly Node[]): Generator<InternalLink, void> {
  for (const node of nodes) if (typeof node !== "string" && node.kind === "link") yield node;
}

/** The nearest page that may be the destination; those of its own name come first, even without a position. */
function nearest(
  pages: readonly Page[],
  destination: Destination,
  here: Position,
  otherNames: boolean,
): Page | undefined {
  const places = pages.flatMap((page) => {
    const named = hasName(page.title, destination);
    const km = page.location === undefined ? SAME_NAME_MAX_KM : distanceKm(page.location, here);
    const limit = named
      ? SAME_NAME_MAX_KM
      : page.location !== undefined && otherNames
        ? OTHER_NAME_MAX_KM
        : -1;
    return page.disambiguation || km > limit ? [] : [{ page, named, km }];
  });
  return places.sort((a, b) => Number(b.named) - Number(a.named) || a.km - b.km)[0]?.page;
}
