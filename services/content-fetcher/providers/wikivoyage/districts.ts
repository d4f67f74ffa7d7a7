import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { FetchContext } from "../../provider.ts";
import { listingKey } from "../listing-key.ts";
import { toArticle, type Article, type Section } from "./article.ts";
import { citationOf } from "./citation.ts";
import { parseLocation, type Position } from "./coordinates.ts";
import { MAX_TITLE_COUNT, readPages } from "./media-wiki.ts";
import { readOnce } from "./read-once.ts";
import { MAX_SUMMARY_LENGTH, type ListingInit } from "./to-listing.ts";
import { toPassages } from "./wikitext/passages.ts";
import { templatesOf, type InternalLink, type Node, type Template } from "./wikitext/parse-wikitext.ts";
import { inlineTemplates, plainText, toRuns, type Run } from "./wikitext/runs.ts";
import { cutAtSentence } from "../sentences.ts";

/** Headings under which an article lists its districts. */
const HEADINGS = new Set(["districts", "neighborhoods", "neighbourhoods", "boroughs", "areas"]);
/** Entries of a `{{Regionlist}}`, by its documentation. */
const MAX_REGION_COUNT = 60;
/** Limits of `NeighborhoodDetails.highlights`. */
const MAX_HIGHLIGHT_COUNT = 8;
const MAX_HIGHLIGHT_LENGTH = 80;
/** A longer beginning of a list item is a sentence and no name. */
const MAX_NAME_LENGTH = 80;

/** A district as the city's article names it. */
export interface DistrictEntry {
  readonly name: string;
  /** Its own article; undefined when it has none. */
  readonly title: string | undefined;
  readonly description: readonly Run[];
  readonly location: Position | undefined;
}

/** Articles of districts, and whether all that there are were read. */
export interface Districts {
  readonly articles: readonly Article[];
  /** Titles of articles by the titles that the city's article links to, where those are others. */
  readonly renamed: ReadonlyMap<string, string>;
  readonly complete: boolean;
}

/**
 * Districts in the order of the article: its `{{Regionlist}}`, then items of lists under a heading of districts. Below a
 * region list those name the towns around as well: then only pages below the city's own count.
 */
export const districtEntries: (city: Pick<Article, "title" | "sections">) => readonly DistrictEntry[] =
  readOnce(readEntries);

function readEntries(city: Pick<Article, "title" | "sections">): DistrictEntry[] {
  const regions = city.sections.flatMap(({ nodes }) =>
    templatesOf(nodes())
      .filter(({ name }) => name === "regionlist")
      .flatMap(regionsOf),
  );
  const items = city.sections
    .filter(({ path }) => path.some((heading) => HEADINGS.has(heading)))
    .flatMap(itemsOf)
    .filter(({ title }) => regions.length === 0 || (title !== undefined && isSubpage(title, city)));
  const known = new Set<string>();
  return [...regions, ...items].filter(({ name, title }) => {
    const identity = title ?? name;
    return name !== "" && !known.has(identity) && known.add(identity) !== undefined;
  });
}

function regionsOf({ parameters }: Template): DistrictEntry[] {
  return Array.from({ length: MAX_REGION_COUNT }, (_, index) => `region${index + 1}`).flatMap((key) => {
    if (!parameters.has(`${key}name`) && !parameters.has(`${key}items`)) return [];
    const name = parameters.get(`${key}name`) ?? [];
    const items = linksIn(parameters.get(`${key}items`) ?? []);
    const description = toRuns(parameters.get(`${key}description`) ?? []);
    const [link] = linksIn(name);
    const whole = { name: plainText(name), title: link && titleOf(link), description, location: undefined };
    const parts = items.map((item) => ({
      name: plainText([item]),
      title: titleOf(item),
      description: [],
      location: undefined,
    }));
    // A group that only gathers articles and says nothing is no district.
    return link === undefined && description.length === 0 ? parts : [whole, ...parts];
  });
}

/** `* [[City/District|District]] — description`, `* '''District''': description`, or a `{{marker}}` in front. */
function itemsOf(section: Section): DistrictEntry[] {
  return itemLines(section.nodes()).flatMap((line) => {
    const marker = line.find(
      (node) => typeof node !== "string" && node.kind === "template" && node.name === "marker",
    );
    const parameters =
      typeof marker === "object" && marker.kind === "template" ? marker.parameters : undefined;
    const [link] = linksIn(parameters?.get("name") ?? line);
    const runs = toRuns(line);
    const text = plainText(line);
    const bold = runs[0]?.style === "bold" ? plainText([runs[0].text]) : "";
    const label = link === undefined ? "" : plainText([link]);
    const name =
      label !== "" && text.startsWith(label) ? label : bold || plainText(parameters?.get("name") ?? []);
    if (name === "" || name.length > MAX_NAME_LENGTH || !text.startsWith(name)) return [];
    return [
      {
        name: name.replace(/[\s:,;.–—-]+$/, ""),
        title: label === name && link !== undefined ? titleOf(link) : undefined,
        description: withoutStart(runs, name.length),
        location: parameters && parseLocation(parameters.get("lat"), parameters.get("long")),
      },
    ];
  });
}

/** Content of each first-level item of the lists. */
function itemLines(nodes: readonly Node[]): Node[][] {
  const lines: Node[][] = [[]];
  for (const node of nodes) {
    if (typeof node !== "string") {
      lines.at(-1)?.push(node);
      continue;
    }
    for (const [index, text] of node.split("\n").entries()) {
      if (index > 0) lines.push([]);
      if (text !== "") lines.at(-1)?.push(text);
    }
  }
  return lines.flatMap(([first, ...rest]) =>
    typeof first === "string" && /^\*(?![*#:;])/.test(first) ? [[first.slice(1), ...rest]] : [],
  );
}

/** Runs after so many characters and what separates a name from its description. */
function withoutStart(runs: readonly Run[], length: number): Run[] {
  let left = length;
  const rest = runs.flatMap((run) => {
    const text = run.text.slice(Math.min(left, run.text.length));
    left -= Math.min(left, run.text.length);
    return text === "" ? [] : [{ ...run, text }];
  });
  while (rest[0] !== undefined) {
    const [first] = rest;
    const text = first.text.replace(/^[\s:,;.–—-]+/, "");
    if (text !== "") return [{ ...first, text }, ...rest.slice(1)];
    rest.shift();
  }
  return rest;
}

const linksIn = (nodes: readonly Node[]): InternalLink[] =>
  nodes.filter(
    (node): node is InternalLink =>
      typeof node === "object" && node.kind === "link" && !node.target.includes(":"),
  );

/** MediaWiki reads underscores as spaces, and what follows `#` is a place within the page. */
const titleOf = ({ target }: InternalLink): string =>
  (target.split("#", 1)[0] ?? "").replaceAll("_", " ").trim();

/**
 * Reads the articles of the districts in one batched request, as far as the calls reach.
 *
 * @param maxCallCount at least 1
 */
export async function readDistricts(
  city: Article,
  context: FetchContext,
  maxCallCount: number,
): Promise<Districts> {
  const titles = districtEntries(city).flatMap(({ title = "" }) =>
    title === "" || title === city.title ? [] : [title],
  );
  if (titles.length === 0) return { articles: [], renamed: new Map(), complete: true };
  const { pages, renamed, complete, fetchMs } = await readPages(
    context,
    titles.slice(0, MAX_TITLE_COUNT),
    maxCallCount,
  );
  const order = new Map(titles.map((title, index) => [renamed.get(title) ?? title, index]));
  const articles = pages
    .flatMap((page) => toArticle(page, fetchMs) ?? [])
    .filter((article) => belongsTo(article, city))
    .sort((a, b) => (order.get(a.title) ?? titles.length) - (order.get(b.title) ?? titles.length));
  return { articles, renamed, complete };
}

/** Lists of districts name neighbouring towns too; an article says itself what it is part of. */
const belongsTo = (article: Article, city: Article): boolean =>
  !article.disambiguation &&
  article.title !== city.title &&
  (isSubpage(article.title, city) || article.partOf === city.title);

const isSubpage = (title: string, city: Pick<Article, "title">): boolean =>
  title.startsWith(`${city.title}/`);

/**
 * The districts as listings: described by the city's article, or else by their own, which also says where they are.
 *
 * @param districts those that were read
 */
export function neighborhoodsOf(
  city: Article,
  { articles, renamed }: Pick<Districts, "articles" | "renamed">,
): ListingInit[] {
  const byTitle = new Map(articles.map((article) => [article.title, article]));
  return districtEntries(city).flatMap((entry) => {
    const own = entry.title === undefined ? undefined : byTitle.get(renamed.get(entry.title) ?? entry.title);
    // A link to an article of another town is no district of this one.
    if (entry.title !== undefined && own === undefined && !isSubpage(entry.title, city)) return [];
    const stated = entry.description
      .map(({ text }) => text)
      .join("")
      .trim();
    const ownText = stated === "" && own !== undefined ? introductionText(own) : "";
    const summary = cutAtSentence(stated || ownText, MAX_SUMMARY_LENGTH);
    const location = entry.location ?? own?.location;
    const wikidataId = own?.wikidataId;
    const usesOwn = own !== undefined && (ownText !== "" || location !== undefined);
    const listing: ListingInit = {
      key: listingKey({ title: entry.name, wikidataId, location }),
      title: entry.name,
      summary,
      languageCode: summary === "" ? "" : "en",
      ...(location && { location }),
      ...(wikidataId !== undefined && { wikidataId }),
      citations: [...(ownText === "" ? [citationOf(city)] : []), ...(usesOwn ? [citationOf(own)] : [])],
      details: { case: "neighborhood", value: { highlights: highlightsOf(entry.description) } },
    };
    return [listing];
  });
}

function introductionText({ sections: [first] }: Article): string {
  if (first === undefined || first.level !== 0) return "";
  return toPassages(first.nodes(), inlineTemplates)
    .map(({ runs }) => runs.map(({ text }) => text).join(""))
    .join(" ");
}

/** What the article sets in bold: the sights and streets that a district is known for. */
const highlightsOf = (description: readonly Run[]): string[] =>
  [
    ...new Set(
      description
        .filter(({ style }) => style === "bold")
        .map(({ text }) => text.replace(/[\s,.;:]+$/, "").trim())
        .filter((text) => text.length > 1 && text.length <= MAX_HIGHLIGHT_LENGTH),
    ),
  ].slice(0, MAX_HIGHLIGHT_COUNT);

export const DISTRICT_KINDS: ReadonlySet<SectionKind> = new Set([
  SectionKind.ATTRACTIONS,
  SectionKind.RESTAURANTS,
  SectionKind.NEIGHBORHOODS,
  SectionKind.EXPERIENCES,
]);
