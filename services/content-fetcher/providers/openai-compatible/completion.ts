import { z, type ZodType } from "zod";
import type { Question } from "./question.ts";

const optionalText = z.string().nullish();

const completionSchema = z.object({
  model: optionalText,
  choices: z
    .array(
      z.object({
        // What a model thought on the way stands in other fields, and is no answer.
        message: z.object({ content: optionalText, refusal: optionalText }),
        finish_reason: optionalText,
      }),
    )
    .min(1),
  usage: z
    .object({
      /** In US dollars; OpenRouter's. */
      cost: z.number().nullish(),
    })
    .nullish(),
});

/** What a completion says. */
export type Reply<T> = { readonly costUsdMicros: number | undefined } & (
  | { readonly state: "answered"; readonly model: string; readonly answer: T }
  | { readonly state: "unusable"; readonly message: string; readonly path: string }
);

export const replySchema = <T>(question: Question<T>): ZodType<Reply<T>> =>
  completionSchema.transform((completion) => readCompletion(question, completion));

function readCompletion<T>(question: Question<T>, completion: z.infer<typeof completionSchema>): Reply<T> {
  const usd = completion.usage?.cost;
  const costUsdMicros = typeof usd === "number" && usd >= 0 ? Math.round(usd * 1_000_000) : undefined;
  const unusable = (message: string, path: string): Reply<T> => ({
    state: "unusable",
    message,
    path,
    costUsdMicros,
  });
  const [choice] = completion.choices;
  const { content, refusal } = choice?.message ?? {};
  if (typeof refusal === "string" && refusal !== "")
    return unusable("the model refused", "choices.0.message.refusal");
  if (choice?.finish_reason !== "stop")
    return unusable(
      choice?.finish_reason === "length" ? "the answer was cut off" : "the answer was not finished",
      "choices.0.finish_reason",
    );
  if (typeof content !== "string" || content === "")
    return unusable("the answer has no text", "choices.0.message.content");
  const read = question.read(content);
  if (read.state === "unreadable") return unusable(read.message, read.path);
  return { state: "answered", model: completion.model ?? "", answer: read.answer, costUsdMicros };
}
