import { z } from "zod";

const answerSchema = z.object({
  guide: z.object({
    sections: z.array(z.object({ kind: z.string() })).default([]),
    omissions: z.array(z.object({ kind: z.string(), reason: z.string() })).default([]),
  }),
  report: z.object({
    traceId: z.string(),
    guideDecisions: z.array(z.string()),
    providerCallCount: z.number().default(0),
  }),
});

/** What tests read of a composed guide. */
export type ComposeAnswer = z.infer<typeof answerSchema>;

/** One ComposeGuide over HTTP/1.1 with JSON, as curl makes it. */
export async function composeByJson(
  composer: string,
  request: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<ComposeAnswer> {
  const response = await fetch(`http://${composer}/wayfarer.guide.v1.GuideService/ComposeGuide`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(request),
  });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return answerSchema.parse(await response.json());
}
