import { readFileSync } from "node:fs";
import { z } from "zod";
import type { ReceivedRequest, Reply } from "../support/provider-server.ts";
import { writeAnswer } from "./perplexity-answers.ts";
import { dataIn } from "./perplexity-server.ts";
import type { Worlds } from "./world/worlds.ts";

const UNSUPPORTED_MAX_TOKENS: Reply = {
  status: 400,
  body: readFileSync(
    new URL("../fixtures/openai-compatible/error-400-unsupported-parameter.json", import.meta.url),
    "utf8",
  ),
};

const error = (
  status: number,
  type: string,
  code: string | null,
  message: string,
  param?: string,
): Reply => ({
  status,
  body: JSON.stringify({ error: { message, type, param: param ?? null, code } }),
});

export const OPENAI_FAULTS = {
  "rate-limit": error(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
  remark: {
    body: JSON.stringify({
      id: "chatcmpl-0",
      object: "chat.completion",
      created: 1_795_521_600,
      model: "gpt-4.1-mini",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: null, refusal: "I cannot help with that." },
          finish_reason: "stop",
        },
      ],
    }),
  },
};

const requestSchema = z.object({
  model: z.string().min(1),
  messages: z.array(z.object({ role: z.enum(["system", "developer", "user"]), content: z.string() })).min(1),
  max_completion_tokens: z.number().int().positive().optional(),
  max_tokens: z.number().int().positive().optional(),
  response_format: z
    .discriminatedUnion("type", [
      z.object({
        type: z.literal("json_schema"),
        json_schema: z.object({
          name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
          schema: z.record(z.string(), z.unknown()),
          strict: z.boolean().optional(),
        }),
      }),
      z.object({ type: z.literal("json_object") }),
      z.object({ type: z.literal("text") }),
    ])
    .optional(),
});

/** Fields of its items, by the name of the schema: what a model's memory is asked for. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  attractions: ["name", "summary", "category"],
  restaurants: ["name", "summary", "cuisines"],
  neighborhoods: ["name", "summary"],
};

const positionSchema = z.object({ latitude: z.number(), longitude: z.number() });

/** Chat Completions of a model that knows the worlds by heart. */
export function createOpenAi(
  worlds: Worlds,
  options: { readonly inventsPlaces?: boolean } = {},
): (request: ReceivedRequest) => Reply {
  return ({ method, url, headers, body }) => {
    if (!/^Bearer \S+$/.test(headers.authorization ?? ""))
      return error(
        401,
        "invalid_request_error",
        null,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth.",
      );
    if (method !== "POST" || url.pathname !== "/v1/chat/completions")
      return error(404, "invalid_request_error", null, `Invalid URL (${method} ${url.pathname})`);
    const asked = requestSchema.safeParse(parseJson(body));
    if (!asked.success) {
      const param = asked.error.issues[0]?.path.map(String).join(".") ?? "";
      return error(400, "invalid_request_error", null, `Invalid value: '${param}'.`, param);
    }
    const { model, messages, max_tokens: maxTokens, response_format: format } = asked.data;
    if (maxTokens !== undefined) return UNSUPPORTED_MAX_TOKENS;
    const name = format?.type === "json_schema" ? format.json_schema.name : "";
    if (name === "guide_review")
      return { body: toChatCompletion(JSON.stringify(judge(messages.at(-1)?.content ?? "")), model) };
    const { destination, max_items: maxItems, ...wishes } = dataIn(messages.at(-1)?.content ?? "");
    const place = positionSchema.safeParse(destination).data ?? { latitude: 0, longitude: 0 };
    const maxItemCount = typeof maxItems === "number" ? maxItems : 5;
    const { items } = writeAnswer(
      worlds,
      { subject: name, ...place, maxItemCount, wishes },
      options.inventsPlaces ?? false,
    );
    const fields = FIELDS[name] ?? [];
    const remembered = items.map((item) =>
      Object.fromEntries(fields.map((field) => [field, withoutMarks(item[field])])),
    );
    return { body: toChatCompletion(JSON.stringify({ items: remembered }), model) };
  };
}

const reviewedSchema = z.object({
  wishes: z.object({ interests: z.array(z.string()) }),
  guide: z.array(
    z.object({
      section: z.string(),
      texts: z.array(z.object({ title: z.string(), summary: z.string().optional() })),
    }),
  ),
});

/** A judgement from what stands there: which interests it speaks of, and how many of its texts say more than a name. */
function judge(input: string): object {
  const { wishes, guide } = reviewedSchema.parse(dataIn(input));
  const texts = guide.flatMap((section) => section.texts);
  const all = JSON.stringify(texts).toLowerCase();
  const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
  const met = wishes.interests.filter((interest) => all.includes(interest.toLowerCase()));
  return {
    relevance: share(met.length, wishes.interests.length),
    specificity: share(texts.filter(({ summary }) => summary !== undefined).length, texts.length),
    contradictions: [],
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A model without a search has no results to mark; what it does not know it writes as text. */
const withoutMarks = (value: unknown): unknown =>
  typeof value === "string" ? value.replaceAll(/\[\d+\]/g, "") : (value ?? "");

/** A completion with this text. */
export const toChatCompletion = (
  content: string,
  model = "gpt-4.1-mini-2025-04-14",
  more: object = {},
): string =>
  JSON.stringify({
    id: "chatcmpl-0",
    object: "chat.completion",
    created: 1_795_521_600,
    model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
    usage: {
      prompt_tokens: 420,
      completion_tokens: Math.ceil(content.length / 4),
      total_tokens: 420 + Math.ceil(content.length / 4),
    },
    system_fingerprint: null,
    ...more,
  });

/** What a request asks for and about; a profile's draws are counted by both. */
export function openAiSubjectOf(body: string): { readonly kind: string; readonly destination: string } {
  const asked = requestSchema.safeParse(parseJson(body)).data;
  const { response_format: format, messages = [] } = asked ?? {};
  const { destination } = dataIn(messages.at(-1)?.content ?? "");
  return {
    kind: format?.type === "json_schema" ? format.json_schema.name : "other",
    destination: z.object({ name: z.string() }).safeParse(destination).data?.name ?? "",
  };
}
