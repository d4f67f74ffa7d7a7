import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { HttpRequest } from "../../http/http-client.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "../../provider.ts";
import { agentApi } from "./agent.ts";
import { chatCompletionsApi } from "./chat-completions.ts";
import { SUBJECTS } from "./question.ts";
import { expectAnswer } from "./reply.ts";

const ORIGIN = "PERPLEXITY_BASE_URL";
const API = "PERPLEXITY_API";

/**
 * A search of the preset `fast` at 1 $ a thousand, some 5,000 tokens that the model reads at 0.25 $ a million and 1,000
 * that it writes at 2.50 $, by https://docs.perplexity.ai/getting-started/pricing of October 2026. Its answers say what
 * they have cost; this is for those that failed, and for budgets.
 */
const EXPECTED_COST_USD_MICROS = 5_000;
/** Three searches at the full price of 2.50 $ a thousand, 30,000 tokens read, and all the 1,500 that it may write. */
const WORST_COST_USD_MICROS = 20_000;

/** Perplexity: a language model that answers from a web search, and cites its results. */
export const perplexity: Provider = {
  id: "perplexity",
  displayName: "Perplexity",
  origins: [{ setting: ORIGIN, defaultUrl: "https://api.perplexity.ai" }],
  keySetting: "PERPLEXITY_API_KEY",
  switches: [
    {
      setting: API,
      values: ["agent", "chat-completions"],
      description:
        "Which of Perplexity's APIs is asked, agent or chat-completions: the latter is retired, and only for keys that still have it.",
    },
  ],
  languageModel: true,
  offerings: [...SUBJECTS].map(([kind, { dependsOn }]) => ({
    kind,
    dependsOn,
    expectedCostUsdMicros: EXPECTED_COST_USD_MICROS,
    worstCostUsdMicros: WORST_COST_USD_MICROS,
  })),
  terms: {
    license: "",
    uri: "https://www.perplexity.ai/",
    attribution: "Perplexity, from the pages that are cited",
    storable: true,
    maxStorageMs: undefined,
  },
  limits: {
    attemptTimeoutMs: 8_000,
    // The lowest tier has a request a second. Its answers say what is left of a minute's.
    maxConcurrentCount: 2,
    concurrencySetting: "PERPLEXITY_MAX_CONCURRENT_CALLS",
    maxCallsPerMinute: undefined,
  },
  fetch: fetchContent,
};

/** Failures of others that it depends on, which it reports with statuses of the caller's. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 409, 424]);

const refusalReason: HttpRequest["refusalReason"] = (status) =>
  PASSING_STATUSES.has(status) ? "PROVIDER_UNAVAILABLE" : undefined;

async function fetchContent(kind: SectionKind, query: ResolvedQuery, context: FetchContext): Promise<Answer> {
  const subject = SUBJECTS.get(kind);
  if (subject === undefined) throw new Error(`Perplexity is asked for section kind ${kind}`);
  const api = context.switchedOn.has(API) ? chatCompletionsApi : agentApi;
  const { body: reply, fetchMs } = await context.http.json(
    {
      origin: ORIGIN,
      ...api.request(subject, query),
      key: { in: "header", name: "authorization", scheme: "Bearer" },
      refusalReason,
      repeatable: false,
    },
    api.replySchema(subject),
    ({ body }) => expectAnswer(body),
  );
  expectAnswer(reply);
  const { parsed, pages, costUsdMicros } = reply;
  const cost = costUsdMicros === undefined ? {} : { costUsdMicros };
  const fetchTime = timestampFromMs(fetchMs);
  const found = parsed.toFound({ query, pages, fetchTime });
  if ((found.listings ?? []).length + (found.narratives ?? []).length === 0)
    return { state: "nothing-found", ...cost };
  return { state: "content", content: { ...found, fetchTime }, partial: false, ...cost };
}
