import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { CitationSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { plainText, webUriOf } from "../plain-text.ts";
import { cutAtWord } from "../sentences.ts";
import { addressesIn, marksIn } from "../language-model/text.ts";

/** A page among the search results of an answer. */
export interface Page {
  /** Number by which the answer's text refers to it. */
  readonly number: number;
  readonly uri: string;
  readonly title: string;
  /** `YYYY-MM-DD` that it was last edited on, or else published; undefined when that is not said. */
  readonly day: string | undefined;
}

/** A search result as either API writes it. */
export interface SearchResult {
  readonly url?: string | null | undefined;
  readonly title?: string | null | undefined;
  readonly date?: string | null | undefined;
  readonly last_updated?: string | null | undefined;
}

const MAX_TITLE_LENGTH = 200;
const MAX_CITATION_COUNT = 5;

/** Undefined for a result that nobody could open. */
export function toPage(number: number, result: SearchResult): Page | undefined {
  const uri = webUriOf(result.url);
  if (uri === "") return undefined;
  const title = cutAtWord(plainText(result.title), MAX_TITLE_LENGTH);
  return {
    number,
    uri,
    title: title === "" ? hostOf(uri) : title,
    day: [result.last_updated, result.date].map(dayOf).find((day) => day !== undefined),
  };
}

const dayOf = (text: string | null | undefined): string | undefined => {
  const [day] = /^\d{4}-\d{2}-\d{2}(?=$|T)/.exec(text ?? "") ?? [];
  return day === undefined || Number.isNaN(Date.parse(day)) ? undefined : day;
};

/** Host in lower case, without `www`. */
const hostOf = (uri: string): string => new URL(uri).host.replace(/^www\./, "");

/** What is the same for two spellings of one page. */
function identityOf(uri: string): string {
  const { pathname, search } = new URL(uri);
  return `${hostOf(uri)}${pathname.replace(/\/+$/, "")}${search}`;
}

/** The pages of an answer, as its text refers to them. */
export interface Pages {
  /** Those that texts cite by number or by address, in the order of the texts; what was not found is left out. */
  readonly citedIn: (texts: readonly string[]) => Page[];
  /** An address that the answer states, when a page of the same host was found; else empty. */
  readonly vouchedUri: (text: string | null) => string;
}

export function createPages(pages: readonly Page[]): Pages {
  const byNumber = Map.groupBy(pages, ({ number }) => number);
  const byIdentity = new Map(pages.map((page) => [identityOf(page.uri), page]));
  const hosts = new Set(pages.map(({ uri }) => hostOf(uri)));
  /** Several searches may count alike: a number that means two pages means none. */
  const numbered = (number: number): Page | undefined => {
    const found = new Map((byNumber.get(number) ?? []).map((page) => [identityOf(page.uri), page]));
    return found.size === 1 ? [...found.values()][0] : undefined;
  };
  return {
    citedIn: (texts) => {
      const cited = texts.flatMap((text) => [
        ...marksIn(text).map(numbered),
        ...addressesIn(text).map((address) =>
          URL.canParse(address) ? byIdentity.get(identityOf(address)) : undefined,
        ),
      ]);
      return [...new Set(cited)].filter((page) => page !== undefined).slice(0, MAX_CITATION_COUNT);
    },
    vouchedUri: (text) => {
      const uri = webUriOf(text);
      return uri !== "" && hosts.has(hostOf(uri)) ? uri : "";
    },
  };
}

export const toCitation = (
  { uri, title, day }: Page,
  fetchTime: Timestamp,
): MessageInitShape<typeof CitationSchema> => ({
  provider: "providers/perplexity",
  uri,
  title,
  license: "",
  fetchTime,
  ...(day !== undefined && { publishTime: timestampFromMs(Date.parse(day)) }),
});
