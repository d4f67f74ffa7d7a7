import { z } from "zod";
import type { Reply } from "../support/provider-server.ts";

const answerSchema = z.union([
  z
    .object({
      output: z.array(z.object({ content: z.array(z.object({ text: z.string() })).default([]) })),
    })
    .transform(({ output }) => output.flatMap(({ content }) => content.map(({ text }) => text)).join("")),
  z
    .object({ choices: z.array(z.object({ message: z.object({ content: z.string() }) })) })
    .transform(({ choices }) => choices.map(({ message }) => message.content).join("")),
]);

/** What a language model has written, of an answer of either form; empty when it refused. */
export const completionOf = ({ body }: Reply): string =>
  answerSchema.safeParse(JSON.parse(String(body))).data ?? "";
