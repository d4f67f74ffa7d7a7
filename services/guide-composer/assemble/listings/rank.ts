import {
  BudgetLevel,
  TravelGroup,
  type Destination,
  type Listing,
  type Preferences,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM } from "../distance.ts";
import { kindsOf, meets, toWish, toWishText, wishTextOf, type Wish, type WishText } from "../wish.ts";
import { fold } from "../words.ts";
import { isNamed, nameOf, toName, type Name } from "./names.ts";

/** Price levels that rank first for a budget, as the API says. */
const PRICE_LEVELS: ReadonlyMap<BudgetLevel, readonly number[]> = new Map([
  [BudgetLevel.ECONOMY, [1, 2]],
  [BudgetLevel.MODERATE, [2, 3]],
  [BudgetLevel.LUXURY, [3, 4]],
]);

/** What counts how much: wishes first, then what speaks for the place, then where it is. */
const WEIGHT = {
  mustSee: 100,
  diet: 12,
  accessibility: 12,
  cuisine: 10,
  interest: 8,
  budget: 8,
  familyPlace: 4,
  /** The text above the list singles it out. */
  mentioned: 6,
  /** Several providers know it. */
  severalProviders: 4,
  /** An editor found it worth a sentence, or an encyclopaedia an entry. */
  summary: 4,
  wikidata: 4,
  /** At most, for the lowest numbers of Wikidata. */
  renown: 4,
  /** Rated at all, up to rated best by many. */
  rating: 3,
  /** For each of hours, page, address. */
  known: 0.5,
  /** In the centre; nothing from 10 km on. */
  near: 2,
  /** First in its provider's list. */
  position: 1,
} as const;

/** Beyond this distance from the centre nearness counts nothing. */
const FAR_M = 10_000;
/** From so many ratings on an average is taken at its word. */
const RATING_COUNT_FULL = 100;
/** A quick bite is no restaurant to plan an evening by, unless somebody asks for it. */
const QUICK_KINDS = new Set(
  "fast-food ice-cream coffee-shop coffee cafe bubble-tea donut juice bakery sandwich pastry".split(" "),
);
const QUICK_PENALTY = 6;
const FAMILY_KINDS = new Set("zoo aquarium theme-park playground water-park science-museum".split(" "));
const PARENTHESIS = /\s*\([^()]*\)$/;
/** What each listing of the same kind above one takes from it, so that the top of a list shows variety. */
const SAME_KIND_PENALTY = 0.75;
const MAX_SAME_KIND_PENALTY = 3;

interface Ranked {
  readonly listing: Listing;
  readonly score: number;
  /** Kind that variety is judged by; undefined when unknown or asked for. */
  readonly kind: string | undefined;
  readonly position: number;
}

/**
 * Orders listings by what the traveller likes, then by what speaks for the place, how near the centre it is and where
 * its provider puts it. Left out is what is wished away, and what is known not to serve a diet or not to meet a need
 * (tags with `no-` in front). Only the first branch of a chain stands among the others; the rest follow at the end.
 *
 * @param texts what providers write about the section as a whole
 */
export function rankListings(
  listings: readonly Listing[],
  preferences: Preferences,
  destination: Destination,
  texts: readonly string[],
): Listing[] {
  const mentions = toWishText(texts);
  const wishes = toWishes(preferences);
  const ranked = listings.flatMap((listing, position): Ranked[] => {
    const name = wishes.needsName ? nameOf(listing) : undefined;
    if (!isWanted(listing, name, wishes)) return [];
    const text = wishes.needsText ? wishTextOf(listing) : undefined;
    const score =
      wishScore(listing, name, text, wishes) +
      ownScore(listing, destination) +
      (isMentioned(listing, mentions) ? WEIGHT.mentioned : 0) +
      WEIGHT.position * (1 - position / listings.length);
    return [{ listing, score, kind: varietyKind(listing, wishes), position }];
  });
  return varied(ranked).map(({ listing }) => listing);
}

interface Wishes {
  readonly preferences: Preferences;
  readonly mustSee: readonly Name[];
  readonly avoid: readonly { readonly wish: Wish; readonly name: Name }[];
  readonly interests: readonly Wish[];
  readonly cuisines: readonly Wish[];
  /** By kind of place: whether it was asked for. */
  readonly askedKinds: Map<string, boolean>;
  /** Whether names are compared, and texts read, at all. */
  readonly needsName: boolean;
  readonly needsText: boolean;
}

const toWishes = (preferences: Preferences): Wishes => ({
  preferences,
  mustSee: preferences.mustSee.map(toName),
  avoid: preferences.avoid.map((text) => ({ wish: toWish(text), name: toName(text) })),
  interests: preferences.interests.map(toWish),
  cuisines: preferences.cuisines.map(toWish),
  askedKinds: new Map(),
  needsName: preferences.mustSee.length + preferences.avoid.length > 0,
  needsText: preferences.interests.length + preferences.cuisines.length > 0,
});

/** A subject to avoid is looked for in title and kind; a summary that mentions a church does not make a bar one. */
function isWanted(
  listing: Listing,
  name: Name | undefined,
  { preferences, avoid, mustSee }: Wishes,
): boolean {
  const { details, accessibilityTags } = listing;
  const diets = details.case === "restaurant" ? details.value.dietaryTags : [];
  if (preferences.dietaryTags.some((diet) => diets.includes(`no-${diet}`))) return false;
  if (preferences.accessibilityNeeds.some((need) => accessibilityTags.includes(`no-${need}`))) return false;
  if (name === undefined || avoid.length === 0) return true;
  if (mustSee.some((wanted) => isNamed(name, wanted))) return true;
  const text = toWishText([listing.title, ...kindsOf(listing)]);
  return !avoid.some(({ wish, name: unwanted }) => meets(text, wish) || isNamed(name, unwanted));
}

function wishScore(
  listing: Listing,
  name: Name | undefined,
  text: WishText | undefined,
  wishes: Wishes,
): number {
  const { preferences, mustSee, interests, cuisines } = wishes;
  let score = name !== undefined && mustSee.some((wanted) => isNamed(name, wanted)) ? WEIGHT.mustSee : 0;
  if (text !== undefined) score += WEIGHT.interest * interests.filter((wish) => meets(text, wish)).length;
  const tags = listing.accessibilityTags;
  score += WEIGHT.accessibility * preferences.accessibilityNeeds.filter((need) => tags.includes(need)).length;
  const { details } = listing;
  if (details.case === "restaurant") {
    const { dietaryTags, priceLevel } = details.value;
    if (text !== undefined) score += WEIGHT.cuisine * cuisines.filter((wish) => meets(text, wish)).length;
    score += WEIGHT.diet * preferences.dietaryTags.filter((diet) => dietaryTags.includes(diet)).length;
    if (PRICE_LEVELS.get(preferences.budgetLevel)?.includes(priceLevel) === true) score += WEIGHT.budget;
  }
  if (
    preferences.travelGroup === TravelGroup.FAMILY &&
    kindsOf(listing).some((kind) => FAMILY_KINDS.has(kind))
  )
    score += WEIGHT.familyPlace;
  return score;
}

/** What speaks for a place whoever asks. */
function ownScore(listing: Listing, { location: center }: Destination): number {
  let score = 0;
  if (listing.summary !== "") score += WEIGHT.summary;
  if (listing.wikidataId !== "") score += WEIGHT.wikidata + WEIGHT.renown * renownOf(listing.wikidataId);
  const [first] = listing.citations;
  if (listing.citations.some(({ provider }) => provider !== first?.provider))
    score += WEIGHT.severalProviders;
  if (listing.ratingScore !== undefined)
    score += WEIGHT.rating * listing.ratingScore * Math.min(1, listing.ratingCount / RATING_COUNT_FULL);
  for (const value of [listing.openingHours, listing.websiteUri, listing.address])
    if (value !== "") score += WEIGHT.known;
  if (listing.location !== undefined && center !== undefined)
    score += WEIGHT.near * Math.max(0, 1 - distanceM(listing.location, center) / FAR_M);
  if (listing.details.case === "restaurant" && isQuick(listing.details.value.cuisines))
    score -= QUICK_PENALTY;
  return score;
}

/** Names shorter than this stand in any text. */
const MIN_MENTION_CHARACTERS = 5;

function isMentioned({ title }: Listing, mentions: WishText): boolean {
  const name = fold(title.replace(PARENTHESIS, "")).trim();
  return name.length >= MIN_MENTION_CHARACTERS && mentions.includes(name);
}

/**
 * From 0 to 1. Wikidata began with what had articles in many languages, so that a low number is a sign of renown: Q243
 * is the Eiffel Tower.
 */
function renownOf(wikidataId: string): number {
  const number = Number(wikidataId.slice(1));
  return number >= 1 ? Math.max(0, 1 - Math.log10(number) / 8) : 0;
}

const isQuick = (cuisines: readonly string[]): boolean => cuisines.some((kind) => QUICK_KINDS.has(kind));

function varietyKind(listing: Listing, { interests, cuisines, askedKinds }: Wishes): string | undefined {
  const [kind] = kindsOf(listing);
  if (kind === undefined || kind === "" || listing.details.case === "event") return undefined;
  const known = askedKinds.get(kind);
  const asked = known ?? [...interests, ...cuisines].some((wish) => meets(toWishText([kind]), wish));
  if (known === undefined) askedKinds.set(kind, asked);
  return asked ? undefined : kind;
}

/** Best first, but each next one of a kind a little lower, and further branches of a chain behind everything else. */
function varied(ranked: readonly Ranked[]): Ranked[] {
  const sorted = [...ranked].sort((a, b) => b.score - a.score || a.position - b.position);
  const branches = new Set<string>();
  const kinds = new Map<string, number>();
  const [first, later]: [Ranked[], Ranked[]] = [[], []];
  for (const entry of sorted) {
    // "Starbucks (Rossio)" is a branch of the same chain as "Starbucks".
    const { whole, outer } = nameOf(entry.listing);
    const brand = (outer ?? whole).joined;
    if (branches.has(brand) && entry.listing.details.case !== "event") {
      later.push(entry);
      continue;
    }
    branches.add(brand);
    const count = entry.kind === undefined ? 0 : (kinds.get(entry.kind) ?? 0);
    if (entry.kind !== undefined) kinds.set(entry.kind, count + 1);
    first.push({ ...entry, score: entry.score - Math.min(MAX_SAME_KIND_PENALTY, count * SAME_KIND_PENALTY) });
  }
  first.sort((a, b) => b.score - a.score || a.position - b.position);
  return [...first, ...later];
}
