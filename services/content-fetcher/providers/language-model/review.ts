import { z } from "zod";
import {
  PaceSchema,
  SectionKindSchema,
  TravelGroupSchema,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { GuideToReview } from "../../provider.ts";
import { fence, tidy, tidyAll } from "./fence.ts";
import { createAnswerForm } from "./structured-answer.ts";
import { prose } from "./text.ts";
import { BUDGETS } from "./wishes.ts";

/** Raised with every change of what is asked: scores of different versions cannot be compared. */
export const REVIEW_PROMPT_VERSION = "guide-review-1";

const MAX_CONTRADICTION_COUNT = 10;
const MAX_CONTRADICTION_LENGTH = 300;
const MAX_TITLE_LENGTH = 200;
const MAX_SUMMARY_LENGTH = 600;

const TASK =
  "Score the guide of this request. relevance: how well it fits the dates, interests, cuisines, diets, budget, company, pace, must-sees and what is to be avoided; a guide that nothing was wished for is judged by what any visitor needs. specificity: how much of it holds for this destination only and names places, rather than being true of any town. contradictions: statements of the guide that cannot both be true, each in one sentence in English that names the places; an empty list when there are none.";

/** Ranges are checked here: not every server takes them in a schema. */
const score = z
  .number()
  .refine((value) => value >= 0 && value <= 1)
  .describe("from 0, not at all, to 1, entirely");

/** A language model's judgement, as it writes it. */
export interface Judgement {
  readonly relevance: number;
  readonly specificity: number;
  readonly contradictions: readonly string[];
}

/** The form of the answer to a review. */
export const REVIEW_FORM = createAnswerForm<Judgement>(
  z.strictObject({
    relevance: score,
    specificity: score,
    contradictions: z.array(z.string()).describe(`at most ${MAX_CONTRADICTION_COUNT}`),
  }),
);

/** Most characters of a guide: a longer one costs too much, and takes a model too long to read. */
const MAX_DATA_LENGTH = 24_000;
/** Texts of each section that are told, at most; fewer, as long as it is too long. */
const TEXT_COUNTS = [30, 20, 12, 8, 5, 3, 2, 1] as const;

/** What is asked: our own words, and the guide as data. */
export function reviewInput(guide: GuideToReview): string {
  const candidates = TEXT_COUNTS.values().map((count) => fence(toData(guide, count)));
  return `${TASK}\n${candidates.find(({ length }) => length <= MAX_DATA_LENGTH) ?? fence(toData(guide, 1))}`;
}

function toData({ query, sections }: GuideToReview, maxTextCount: number): Readonly<Record<string, unknown>> {
  const { destination, startDate, dayCount, languageCode, preferences } = query;
  return {
    destination: {
      name: tidy(destination.displayName),
      region: tidy(destination.region),
      country_code: destination.countryCode,
    },
    first_day: [startDate.year, startDate.month, startDate.day].join("-"),
    days: dayCount,
    language: tidy(languageCode),
    wishes: {
      budget: (preferences && BUDGETS.get(preferences.budgetLevel)) ?? null,
      company: preferences?.travelGroup ? lower(TravelGroupSchema.value[preferences.travelGroup]) : null,
      pace: preferences?.pace ? lower(PaceSchema.value[preferences.pace]) : null,
      interests: tidyAll(preferences?.interests ?? []),
      cuisines: tidyAll(preferences?.cuisines ?? []),
      diets: tidyAll(preferences?.dietaryTags ?? []),
      accessibility: tidyAll(preferences?.accessibilityNeeds ?? []),
      must_see: tidyAll(preferences?.mustSee ?? []),
      avoid: tidyAll(preferences?.avoid ?? []),
    },
    guide: sections.map(({ sectionKind, texts }) => ({
      section: lower(SectionKindSchema.value[sectionKind]),
      texts: texts.slice(0, maxTextCount).map(({ title, summary }) => ({
        title: tidy(title, MAX_TITLE_LENGTH),
        ...(summary !== "" && { summary: tidy(summary, MAX_SUMMARY_LENGTH) }),
      })),
    })),
  };
}

const lower = (value: { readonly localName: string } | undefined): string =>
  value?.localName.toLowerCase() ?? "";

/** The contradictions as plain text; what is none is left out. */
export const contradictionsOf = ({ contradictions }: Judgement): string[] =>
  [...new Set(contradictions.map((text) => prose(text, MAX_CONTRADICTION_LENGTH)))]
    .filter((text) => text !== "")
    .slice(0, MAX_CONTRADICTION_COUNT);
