import { BudgetLevel } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { ResolvedQuery } from "../../provider.ts";
import { tidyAll } from "./fence.ts";

/** What a model is told of a query for one section, besides destination and language. */
export type Wishes = (query: ResolvedQuery) => Readonly<Record<string, unknown>>;

/** The budget levels in words; none for no preference. */
export const BUDGETS: ReadonlyMap<BudgetLevel, string> = new Map([
  [BudgetLevel.ECONOMY, "cheap"],
  [BudgetLevel.MODERATE, "moderate"],
  [BudgetLevel.LUXURY, "luxury"],
]);

/** By budget, cuisines and diets. */
export const restaurantWishes: Wishes = ({ preferences }) => ({
  budget: BUDGETS.get(preferences?.budgetLevel ?? BudgetLevel.UNSPECIFIED) ?? null,
  cuisines: tidyAll(preferences?.cuisines ?? []),
  diets: tidyAll(preferences?.dietaryTags ?? []),
});

export const interests: Wishes = ({ preferences }) => ({
  interests: tidyAll(preferences?.interests ?? []),
});

/** By interests and must-sees. */
export const attractionWishes: Wishes = (query) => ({
  ...interests(query),
  must_see: tidyAll(query.preferences?.mustSee ?? []),
});
