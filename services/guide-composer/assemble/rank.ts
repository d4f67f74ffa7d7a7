import {
  BudgetLevel,
  type Destination,
  type Listing,
  type Preferences,
} from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM } from "./distance.ts";
import { nameSimilarity } from "./dedupe.ts";

/** Price levels that rank first for a budget, as the API says. */
const PRICE_LEVELS: ReadonlyMap<BudgetLevel, readonly number[]> = new Map([
  [BudgetLevel.ECONOMY, [1, 2]],
  [BudgetLevel.MODERATE, [2, 3]],
  [BudgetLevel.LUXURY, [3, 4]],
]);
/** Beyond this distance from the centre nearness counts nothing. */
const FAR_M = 10_000;

const fold = (text: string): string => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
const spoken = (word: string): string => fold(word).replaceAll("-", " ");

/** Everything of a listing that a wish can be found in. */
function textOf(listing: Listing): string {
  const { details } = listing;
  const own = details.case === "restaurant" ? details.value.cuisines : [];
  const category =
    details.case === "attraction" || details.case === "experience" || details.case === "event"
      ? [details.value.category]
      : [];
  return spoken([listing.title, listing.summary, ...own, ...category].join(" "));
}

/** A wish in the singular too: "museums" is met by a museum. */
const meets = (text: string, wish: string): boolean =>
  text.includes(spoken(wish)) || (wish.endsWith("s") && text.includes(spoken(wish.slice(0, -1))));

/** Left out is only what is wished away, or known not to serve a diet. */
function isWanted(listing: Listing, preferences: Preferences): boolean {
  if (
    preferences.avoid.some(
      (name) => nameSimilarity(name, listing.title) === 1 || meets(textOf(listing), name),
    )
  )
    return false;
  if (listing.details.case !== "restaurant") return true;
  const { dietaryTags } = listing.details.value;
  const excluded = preferences.dietaryTags.some((diet) => dietaryTags.includes(`no-${diet}`));
  return !excluded;
}

/** Orders listings by what the traveller likes, then by how well they are described and how near the centre they are. */
export function rankListings(
  listings: readonly Listing[],
  preferences: Preferences,
  destination: Destination,
): Listing[] {
  return listings
    .filter((listing) => isWanted(listing, preferences))
    .map((listing) => ({ listing, score: scoreOf(listing, preferences, destination) }))
    .sort((a, b) => b.score - a.score || a.listing.key.localeCompare(b.listing.key))
    .map(({ listing }) => listing);
}

function scoreOf(listing: Listing, preferences: Preferences, destination: Destination): number {
  const text = textOf(listing);
  let score = 0;
  if (preferences.mustSee.some((name) => nameSimilarity(name, listing.title) >= 0.75)) score += 100;
  score += 6 * preferences.interests.filter((wish) => meets(text, wish)).length;
  if (listing.details.case === "restaurant") {
    const { cuisines, dietaryTags, priceLevel } = listing.details.value;
    score += 8 * preferences.cuisines.filter((wish) => cuisines.includes(wish) || meets(text, wish)).length;
    score += 10 * preferences.dietaryTags.filter((diet) => dietaryTags.includes(diet)).length;
    if (PRICE_LEVELS.get(preferences.budgetLevel)?.includes(priceLevel) === true) score += 4;
  }
  score +=
    6 * preferences.accessibilityNeeds.filter((need) => listing.accessibilityTags.includes(need)).length;
  if (listing.summary !== "") score += 3;
  if (listing.wikidataId !== "") score += 3;
  if (new Set(listing.citations.map(({ provider }) => provider)).size > 1) score += 3;
  for (const value of [listing.openingHours, listing.websiteUri, listing.address])
    if (value !== "") score += 0.5;
  if (listing.location !== undefined && destination.location !== undefined) {
    score += 2 * Math.max(0, 1 - distanceM(listing.location, destination.location) / FAR_M);
  }
  return score;
}
