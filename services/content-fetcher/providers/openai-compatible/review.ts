import type { FetchContext, GuideToReview, ReviewAnswer } from "../../provider.ts";
import { REVIEW_INSTRUCTIONS } from "../language-model/instructions.ts";
import {
  contradictionsOf,
  REVIEW_FORM,
  REVIEW_PROMPT_VERSION,
  reviewInput,
} from "../language-model/review.ts";
import { ask } from "./ask.ts";

const MAX_OUTPUT_TOKEN_COUNT = 700;

/** Asks a model what it makes of a guide. */
export async function reviewGuide(guide: GuideToReview, context: FetchContext): Promise<ReviewAnswer> {
  const { answer, model, cost } = await ask(
    {
      name: "guide_review",
      instructions: REVIEW_INSTRUCTIONS,
      input: reviewInput(guide),
      maxOutputTokenCount: MAX_OUTPUT_TOKEN_COUNT,
      ...REVIEW_FORM,
    },
    context,
  );
  return {
    review: {
      relevanceScore: answer.relevance,
      specificityScore: answer.specificity,
      contradictions: contradictionsOf(answer),
      promptVersion: REVIEW_PROMPT_VERSION,
      model,
    },
    ...cost,
  };
}
