import type { Guide } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { BudgetLevel, SectionKind } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Finding, Rule } from "./rule.ts";

const plain = (text: string): string =>
  text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("-", " ");

/** Each wish is reflected in a listing, or named here as not applied. */
export const wishes: Rule = {
  name: "wish-not-applied",
  weight: 1,
  check: (guide) => {
    const preferences = guide.spec?.preferences;
    if (preferences === undefined) return [];
    const all = textOf(guide, undefined);
    const restaurants = textOf(guide, SectionKind.RESTAURANTS);
    const levels = restaurantsOf(guide).some(({ priceLevel }) => priceLevel > 0);
    const unmet = (wanted: readonly string[], text: string, kind: SectionKind, what: string): Finding[] =>
      wanted
        .filter((wish) => !contains(text, wish))
        .map((wish) => ({ kind, message: `${what} not applied: ${wish}` }));
    return [
      ...unmet(preferences.interests, all, SectionKind.UNSPECIFIED, "interest"),
      ...unmet(preferences.cuisines, restaurants, SectionKind.RESTAURANTS, "cuisine"),
      ...unmet(preferences.dietaryTags, restaurants, SectionKind.RESTAURANTS, "diet"),
      ...(preferences.budgetLevel !== BudgetLevel.UNSPECIFIED && !levels
        ? [{ kind: SectionKind.RESTAURANTS, message: "budget not applied: no provider states price levels" }]
        : []),
    ];
  },
};

export const mustSee: Rule = {
  name: "must-see-missing",
  weight: 2,
  check: (guide) => {
    const titles = guide.sections.flatMap(({ listings }) => listings.map(({ title }) => plain(title)));
    return (guide.spec?.preferences?.mustSee ?? [])
      .filter((name) => !titles.some((title) => title.includes(plain(name))))
      .map((name) => ({ kind: SectionKind.UNSPECIFIED, message: `no provider knows: ${name}` }));
  },
};

const contains = (text: string, wish: string): boolean =>
  text.includes(plain(wish)) || (wish.endsWith("s") && text.includes(plain(wish.slice(0, -1))));

const restaurantsOf = (guide: Guide) =>
  guide.sections.flatMap(({ listings }) =>
    listings.flatMap(({ details }) => (details.case === "restaurant" ? [details.value] : [])),
  );

const textOf = (guide: Guide, kind: SectionKind | undefined): string =>
  guide.sections
    .filter((section) => kind === undefined || section.kind === kind)
    .flatMap(({ listings }) =>
      listings.map(({ title, summary, details }) =>
        plain(
          [
            title,
            summary,
            ...(details.case === "restaurant"
              ? [...details.value.cuisines, ...details.value.dietaryTags]
              : []),
            details.case === "attraction" || details.case === "experience" ? details.value.category : "",
          ].join(" "),
        ),
      ),
    )
    .join("\n");
