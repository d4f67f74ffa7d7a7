import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import {
  Verification_Verdict,
  type SectionKind,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../../../shared/errors.ts";
import type { HttpAnswer, HttpRequest } from "../../http/http-client.ts";
import {
  ChargedError,
  type Answer,
  type FetchContext,
  type Provider,
  type ResolvedQuery,
} from "../../provider.ts";
import { distinctListings, type ListingInit } from "../language-model/listings.ts";
import { nameOf, prose, words } from "../language-model/text.ts";
import { listingKey } from "../listing-key.ts";
import { replySchema, type Reply } from "./completion.ts";
import { dialectAfter, requestBody, type Dialect } from "./request.ts";
import { SUBJECTS, type NamedPlace, type Subject } from "./subjects.ts";

const ID = "openai-compatible";
const NAME = `providers/${ID}`;
const ORIGIN = "OPENAI_COMPATIBLE_BASE_URL";
const PATH = "OPENAI_COMPATIBLE_API_PATH";
const MODEL = "OPENAI_COMPATIBLE_MODEL";

/**
 * Some 500 tokens that a small model reads at 0.40 $ a million and 500 that it writes at 1.60 $, by
 * https://openai.com/api/pricing/ for gpt-4.1-mini. Other models and servers have other prices, and some say what an
 * answer has cost.
 */
const EXPECTED_COST_USD_MICROS = 1_000;
/** A large model: 1,000 tokens that it reads at 2.50 $ a million, and all the 900 that it may write at 10 $. */
const WORST_COST_USD_MICROS = 12_000;

const MAX_SUMMARY_LENGTH = 300;

/**
 * A language model behind Chat Completions, as OpenAI and many servers speak it. It searches nothing and cites nothing: it
 * is asked for places only, which map data can bear out.
 */
export const openAiCompatible: Provider = {
  id: ID,
  displayName: "OpenAI-compatible server",
  origins: [{ setting: ORIGIN, defaultUrl: "https://api.openai.com" }],
  keySetting: "OPENAI_COMPATIBLE_API_KEY",
  textSettings: [
    {
      setting: MODEL,
      description: "Model that the OpenAI-compatible server is asked for. Unset: it is not asked.",
    },
    {
      setting: PATH,
      defaultText: "/v1",
      description: "Path of the API at the OpenAI-compatible server, before /chat/completions.",
    },
  ],
  languageModel: true,
  offerings: [...SUBJECTS].map(([kind, { dependsOn }]) => ({
    kind,
    dependsOn,
    expectedCostUsdMicros: EXPECTED_COST_USD_MICROS,
    worstCostUsdMicros: WORST_COST_USD_MICROS,
  })),
  // Those of the chosen server.
  terms: {
    license: "",
    uri: "https://openai.com/policies/",
    attribution: "Named by a language model",
    storable: true,
    maxStorageMs: undefined,
  },
  limits: {
    attemptTimeoutMs: 5_000,
    maxConcurrentCount: 2,
    concurrencySetting: "OPENAI_COMPATIBLE_MAX_CONCURRENT_CALLS",
    maxCallsPerMinute: undefined,
  },
  fetch: fetchPlaces,
};

async function fetchPlaces(kind: SectionKind, query: ResolvedQuery, context: FetchContext): Promise<Answer> {
  const subject = SUBJECTS.get(kind);
  if (subject === undefined) throw new Error(`a language model is asked for section kind ${kind}`);
  const { body: reply, fetchMs } = await ask(subject, query, context);
  expectAnswer(reply);
  const model = words(reply.model, 100) || (context.texts.get(MODEL) ?? "");
  const fetchTime = timestampFromMs(fetchMs);
  const listings = distinctListings(
    reply.places.map((place) => toListing(place, model, query, fetchTime)),
    query.maxListingCount,
  );
  const cost = reply.costUsdMicros === undefined ? {} : { costUsdMicros: reply.costUsdMicros };
  if (listings.length === 0) return { state: "nothing-found", ...cost };
  return { state: "content", content: { listings, fetchTime }, partial: false, ...cost };
}

/** Longest way through the dialects: another name of the limit, and two weaker formats. */
const MAX_REQUEST_COUNT = 4;

/** Asks in the newest dialect first, and in others when the server refuses something of it; a refusal costs nothing. */
async function ask(
  subject: Subject,
  query: ResolvedQuery,
  { http, texts }: FetchContext,
): Promise<HttpAnswer<Reply>> {
  let dialect: Dialect = { limitField: "max_completion_tokens", format: "json_schema" };
  for (let turn = 1; ; turn += 1) {
    const asked = dialect;
    const refused: { next?: Dialect | undefined } = {};
    try {
      return await http.json(
        {
          origin: ORIGIN,
          path: pathUnder(texts.get(PATH) ?? ""),
          jsonBody: requestBody(texts.get(MODEL) ?? "", asked, subject, query),
          key: { in: "header", name: "authorization", scheme: "Bearer" },
          refusalDelayMs,
          refusalReason: (status, body) => {
            if (status === 400 || status === 422) refused.next = dialectAfter(asked, body);
            return refusalReason(status);
          },
          repeatable: false,
        },
        replySchema(subject),
        ({ body }) => expectAnswer(body),
      );
    } catch (error) {
      if (refused.next === undefined || turn === MAX_REQUEST_COUNT) throw error;
      dialect = refused.next;
    }
  }
}

/** However many slashes the operator writes. */
const pathUnder = (prefix: string): string =>
  `/${[...prefix.split("/").filter((part) => part !== ""), "chat", "completions"].join("/")}`;

/** Statuses with which a server tells of a passing failure. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 409]);

const refusalReason = (status: number): "PROVIDER_UNAVAILABLE" | undefined =>
  PASSING_STATUSES.has(status) ? "PROVIDER_UNAVAILABLE" : undefined;

/** After a refusal for want of credits: they do not come back by themselves. */
const CREDIT_PAUSE_MS = 3_600_000;

const refusalDelayMs: HttpRequest["refusalDelayMs"] = (status, body) =>
  status === 429 && /\binsufficient_quota\b/.test(body) ? CREDIT_PAUSE_MS : undefined;

/** @throws ServiceError for a reply that cannot be used */
function expectAnswer(reply: Reply): asserts reply is Reply & { readonly state: "answered" } {
  if (reply.state === "answered") return;
  const { message, path, costUsdMicros } = reply;
  const options = { metadata: { provider: NAME, path } };
  throw costUsdMicros === undefined
    ? new ServiceError("PROVIDER_RESPONSE_INVALID", message, options)
    : new ChargedError(costUsdMicros, "PROVIDER_RESPONSE_INVALID", message, options);
}

/** Undefined for what has no name. */
function toListing(
  place: NamedPlace,
  model: string,
  query: ResolvedQuery,
  fetchTime: Timestamp,
): ListingInit | undefined {
  const title = nameOf(place.name, query.destination.displayName);
  if (title === "") return undefined;
  const summary = prose(place.summary, MAX_SUMMARY_LENGTH);
  return {
    key: listingKey({ title }),
    title,
    summary,
    languageCode: summary === "" ? "" : query.languageCode,
    citations: [
      { provider: NAME, uri: "", title: `Language model ${model}, without sources`, license: "", fetchTime },
    ],
    verification: { verdict: Verification_Verdict.UNVERIFIABLE, evidence: [] },
    details: place.details,
  };
}
