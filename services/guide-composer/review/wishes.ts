import type { Section } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { BudgetLevel, SectionKind, type Listing } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { meets, toWish, wishTextOf, type WishText } from "../assemble/wish.ts";
import type { Finding, Rule } from "./rule.ts";

/** Each wish is reflected in a listing, or named here as not applied. */
export const wishes: Rule = {
  name: "wish-not-applied",
  weight: 1,
  check: ({ sections, spec }) => {
    const preferences = spec?.preferences;
    if (preferences === undefined) return undefined;
    const { interests, cuisines, dietaryTags, accessibilityNeeds, budgetLevel } = preferences;
    const budgeted = budgetLevel !== BudgetLevel.UNSPECIFIED;
    if (
      interests.length + cuisines.length + dietaryTags.length + accessibilityNeeds.length === 0 &&
      !budgeted
    )
      return undefined;
    const all = sections.flatMap(({ listings }) => listings);
    const restaurants = listingsOf(sections, SectionKind.RESTAURANTS);
    const mentions =
      (texts: readonly WishText[]) =>
      (wish: string): boolean => {
        const wanted = toWish(wish);
        return texts.some((text) => meets(text, wanted));
      };
    return [
      ...unmet("interest", interests, SectionKind.UNSPECIFIED, mentions(all.map(wishTextOf))),
      ...unmet("cuisine", cuisines, SectionKind.RESTAURANTS, mentions(restaurants.map(wishTextOf))),
      ...unmet("diet", dietaryTags, SectionKind.RESTAURANTS, (wish) =>
        restaurants.some((one) => serves(one, wish)),
      ),
      ...unmet("accessibility need", accessibilityNeeds, SectionKind.UNSPECIFIED, (wish) =>
        all.some(({ accessibilityTags }) => accessibilityTags.includes(wish)),
      ),
      ...(budgeted && !restaurants.some(hasPriceLevel)
        ? [{ kind: SectionKind.RESTAURANTS, message: "budget not applied: no provider states price levels" }]
        : []),
    ];
  },
};

const unmet = (
  what: string,
  wanted: readonly string[],
  kind: SectionKind,
  isMet: (wish: string) => boolean,
): Finding[] =>
  wanted.filter((wish) => !isMet(wish)).map((wish) => ({ kind, message: `${what} not applied: ${wish}` }));

const listingsOf = (sections: readonly Section[], wanted: SectionKind): Listing[] =>
  sections.filter(({ kind }) => kind === wanted).flatMap(({ listings }) => listings);

const serves = ({ details }: Listing, diet: string): boolean =>
  details.case === "restaurant" && details.value.dietaryTags.includes(diet);

const hasPriceLevel = ({ details }: Listing): boolean =>
  details.case === "restaurant" && details.value.priceLevel > 0;
