import { z, type ZodType } from "zod";
import type { NamedPlace, Subject } from "./subjects.ts";

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
export type Reply = { readonly costUsdMicros: number | undefined } & (
  | { readonly state: "answered"; readonly model: string; readonly places: readonly NamedPlace[] }
  | { readonly state: "unusable"; readonly message: string; readonly path: string }
);

export const replySchema = (subject: Subject): ZodType<Reply> =>
  completionSchema.transform((completion) => readCompletion(subject, completion));

function readCompletion(subject: Subject, completion: z.infer<typeof completionSchema>): Reply {
  const usd = completion.usage?.cost;
  const costUsdMicros = typeof usd === "number" && usd >= 0 ? Math.round(usd * 1_000_000) : undefined;
  const unusable = (message: string, path: string): Reply => ({
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
  const answer = subject.read(content);
  if (answer.state === "unreadable") return unusable(answer.message, answer.path);
  return { state: "answered", model: completion.model ?? "", places: answer.items, costUsdMicros };
}
