import type { Article, Section } from "./article.ts";
import { parseLocation, type Position } from "./coordinates.ts";
import { readOnce } from "./read-once.ts";
import { templatesOf, type Node, type Template } from "./wikitext/parse-wikitext.ts";
import { isDeadLinkMark, plainText } from "./wikitext/runs.ts";

/** What a listing template says it is; `listing` leaves it to the section. */
export const LISTING_TYPES = ["see", "do", "buy", "eat", "drink", "sleep", "go", "listing", "event"] as const;
export type ListingType = (typeof LISTING_TYPES)[number];

/** A listing template of an article, its values as plain text; empty where the article has none. */
export interface RawListing {
  readonly type: ListingType;
  readonly section: Section;
  readonly name: string;
  /** Another name, or the name in the local language. */
  readonly alt: string;
  /** Web address, http or https; empty when it is marked as dead. */
  readonly url: string;
  readonly address: string;
  readonly directions: string;
  readonly phone: string;
  readonly hours: string;
  readonly price: string;
  readonly content: string;
  readonly location: Position | undefined;
  readonly wikidataId: string | undefined;
  readonly template: Template;
}

const isListingType = (name: string): name is ListingType => LISTING_TYPES.some((type) => type === name);

/** Whether a template is a listing, whatever its type. */
export const isListing = ({ name }: Template): boolean => isListingType(name);

/** The listings of a section that have a name, in the order of the text. */
export const listingsIn: (section: Section) => readonly RawListing[] = readOnce((section) =>
  templatesOf(section.nodes()).flatMap((template) => toRawListing(template, section) ?? []),
);

/** All listings of an article that have a name, in the order of the text. */
export const listingsOf = ({ sections }: Pick<Article, "sections">): readonly RawListing[] =>
  sections.flatMap(listingsIn);

/** Reads a template; undefined when it is no listing or has no name. */
export function toRawListing(template: Template, section: Section): RawListing | undefined {
  if (!isListingType(template.name)) return undefined;
  const text = (key: string): string => plainText(template.parameters.get(key) ?? []);
  const name = text("name");
  if (name === "") return undefined;
  const stated = text("type").toLowerCase();
  const wikidataId = text("wikidata");
  return {
    type: template.name === "listing" && isListingType(stated) ? stated : template.name,
    section,
    name,
    alt: text("alt"),
    url: webUri(template.parameters.get("url")),
    address: text("address"),
    directions: text("directions"),
    phone: text("phone") || text("tollfree"),
    hours: text("hours"),
    price: text("price"),
    content: text("content"),
    location: parseLocation(template.parameters.get("lat"), template.parameters.get("long")),
    wikidataId: /^Q[1-9]\d{0,14}$/.test(wikidataId) ? wikidataId : undefined,
    template,
  };
}

/** The address when it is one, http or https, and neither computed nor marked as dead. */
function webUri(nodes: readonly Node[] | undefined): string {
  const marks = (nodes ?? []).filter((node) => typeof node !== "string" && node.kind === "template");
  if (
    nodes === undefined ||
    marks.some((mark) => typeof mark !== "string" && mark.kind === "template" && isDeadLinkMark(mark))
  )
    return "";
  const [first] = nodes;
  const text =
    typeof first === "string"
      ? plainText([first])
      : typeof first === "object" && first.kind === "external"
        ? first.uri
        : "";
  return /^https?:\/\/\S+$/i.test(text) && URL.canParse(text) ? text : "";
}
