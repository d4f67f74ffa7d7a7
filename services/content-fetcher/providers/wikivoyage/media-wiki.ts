import { z } from "zod";
import { ServiceError } from "../../../../shared/errors.ts";
import type { HttpAnswer } from "../../http/http-client.ts";
import type { FetchContext } from "../../provider.ts";

const ORIGIN = "WIKIVOYAGE_BASE_URL";
/** MediaWiki names at least this in `Retry-After` when its replicas lag; the header is the rule, this the rest. */
const LAG_PAUSE_MS = 5_000;
/** What a client waits that has been refused for its rate and not been told how long. */
const RATE_PAUSE_MS = 60_000;
/** Titles that one query takes. */
export const MAX_TITLE_COUNT = 50;
/** Encoded; servers refuse addresses above 8 KiB. */
const MAX_LIST_LENGTH = 6_000;
/** A title has at most 255 bytes. */
const MAX_TITLE_LENGTH = 255;

const pageSchema = z.object({
  title: z.string(),
  missing: z.boolean().optional(),
  invalid: z.boolean().optional(),
  fullurl: z.string().optional(),
  index: z.number().optional(),
  coordinates: z.array(z.object({ lat: z.number(), lon: z.number() })).optional(),
  pageprops: z
    .object({ disambiguation: z.string().optional(), wikibase_item: z.string().optional() })
    .optional(),
  revisions: z
    .array(
      z.object({
        timestamp: z.string().optional(),
        slots: z.object({ main: z.object({ content: z.string().optional() }) }).optional(),
      }),
    )
    .optional(),
});
const renamed = z.array(z.object({ from: z.string(), to: z.string() }));
const errorSchema = z.object({ error: z.object({ code: z.string() }) });
const querySchema = z
  .object({
    batchcomplete: z.boolean().optional(),
    continue: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
    query: z
      .object({
        normalized: renamed.optional(),
        redirects: renamed.optional(),
        pages: z.array(pageSchema).optional(),
      })
      .optional(),
  })
  // Without any of them it is an answer to another question.
  .refine((body) => body.query !== undefined || body.batchcomplete !== undefined, "no query in the answer");
const schema = z.union([errorSchema, querySchema]);

/** One existing page, with what the query asked for. */
export interface Page {
  readonly title: string;
  /** Address that a reader can open. */
  readonly uri: string;
  /** Rank in a search, smallest first; 0 outside of searches. */
  readonly rank: number;
  readonly location: { readonly latitude: number; readonly longitude: number } | undefined;
  readonly disambiguation: boolean;
  readonly wikidataId: string | undefined;
  /** Undefined when it was not asked for, or is in a part of the answer that was not. */
  readonly wikitext: string | undefined;
  /** When it was last edited, milliseconds since the epoch. */
  readonly revisionMs: number | undefined;
}

export interface PageBatch {
  /** Without missing and invalid ones. */
  readonly pages: readonly Page[];
  /** The page that a title of the question leads to, when it is spelled otherwise or redirects. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Whether the whole answer was read; false when it had more parts than calls were allowed. */
  readonly complete: boolean;
  readonly callCount: number;
  /** When the first part was read, milliseconds since the epoch. */
  readonly fetchMs: number;
}

const FACTS = { prop: "coordinates|pageprops|info", inprop: "url", colimit: "max" };
const TEXT = { ...FACTS, prop: `revisions|${FACTS.prop}`, rvprop: "content|timestamp|ids", rvslots: "main" };

/** Text and facts of up to 50 pages, redirects followed. */
export const readPages = (
  context: FetchContext,
  titles: readonly string[],
  maxCallCount: number,
): Promise<PageBatch> => query(context, { ...TEXT, redirects: "1", titles: joined(titles) }, maxCallCount);

/** Facts of up to 50 pages, redirects followed, in one call. */
export const readFacts = (context: FetchContext, titles: readonly string[]): Promise<PageBatch> =>
  query(context, { ...FACTS, redirects: "1", titles: joined(titles) }, 1);

/** Facts of the articles within 10 km, the most that the API searches, in one call. */
export const searchNear = (
  context: FetchContext,
  { latitude, longitude }: { readonly latitude: number; readonly longitude: number },
): Promise<PageBatch> =>
  query(
    context,
    {
      ...FACTS,
      generator: "geosearch",
      ggscoord: `${latitude.toFixed(5)}|${longitude.toFixed(5)}`,
      ggsradius: "10000",
      ggslimit: "50",
      ggsnamespace: "0",
    },
    1,
  );

/** Facts of the articles that a full-text search finds, in one call. */
export const searchText = (context: FetchContext, text: string): Promise<PageBatch> =>
  query(context, { ...FACTS, generator: "search", gsrsearch: text, gsrlimit: "10", gsrnamespace: "0" }, 1);

/** Without what no title can hold, which would split the list or be refused. */
export const asTitle = (text: string): string =>
  text
    .replaceAll(/[#<>[\]{}|\p{Cc}_\s]+/gu, " ")
    .trim()
    .slice(0, MAX_TITLE_LENGTH);

/** As many as one request takes: by number, and by the length of its address. */
function joined(titles: readonly string[]): string {
  let list = "";
  for (const title of [...new Set(titles.map(asTitle))]
    .filter((each) => each !== "")
    .slice(0, MAX_TITLE_COUNT)) {
    const longer = list === "" ? title : `${list}|${title}`;
    if (encodeURIComponent(longer).length > MAX_LIST_LENGTH) break;
    list = longer;
  }
  return list;
}

type PageBody = z.infer<typeof pageSchema>;

/** Follows `continue` up to the number of calls and unites what the parts say about a page. */
async function query(
  context: FetchContext,
  parameters: Readonly<Record<string, string>>,
  maxCallCount: number,
): Promise<PageBatch> {
  const pages = new Map<string, PageBody>();
  const renamed = new Map<string, string>();
  let next: Readonly<Record<string, string>> | undefined = {};
  let callCount = 0;
  let firstMs: number | undefined;
  while (next !== undefined && callCount < maxCallCount) {
    const answer: HttpAnswer<z.infer<typeof schema>> = await context.http.json(
      {
        origin: ORIGIN,
        path: "/w/api.php",
        query: { action: "query", format: "json", formatversion: "2", maxlag: "5", ...parameters, ...next },
      },
      schema,
      refuseErrors,
    );
    callCount += 1;
    firstMs ??= answer.fetchMs;
    const { body } = answer;
    // `refuseErrors` has thrown for these.
    if ("error" in body) break;
    for (const { from, to } of [...(body.query?.normalized ?? []), ...(body.query?.redirects ?? [])]) {
      renamed.set(from, to);
    }
    for (const page of body.query?.pages ?? []) {
      pages.set(page.title, { ...pages.get(page.title), ...page });
    }
    next =
      body.continue &&
      Object.fromEntries(Object.entries(body.continue).map(([name, value]) => [name, String(value)]));
  }
  return {
    pages: [...pages.values()].flatMap(toPage),
    renamed: new Map([...renamed].map(([from, to]) => [from, renamed.get(to) ?? to])),
    complete: next === undefined,
    callCount,
    fetchMs: firstMs ?? context.now(),
  };
}

function toPage(page: PageBody): Page[] {
  if (page.missing === true || page.invalid === true || page.fullurl === undefined) return [];
  const [place] = page.coordinates ?? [];
  const [revision] = page.revisions ?? [];
  const revisionMs = Date.parse(revision?.timestamp ?? "");
  return [
    {
      title: page.title,
      uri: page.fullurl,
      rank: page.index ?? 0,
      location: place && { latitude: place.lat, longitude: place.lon },
      disambiguation: page.pageprops?.disambiguation !== undefined,
      wikidataId: page.pageprops?.wikibase_item,
      wikitext: revision?.slots?.main.content,
      revisionMs: Number.isNaN(revisionMs) ? undefined : revisionMs,
    },
  ];
}

/** Errors of the action API arrive with status 200: https://www.mediawiki.org/wiki/API:Errors_and_warnings. */
function refuseErrors({ body, headers, status }: HttpAnswer<z.infer<typeof schema>>): void {
  if (!("error" in body)) return;
  const { code } = body.error;
  const metadata = { provider: "providers/wikivoyage", status: String(status) };
  // MediaWiki writes whole seconds.
  const asked = /^\d{1,6}$/.exec(headers["retry-after"] ?? "")?.[0];
  const retryDelayMs = (restMs: number): number => (asked === undefined ? restMs : Number(asked) * 1000);
  // A code is a word; what is none is not repeated.
  const message = `MediaWiki error ${/^[\w-]{1,60}$/.test(code) ? code : "without a known code"}`;
  if (code === "ratelimited") {
    const options = { metadata, retryDelayMs: retryDelayMs(RATE_PAUSE_MS) };
    throw new ServiceError("PROVIDER_RATE_LIMITED", message, options);
  }
  // Its replicas lag, or it is closed for a while, or failed: all of that passes.
  if (code === "maxlag" || code === "readonly" || code.startsWith("internal_api_error")) {
    const options = { metadata, retryDelayMs: retryDelayMs(LAG_PAUSE_MS) };
    throw new ServiceError("PROVIDER_UNAVAILABLE", message, options);
  }
  if (/^(?:blocked|autoblocked|readapidenied|permissiondenied)$/.test(code))
    throw new ServiceError("PROVIDER_ACCESS_DENIED", message, { metadata });
  throw new ServiceError("PROVIDER_RESPONSE_INVALID", message, { metadata });
}
