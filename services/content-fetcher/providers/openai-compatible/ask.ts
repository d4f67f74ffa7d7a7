import { ServiceError } from "../../../../shared/errors.ts";
import type { HttpRequest } from "../../http/http-client.ts";
import { ChargedError, type FetchContext } from "../../provider.ts";
import { words } from "../language-model/text.ts";
import { replySchema, type Reply } from "./completion.ts";
import type { Question } from "./question.ts";
import { dialectAfter, requestBody, type Dialect } from "./request.ts";

export const ID = "openai-compatible";
export const NAME = `providers/${ID}`;
export const ORIGIN = "OPENAI_COMPATIBLE_BASE_URL";
export const PATH = "OPENAI_COMPATIBLE_API_PATH";
export const MODEL = "OPENAI_COMPATIBLE_MODEL";

/** Longest way through the dialects: another name of the limit, and two weaker formats. */
const MAX_REQUEST_COUNT = 4;

/** A model's answer to a question. */
export interface Answered<T> {
  readonly answer: T;
  /** As the server names it; else as the operator does. */
  readonly model: string;
  /** When it came, milliseconds since the epoch. */
  readonly fetchMs: number;
  /** Has `costUsdMicros` when the server says what it has cost. */
  readonly cost: { readonly costUsdMicros?: number };
}

/**
 * Asks in the newest dialect first, and in others when the server refuses something of it; a refusal costs nothing.
 *
 * @throws ServiceError for a reply that cannot be used
 */
export async function ask<T>(question: Question<T>, { http, texts }: FetchContext): Promise<Answered<T>> {
  let dialect: Dialect = { limitField: "max_completion_tokens", format: "json_schema" };
  for (let turn = 1; ; turn += 1) {
    const asked = dialect;
    const refused: { next?: Dialect | undefined } = {};
    try {
      const { body: reply, fetchMs } = await http.json(
        {
          origin: ORIGIN,
          path: pathUnder(texts.get(PATH) ?? ""),
          jsonBody: requestBody(texts.get(MODEL) ?? "", asked, question),
          key: { in: "header", name: "authorization", scheme: "Bearer" },
          refusalDelayMs,
          refusalReason: (status, body) => {
            if (status === 400 || status === 422) refused.next = dialectAfter(asked, body);
            return refusalReason(status);
          },
          repeatable: false,
        },
        replySchema(question),
        ({ body }) => expectAnswer(body),
      );
      expectAnswer(reply);
      const { answer, model, costUsdMicros } = reply;
      return {
        answer,
        model: words(model, 100) || (texts.get(MODEL) ?? ""),
        fetchMs,
        cost: costUsdMicros === undefined ? {} : { costUsdMicros },
      };
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
function expectAnswer<T>(reply: Reply<T>): asserts reply is Reply<T> & { readonly state: "answered" } {
  if (reply.state === "answered") return;
  const { message, path, costUsdMicros } = reply;
  const options = { metadata: { provider: NAME, path } };
  throw costUsdMicros === undefined
    ? new ServiceError("PROVIDER_RESPONSE_INVALID", message, options)
    : new ChargedError(costUsdMicros, "PROVIDER_RESPONSE_INVALID", message, options);
}
