import { readFileSync } from "node:fs";
import { z } from "zod";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { writeAnswer, type Asked, type Written } from "./perplexity-answers.ts";
import { agentSchema, chatSchema, type SearchPlace } from "./perplexity-request.ts";
import { hash32 } from "./world/random.ts";
import type { Worlds } from "./world/worlds.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/perplexity/${name}`, import.meta.url), "utf8");

const INVALID_KEY: Reply = { status: 401, body: fixture("error-401-invalid_api_key.json") };
const RETIRED: Reply = { status: 403, body: fixture("error-403-chat_completions_not_available.json") };
const BAD_ROOT: Reply = { status: 400, body: fixture("error-400-structured-bad-root.json") };

const error = (code: number, type: string, message: string, param?: string): Reply => ({
  status: code,
  body: JSON.stringify({ error: { message, type, code, ...(param !== undefined && { param }) } }),
});

/** A response that did not come to its end, as it arrives: with status 200. */
export const responseOf = (status: string, more: object = {}): string =>
  JSON.stringify({
    id: "resp_00000000-0000-4000-8000-000000000000",
    object: "response",
    created_at: 1_795_521_600,
    completed_at: null,
    model: "openai/gpt-6-luna",
    status,
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
    ...more,
  });

export const PERPLEXITY_FAULTS = {
  "rate-limit": error(
    429,
    "request_rate_limit_exceeded",
    "Request rate limit exceeded, please try again later.",
  ),
  remark: {
    body: responseOf("failed", { error: { message: "upstream error", type: "internal_error", code: 500 } }),
  },
};

export interface PerplexityOptions {
  /** Whether Chat Completions still answers. Default: it is refused. */
  readonly chatCompletions?: boolean;
  /** Whether the model also names a place that there is not and one of another city. Default: it does not. */
  readonly inventsPlaces?: boolean;
}

/** Perplexity's Agent API and, for keys that still have it, Chat Completions. */
export function createPerplexity(
  worlds: Worlds,
  options: PerplexityOptions = {},
): (request: ReceivedRequest) => Reply {
  const write = (subject: string, input: string, place: SearchPlace | undefined): Written =>
    writeAnswer(worlds, toAsked(subject, input, place), options.inventsPlaces ?? false);

  function agent(json: unknown): Reply {
    const asked = agentSchema.safeParse(json);
    if (!asked.success) return refuse(asked.error);
    const {
      input,
      preset,
      model,
      models,
      tools = [],
      tool_choice: choice,
      response_format: format,
    } = asked.data;
    if (preset === undefined && model === undefined && models === undefined)
      return error(400, "invalid_request", "one of model, models or preset is required");
    const form = format?.json_schema;
    if (form !== undefined && form.schema["type"] !== "object") return BAD_ROOT;
    // A model that is only offered the search answers without.
    const searches = typeof choice === "object" && tools.length > 0;
    const written = write(form?.name ?? "", input, tools[0]?.user_location);
    const text = form === undefined ? "Here is what I found." : JSON.stringify({ items: written.items });
    return { headers: RATE_HEADERS, body: toResponse(searches ? written.results : [], text, input) };
  }

  function chat(json: unknown): Reply {
    const asked = chatSchema.safeParse(json);
    if (!asked.success) return error(400, "invalid_request", "the request is invalid");
    const { model, messages, response_format: format, web_search_options: search } = asked.data;
    const input = messages.at(-1)?.content ?? "";
    const written = write(format?.json_schema.name ?? "", input, search?.user_location);
    return { headers: RATE_HEADERS, body: toCompletion(model, written) };
  }

  return ({ method, url, headers, body }) => {
    if (!/^Bearer \S+$/.test(headers.authorization ?? "")) return INVALID_KEY;
    if (method !== "POST") return error(404, "not_found", "Not Found");
    const json = parseJson(body);
    switch (url.pathname) {
      case "/v1/agent":
      case "/v1/responses":
        return agent(json);
      case "/chat/completions":
      case "/v1/sonar":
        return options.chatCompletions === true ? chat(json) : RETIRED;
      default:
        return error(404, "not_found", "Not Found");
    }
  };
}

const RATE_HEADERS = { "x-ratelimit-limit": "50", "x-ratelimit-remaining": "49", "x-ratelimit-used": "1" };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse({ issues }: z.ZodError): Reply {
  const [issue] = issues;
  if (issue?.code === "unrecognized_keys") {
    const [field = ""] = issue.keys;
    return error(400, "invalid_request", `json: unknown field "${field}"`, field);
  }
  const param = issue?.path.map(String).join(".") ?? "";
  return error(400, "invalid_parameter", `invalid value of ${param}`, param);
}

/** The data that stands between the marks of a question. */
export function dataIn(input: string): Readonly<Record<string, unknown>> {
  const [, json = ""] = /<request>\n(.*)\n<\/request>$/s.exec(input) ?? [];
  return z.record(z.string(), z.unknown()).safeParse(parseJson(json)).data ?? {};
}

/** Kinds of the predecessor's questions: it asked for places of all kinds at once. */
const PROFILE_KINDS: Readonly<Record<string, string>> = {
  restaurants: "content",
  attractions: "content",
  experiences: "content",
};

/** What a request asks for and about; a profile's draws are counted by both. */
export function perplexitySubjectOf(body: string): { readonly kind: string; readonly destination: string } {
  const asked = agentSchema.safeParse(parseJson(body)).data;
  const name = asked?.response_format?.json_schema.name ?? "other";
  const { destination } = dataIn(asked?.input ?? "");
  return {
    kind: PROFILE_KINDS[name] ?? name,
    destination: z.object({ name: z.string() }).safeParse(destination).data?.name ?? "",
  };
}

function toAsked(subject: string, input: string, place: SearchPlace | undefined): Asked {
  const { max_items: maxItems, ...wishes } = dataIn(input);
  return {
    subject,
    latitude: place?.latitude ?? 0,
    longitude: place?.longitude ?? 0,
    maxItemCount: typeof maxItems === "number" ? maxItems : 5,
    wishes,
  };
}

const tokensOf = (text: string): number => Math.ceil(text.length / 4);
const round = (usd: number): number => Math.round(usd * 1e8) / 1e8;

export function toResponse(results: Written["results"], text: string, input = ""): string {
  const [inputTokens, outputTokens] = [3_000 + tokensOf(input), tokensOf(text)];
  const costs = [inputTokens * 0.25e-6, outputTokens * 2.5e-6, results.length > 0 ? 0.001 : 0].map(round);
  const [inputCost = 0, outputCost = 0, toolCost = 0] = costs;
  const search =
    results.length === 0
      ? []
      : [{ type: "search_results", queries: [input.split("\n")[0]], results: results.map(sourced) }];
  return responseOf("completed", {
    id: `resp_${hash32(input + text)
      .toString(16)
      .padStart(8, "0")}-0000-4000-8000-000000000000`,
    completed_at: 1_795_521_603,
    output: [
      ...search,
      {
        type: "message",
        id: "msg_00000000-0000-4000-8000-000000000000",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text, annotations: [] }],
      },
    ],
    usage: {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
      cost: {
        currency: "USD",
        input_cost: inputCost,
        output_cost: outputCost,
        tool_calls_cost: toolCost,
        total_cost: round(inputCost + outputCost + toolCost),
      },
    },
  });
}

const sourced = <T extends object>(result: T): T & { readonly source: string } => ({
  ...result,
  source: "web",
});

function toCompletion(model: string, { results, items }: Written): string {
  const content = JSON.stringify({ items });
  return JSON.stringify({
    id: "00000000-0000-4000-8000-000000000000",
    model,
    created: 1_795_521_600,
    object: "chat.completion",
    citations: results.map(({ url }) => url),
    search_results: results.map(({ url, title, snippet }) => sourced({ url, title, snippet })),
    usage: {
      prompt_tokens: 100,
      completion_tokens: tokensOf(content),
      total_tokens: 100 + tokensOf(content),
      search_context_size: "low",
      cost: {
        input_tokens_cost: 0.0001,
        output_tokens_cost: round(tokensOf(content) * 1e-6),
        request_cost: 0.005,
        total_cost: round(0.0051 + tokensOf(content) * 1e-6),
      },
    },
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
  });
}
