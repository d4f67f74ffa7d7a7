import { LRUCache } from "lru-cache";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { articleFields, type Continuation } from "./wikivoyage-pages.ts";
import { normalizeTitle } from "./wikivoyage-titles.ts";
import { distanceM, type Article } from "./world/world.ts";
import type { Worlds } from "./world/worlds.ts";

const MAX_CACHED_BYTES = 128 << 20;
const MAX_TITLE_COUNT = 50;
const SERVED_BY = "mw-test.provider";

const json = (body: object, headers: Readonly<Record<string, string>> = {}): Reply => ({
  headers,
  body: Buffer.from(JSON.stringify(body)),
});

/** MediaWiki reports its errors in a 200. */
const apiError = (code: string, info: string, headers: Readonly<Record<string, string>> = {}): Reply =>
  json(
    {
      error: {
        code,
        info,
        docref:
          "See https://en.wikivoyage.org/w/api.php for API usage. Subscribe to the mediawiki-api-announce mailing list for notice of API deprecations and breaking changes.",
      },
      servedby: SERVED_BY,
    },
    { "mediawiki-api-error": code, ...headers },
  );

/** The true server would answer; this one does not know how. */
const notSpoken = (what: string): Reply => ({
  status: 501,
  headers: { "content-type": "text/plain" },
  body: `this test server does not speak ${what}`,
});

export const WIKIVOYAGE_FAULTS = {
  "rate-limit": {
    status: 429,
    headers: { "content-type": "text/html; charset=utf-8", "retry-after": "60" },
    body: "<html><body><p>Too many requests. Please comply with the User-Agent policy: https://meta.wikimedia.org/wiki/User-Agent_policy</p></body></html>",
  },
  remark: apiError("maxlag", "Waiting for 10.64.16.7: 6.2 seconds lagged.", { "retry-after": "5" }),
};

/** Parameters of the whole request that change nothing here. */
const IGNORED = new Set([
  "maxlag",
  "origin",
  "uselang",
  "utf8",
  "assert",
  "smaxage",
  "maxage",
  "converttitles",
]);
const LISTS = new Set(["search", "geosearch"]);

/** Wikivoyage's action API, `action=query`, format version 2. */
export function createWikivoyage(
  worlds: Worlds,
  options: { readonly maxResultBytes: number },
): (request: ReceivedRequest) => Reply {
  const cached = new LRUCache<string, Reply>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ body }) => Math.max(1, body.length),
  });

  return ({ method, url, headers, body }) => {
    if ((headers["user-agent"] ?? "") === "")
      return {
        status: 403,
        headers: { "content-type": "text/plain" },
        body: "Please set a user-agent and respect our robot policy https://w.wiki/4wJS. See also https://phabricator.wikimedia.org/T400119.",
      };
    if (url.pathname !== "/w/api.php")
      return {
        status: 404,
        headers: { "content-type": "text/html" },
        body: "<html><body>Not found</body></html>",
      };
    const given = method === "POST" ? new URLSearchParams(body) : url.searchParams;
    const key = given.toString();
    const known = cached.get(key);
    if (known !== undefined) return known;
    const reply = answer(given);
    cached.set(key, reply);
    return reply;
  };

  function answer(given: URLSearchParams): Reply {
    const action = given.get("action");
    if (action !== "query") {
      return action === "parse" || action === null
        ? notSpoken(`action=${action ?? "help"}`)
        : apiError("badvalue", `Unrecognized value for parameter "action": ${action}.`);
    }
    if (given.get("format") !== "json") return notSpoken("formats other than json");
    if (given.get("formatversion") !== "2") return notSpoken("formatversion=1");
    const lists = split(given.get("list"));
    const generator = given.get("generator");
    const unknownList = [...lists, ...(generator === null ? [] : [generator])].find(
      (name) => !LISTS.has(name),
    );
    if (unknownList !== undefined) return notSpoken(`list=${unknownList}`);
    const query: Record<string, unknown> = {};
    const continuation: Record<string, string> = {};
    let pages: (Article | string)[] = [];
    const titles = split(given.get("titles"));
    if (titles.length > MAX_TITLE_COUNT)
      return apiError(
        "toomanyvalues",
        `Too many values supplied for parameter "titles". The limit is ${MAX_TITLE_COUNT}.`,
      );
    if (generator !== null) {
      const found = generator === "search" ? search(given, "gsr") : geosearch(given, "ggs");
      if ("error" in found) return found.error;
      pages = found.articles.slice(0, found.limit);
    } else pages = resolve(titles, given.has("redirects"), query);
    for (const list of lists) {
      const found = list === "search" ? search(given, "sr") : geosearch(given, "gs");
      if ("error" in found) return found.error;
      Object.assign(query, found.result);
      Object.assign(continuation, found.continuation);
    }
    const warnings = unknownParameters(given);
    const written =
      pages.length === 0
        ? undefined
        : articleFields(pages, given, options.maxResultBytes, generator !== null);
    if (written !== undefined && "error" in written) return apiError(written.error.code, written.error.info);
    if (written !== undefined) query["pages"] = written.pages;
    const rest: Continuation = { ...continuation, ...written?.continuation };
    return json({
      ...(Object.keys(rest).length === 0 ? { batchcomplete: true } : { continue: rest }),
      ...(warnings.length > 0 && {
        warnings: { main: { warnings: `Unrecognized parameters: ${warnings.join(", ")}.` } },
      }),
      query,
    });
  }

  function resolve(
    titles: readonly string[],
    follow: boolean,
    query: Record<string, unknown>,
  ): (Article | string)[] {
    const normalized: object[] = [];
    const redirects: object[] = [];
    const pages = new Map<string, Article | string>();
    for (const given of titles) {
      let title = normalizeTitle(given);
      if (title !== given) normalized.push({ fromencoded: false, from: given, to: title });
      let found = worlds.find(title);
      if (found !== undefined && "redirectTo" in found) {
        if (follow) {
          redirects.push({ from: title, to: found.redirectTo });
          title = found.redirectTo;
          found = worlds.find(title);
        } else {
          found = { article: redirectPage(title, found.redirectTo) };
        }
      }
      pages.set(title, found !== undefined && "article" in found ? found.article : title);
    }
    if (normalized.length > 0) query["normalized"] = normalized;
    if (redirects.length > 0) query["redirects"] = redirects;
    return [...pages.values()];
  }

  type Found =
    | { readonly error: Reply }
    | {
        readonly articles: readonly Article[];
        readonly limit: number;
        readonly result: Record<string, unknown>;
        readonly continuation: Continuation;
      };

  function search(given: URLSearchParams, prefix: string): Found {
    const text = given.get(`${prefix}search`) ?? "";
    if (text === "") return { error: missing(`${prefix}search`) };
    const limit = Number(given.get(`${prefix}limit`) ?? "10");
    const offset = Number(given.get(`${prefix}offset`) ?? "0");
    const all = worlds.search(text.replaceAll(/[":]|intitle|prefix/g, " ").trim());
    const shown = all.slice(offset, offset + limit);
    return {
      articles: shown,
      limit,
      result: {
        searchinfo: { totalhits: all.length },
        search: shown.map(({ title, pageId, wikitext }) => ({
          ns: 0,
          title,
          pageid: pageId,
          size: Buffer.byteLength(wikitext),
          wordcount: wikitext.split(/\s+/).length,
          snippet: `<span class="searchmatch">${title}</span>`,
          timestamp: "2026-10-02T08:14:11Z",
        })),
      },
      continuation:
        offset + limit < all.length ? { [`${prefix}offset`]: String(offset + limit), continue: "-||" } : {},
    };
  }

  function geosearch(given: URLSearchParams, prefix: string): Found {
    const point = given.get(`${prefix}coord`);
    if (point === null)
      return {
        error: apiError(
          "missingparam",
          `One of the parameters "${prefix}coord", "${prefix}page" and "${prefix}bbox" is required.`,
        ),
      };
    const [lat = Number.NaN, lon = Number.NaN] = point.split("|").map(Number);
    if (!(Math.abs(lat) <= 90) || !(Math.abs(lon) <= 180))
      return { error: apiError("invalid-coord", "Invalid coordinate provided") };
    const radiusM = Number(given.get(`${prefix}radius`) ?? "500");
    if (!(radiusM >= 10 && radiusM <= 10_000))
      return {
        error: apiError(
          "badinteger",
          `The value "${radiusM}" for parameter "${prefix}radius" must be between 10 and 10,000.`,
        ),
      };
    const limit = Math.min(500, Number(given.get(`${prefix}limit`) ?? "10"));
    const near = worlds.articlesNear(lat, lon, radiusM).slice(0, limit);
    return {
      articles: near,
      limit,
      result: {
        geosearch: near.map(({ pageId, title, coordinates }) => ({
          pageid: pageId,
          ns: 0,
          title,
          lat: coordinates?.lat,
          lon: coordinates?.lon,
          dist: Math.round(distanceM(lat, lon, coordinates?.lat ?? lat, coordinates?.lon ?? lon) * 10) / 10,
          primary: true,
        })),
      },
      continuation: {},
    };
  }
}

const missing = (name: string): Reply => apiError("missingparam", `The "${name}" parameter must be set.`);

/** Values of a list parameter; `\u001f` separates where a value may hold a bar. */
const split = (text: string | null): string[] =>
  text === null || text === ""
    ? []
    : text.startsWith("\u001f")
      ? text.slice(1).split("\u001f")
      : text.split("|");

const KNOWN =
  /^(action|format|formatversion|titles|prop|list|generator|redirects|continue|rv\w+|co\w+|pp\w+|in\w+|sr\w+|gs\w+|gsr\w+|ggs\w+)$/;
const unknownParameters = (given: URLSearchParams): string[] =>
  [...given.keys()].filter((name) => !KNOWN.test(name) && !IGNORED.has(name));

const redirectPage = (title: string, target: string): Article => ({
  pageId: 400_000 + title.length,
  title,
  wikitext: `#REDIRECT [[${target}]]`,
  coordinates: undefined,
  wikidataId: undefined,
  disambiguation: false,
});
