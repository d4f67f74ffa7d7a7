import { z } from "zod";
import type { Reason } from "../../../../shared/errors.ts";
import { readableArray } from "../readable-array.ts";
import { SEARCH_INSTRUCTIONS } from "../language-model/instructions.ts";
import { toPage } from "./pages.ts";
import { inputOf, MAX_OUTPUT_TOKENS, userLocationOf } from "./question.ts";
import { toReply, toUsdMicros, unusable, type Api, type Reply } from "./reply.ts";
import type { Subject } from "./subject.ts";

const optionalText = z.string().nullish();

const searchResults = z.object({
  type: z.literal("search_results"),
  results: readableArray(
    z.object({
      id: z.number().int().nullish(),
      url: optionalText,
      title: optionalText,
      date: optionalText,
      last_updated: optionalText,
    }),
  ),
});
const textPart = z.object({ type: z.literal("output_text"), text: z.string() });
const otherPart = z.object({ type: z.string().refine((type) => type !== "output_text") });
const message = z.object({
  type: z.literal("message"),
  content: z.array(z.union([textPart, otherPart])),
});
/** Kinds of output are added: calls of tools, pages that were fetched. */
const other = z.object({
  type: z.string().refine((type) => type !== "search_results" && type !== "message"),
});

const responseSchema = z.object({
  status: z.string(),
  error: z.object({ type: optionalText }).nullish(),
  incomplete_details: z.object({ reason: optionalText }).nullish(),
  output: z.array(z.union([searchResults, message, other])).nullish(),
  usage: z
    .object({
      cost: z.object({ currency: optionalText, total_cost: z.number().nullish() }).nullish(),
    })
    .nullish(),
});

type Response = z.infer<typeof responseSchema>;

/**
 * The Agent API. Its body is strict: an unknown field is refused. The search is forced, because a model that is only
 * offered it may answer without.
 */
export const agentApi: Api = {
  request: (subject, query) => ({
    path: "/v1/agent",
    jsonBody: {
      preset: "fast",
      instructions: SEARCH_INSTRUCTIONS,
      input: inputOf(subject, query),
      max_output_tokens: MAX_OUTPUT_TOKENS,
      tools: [
        {
          type: "web_search",
          search_context_size: "low",
          user_location: userLocationOf(query),
          ...(subject.recent && { filters: { search_recency_filter: "year" } }),
        },
      ],
      tool_choice: { type: "web_search" },
      response_format: {
        type: "json_schema",
        json_schema: { name: subject.name, schema: subject.schema, strict: true },
      },
      store: false,
    },
  }),
  replySchema: (subject) => responseSchema.transform((response) => readResponse(subject, response)),
};

function readResponse(subject: Subject, response: Response): Reply {
  const cost = costOf(response);
  if (response.status !== "completed") return notCompleted(response, cost);
  const output = response.output ?? [];
  const text = output
    .findLast((item) => "content" in item)
    ?.content.flatMap((part) => ("text" in part ? part.text : []))
    .join("");
  if (text === undefined || text === "") return unusable(cost, "the answer has no text", "output");
  const pages = output
    .flatMap((item) => ("results" in item ? item.results : []))
    .map((result) => toPage(result.id ?? Number.NaN, result));
  return toReply(subject, text, pages, cost);
}

function costOf({ usage }: Response): number | undefined {
  const { currency, total_cost: total } = usage?.cost ?? {};
  return currency === undefined || currency === null || currency === "USD" ? toUsdMicros(total) : undefined;
}

/** What went wrong within a response that failed, where that is not the provider being down. */
const FAILURE_REASONS: ReadonlyMap<string, Reason> = new Map([
  ["invalid_request", "PROVIDER_RESPONSE_INVALID"],
  ["invalid_parameter", "PROVIDER_RESPONSE_INVALID"],
  ["invalid_model", "PROVIDER_RESPONSE_INVALID"],
  ["invalid_api_key", "PROVIDER_ACCESS_DENIED"],
  ["forbidden", "PROVIDER_ACCESS_DENIED"],
  ["request_rate_limit_exceeded", "PROVIDER_RATE_LIMITED"],
]);

/** The words of a status or of a type, and no other text of the answer. */
const wordOf = (text: string | null | undefined): string => /^[a-z_]{1,40}$/.exec(text ?? "")?.[0] ?? "other";

function notCompleted(
  { status, error, incomplete_details: details }: Response,
  cost: number | undefined,
): Reply {
  switch (status) {
    case "failed":
      return unusable(
        cost,
        `the response failed (${wordOf(error?.type)})`,
        "status",
        FAILURE_REASONS.get(error?.type ?? "") ?? "PROVIDER_UNAVAILABLE",
      );
    case "cancelled":
      return unusable(cost, "the response was cancelled", "status", "PROVIDER_UNAVAILABLE");
    case "incomplete":
      return unusable(cost, `the response is incomplete (${wordOf(details?.reason)})`, "status");
    default:
      return unusable(cost, `the response is not completed (${wordOf(status)})`, "status");
  }
}
