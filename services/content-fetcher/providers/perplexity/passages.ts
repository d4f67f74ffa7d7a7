import { z } from "zod";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { toCitation } from "./pages.ts";
import { optionalText, sources, text } from "./places.ts";
import { createSubject, type Subject, type SubjectParts } from "./subject.ts";
import { prose, toCommonMark, words } from "../language-model/text.ts";

/** Limit of `Narrative.text`, characters. */
const MAX_TEXT_LENGTH = 4000;
/** Escaping makes a text longer. */
const MAX_PLAIN_LENGTH = MAX_TEXT_LENGTH / 2;
const MAX_HEADING_LENGTH = 60;

interface PassageItem extends Readonly<Record<string, unknown>> {
  readonly topic: string;
  readonly heading: string | null;
  readonly text: string;
  readonly sources: readonly string[];
}

/** Running text on given topics, one passage each. */
const createPassages = (
  parts: Pick<SubjectParts<PassageItem>, "name" | "task">,
  topics: readonly [string, ...string[]],
): Subject =>
  createSubject<PassageItem>({
    ...parts,
    maxItemCount: topics.length,
    recent: false,
    dependsOn: [QueryAspect.LANGUAGE],
    told: () => ({}),
    item: z.strictObject({
      topic: z.enum(topics),
      heading: optionalText.describe("heading of one to four words"),
      text: text.describe("one or two sentences, marked with [id]"),
      sources,
    }),
    toFound: (items, { query, fetchTime }) => ({
      narratives: topics.flatMap((topic) => {
        const passage = items.find(({ item }) => item.topic === topic);
        const plain = prose(passage?.item.text ?? null, MAX_PLAIN_LENGTH);
        if (passage === undefined || plain === "") return [];
        return [
          {
            key: topic,
            heading: words(passage.item.heading, MAX_HEADING_LENGTH),
            text: toCommonMark(plain),
            languageCode: query.languageCode,
            citations: passage.cited.map((page) => toCitation(page, fetchTime)),
          },
        ];
      }),
    }),
  });

export const OVERVIEW = createPassages(
  {
    name: "overview",
    task: "What the destination of this request is and what it is known for, and which season suits a visit.",
  },
  ["introduction", "when-to-go"],
);

export const PRACTICAL = createPassages(
  {
    name: "practical",
    task: "What a visitor to the destination of this request must know: getting in, getting around with tickets and prices, money and tipping, safety, mobile and wi-fi, customs.",
  },
  ["get-in", "get-around", "money", "stay-safe", "connect", "respect"],
);
