import type { Question } from "./question.ts";

/** What compatible servers differ in. */
export interface Dialect {
  /** Name of the field that limits the answer; newer models refuse the second, many servers know only that. */
  readonly limitField: "max_completion_tokens" | "max_tokens";
  /** How strictly the answer's form is asked for; it is always checked. */
  readonly format: "json_schema" | "json_object" | "none";
}

const WEAKER_FORMAT = { json_schema: "json_object", json_object: "none", none: undefined } as const;

/**
 * The dialect to try after a server has refused a request for what is in this one; undefined when the refusal is about
 * something else.
 *
 * @param body of the refusal, with status 400 or 422
 */
export function dialectAfter({ limitField, format }: Dialect, body: string): Dialect | undefined {
  if (new RegExp(String.raw`\b${limitField}\b`).test(body))
    return {
      limitField: limitField === "max_tokens" ? "max_completion_tokens" : "max_tokens",
      format,
    };
  const weaker = WEAKER_FORMAT[format];
  return weaker !== undefined && /response_format|json_schema|json_object/.test(body)
    ? { limitField, format: weaker }
    : undefined;
}

export function requestBody(model: string, dialect: Dialect, question: Question<unknown>): object {
  const { limitField, format } = dialect;
  const { instructions, input, maxOutputTokenCount } = question;
  return {
    model,
    messages: [
      { role: "system", content: `${instructions}\n${formRule(dialect, question)}` },
      { role: "user", content: input },
    ],
    [limitField]: maxOutputTokenCount,
    ...(format !== "none" && { response_format: responseFormat(format, question) }),
  };
}

type Form = Pick<Question<unknown>, "name" | "schema">;

/** Servers that take no schema are told of it in words. */
const formRule = ({ format }: Dialect, { schema }: Form): string =>
  format === "json_schema"
    ? "Answer with JSON of the given schema."
    : `Answer with JSON of this schema and nothing else: ${JSON.stringify(schema)}`;

const responseFormat = (format: "json_schema" | "json_object", { name, schema }: Form): object =>
  format === "json_schema" ? { type: format, json_schema: { name, schema, strict: true } } : { type: format };
