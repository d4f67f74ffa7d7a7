import type { ResolvedQuery } from "../../provider.ts";
import { fence, tidy } from "../language-model/fence.ts";
import { MEMORY_INSTRUCTIONS } from "../language-model/instructions.ts";
import type { Subject } from "./subjects.ts";

/** Most tokens of an answer: a longer one would not come within an attempt. */
const MAX_OUTPUT_TOKENS = 900;

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

export function requestBody(model: string, dialect: Dialect, subject: Subject, query: ResolvedQuery): object {
  const { limitField, format } = dialect;
  return {
    model,
    messages: [
      { role: "system", content: `${MEMORY_INSTRUCTIONS}\n${formRule(dialect, subject)}` },
      { role: "user", content: inputOf(subject, query) },
    ],
    [limitField]: MAX_OUTPUT_TOKENS,
    ...(format !== "none" && { response_format: responseFormat(format, subject) }),
  };
}

/** Servers that take no schema are told of it in words. */
const formRule = ({ format }: Dialect, { schema }: Subject): string =>
  format === "json_schema"
    ? "Answer with JSON of the given schema."
    : `Answer with JSON of this schema and nothing else: ${JSON.stringify(schema)}`;

const responseFormat = (format: "json_schema" | "json_object", { name, schema }: Subject): object =>
  format === "json_schema" ? { type: format, json_schema: { name, schema, strict: true } } : { type: format };

function inputOf(subject: Subject, query: ResolvedQuery): string {
  const { displayName, region, countryCode, location } = query.destination;
  const data = {
    destination: {
      name: tidy(displayName),
      region: tidy(region),
      country_code: countryCode,
      ...(location && { latitude: location.latitude, longitude: location.longitude }),
    },
    language: tidy(query.languageCode),
    max_items: Math.min(subject.maxItemCount, query.maxListingCount),
    ...subject.told(query),
  };
  return `${subject.task}\n${fence(data)}`;
}
