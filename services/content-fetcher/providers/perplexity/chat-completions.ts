import { z } from "zod";
import { SEARCH_INSTRUCTIONS } from "../language-model/instructions.ts";
import { toPage } from "./pages.ts";
import { inputOf, MAX_OUTPUT_TOKENS, userLocationOf } from "./question.ts";
import { toReply, toUsdMicros, unusable, type Api, type Reply } from "./reply.ts";
import type { Subject } from "./subject.ts";

const optionalText = z.string().nullish();

const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish() }),
        finish_reason: optionalText,
      }),
    )
    .min(1),
  citations: z.array(z.string()).nullish(),
  search_results: z
    .array(
      z.object({ url: optionalText, title: optionalText, date: optionalText, last_updated: optionalText }),
    )
    .nullish(),
  usage: z.object({ cost: z.object({ total_cost: z.number().nullish() }).nullish() }).nullish(),
});

/** Chat Completions, which came before the Agent API: most keys are refused there by now. */
export const chatCompletionsApi: Api = {
  request: (subject, query) => ({
    path: "/chat/completions",
    jsonBody: {
      model: "sonar",
      messages: [
        { role: "system", content: SEARCH_INSTRUCTIONS },
        { role: "user", content: inputOf(subject, query) },
      ],
      max_tokens: MAX_OUTPUT_TOKENS,
      response_format: { type: "json_schema", json_schema: { name: subject.name, schema: subject.schema } },
      web_search_options: { search_context_size: "low", user_location: userLocationOf(query) },
      ...(subject.recent && { search_recency_filter: "year" }),
    },
  }),
  replySchema: (subject) => completionSchema.transform((completion) => readCompletion(subject, completion)),
};

function readCompletion(subject: Subject, completion: z.infer<typeof completionSchema>): Reply {
  const cost = toUsdMicros(completion.usage?.cost?.total_cost);
  const [choice] = completion.choices;
  if (choice?.finish_reason !== "stop")
    return unusable(
      cost,
      choice?.finish_reason === "length" ? "the answer was cut off" : "the answer was not finished",
      "choices.0.finish_reason",
    );
  const { content } = choice.message;
  if (content === undefined || content === null || content === "")
    return unusable(cost, "the answer has no text", "choices.0.message.content");
  // Marks count from one. Either list can be missing.
  const results = completion.search_results ?? [];
  const found = results.length > 0 ? results : (completion.citations ?? []).map((url) => ({ url }));
  return toReply(
    subject,
    content,
    found.map((result, index) => toPage(index + 1, result)),
    cost,
  );
}
