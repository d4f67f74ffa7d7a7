import { z } from "zod";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { attractionWishes, interests, restaurantWishes } from "../language-model/wishes.ts";
import {
  durationOf,
  named,
  optionalNumber,
  optionalText,
  place,
  priceOf,
  sources,
  toListing,
} from "./places.ts";
import { distinctListings, toTag, toTags } from "../language-model/listings.ts";
import { createSubject } from "./subject.ts";
import { words } from "../language-model/text.ts";

const { LANGUAGE, BUDGET_LEVEL, CUISINES, DIETARY_TAGS, INTERESTS, MUST_SEE, MAX_LISTING_COUNT } =
  QueryAspect;

/** More are another question's worth of waiting, and other providers know the rest. */
const MAX_PLACE_COUNT = 4;
const MAX_TAG_COUNT = 5;
const MAX_HIGHLIGHT_COUNT = 8;
const MAX_HIGHLIGHT_LENGTH = 80;
const HIGHEST_PRICE_LEVEL = 4;

export const RESTAURANTS = createSubject({
  name: "restaurants",
  task: "Restaurants and cafes in the destination of this request that fit its budget, cuisines and diets; null and empty lists are no wish.",
  maxItemCount: MAX_PLACE_COUNT,
  recent: false,
  dependsOn: [LANGUAGE, BUDGET_LEVEL, CUISINES, DIETARY_TAGS, MAX_LISTING_COUNT],
  told: restaurantWishes,
  item: z.strictObject({
    ...named,
    cuisines: z.array(z.string()).describe("in English, in kebab-case, main one first"),
    price_level: optionalNumber.describe("1 cheap, 2 moderate, 3 expensive, 4 very expensive"),
    diets: z.array(z.string()).describe("diets that a search result says are served, in kebab-case"),
    dishes: z.array(z.string()).describe("dishes that a search result singles out, at most 3"),
    ...place,
  }),
  toFound: (items, reading) => ({
    listings: distinctListings(
      items.map((cited) => {
        const { cuisines, price_level: level, diets, dishes } = cited.item;
        const known = level !== null && Number.isInteger(level) && level >= 1 && level <= HIGHEST_PRICE_LEVEL;
        return toListing(cited, reading, {
          case: "restaurant",
          value: {
            cuisines: toTags(cuisines, MAX_TAG_COUNT),
            priceLevel: known ? level : 0,
            dietaryTags: toTags(diets, MAX_TAG_COUNT),
            signatureDishes: dishes
              .map((dish) => words(dish, MAX_HIGHLIGHT_LENGTH))
              .filter((dish) => dish !== "")
              .slice(0, MAX_TAG_COUNT),
          },
        });
      }),
      reading.query.maxListingCount,
    ),
  }),
});

export const ATTRACTIONS = createSubject({
  name: "attractions",
  task: "Sights, museums, parks and viewpoints in the destination of this request: those of its must_see that exist there first, then by its interests, then the best known.",
  maxItemCount: MAX_PLACE_COUNT,
  recent: false,
  dependsOn: [LANGUAGE, INTERESTS, MUST_SEE, MAX_LISTING_COUNT],
  told: attractionWishes,
  item: z.strictObject({
    ...named,
    category: optionalText.describe("one word in English, for example museum, park, viewpoint"),
    fee: optionalText.describe("admission as a search result states it"),
    best_time: optionalText.describe("when to go, if a search result says so"),
    visit_minutes: optionalNumber.describe("length of a visit, if a search result says so"),
    ...place,
  }),
  toFound: (items, reading) => ({
    listings: distinctListings(
      items.map((cited) => {
        const { category, fee, best_time: bestTime, visit_minutes: minutes } = cited.item;
        const price = priceOf(fee, reading);
        const visitDuration = durationOf(minutes);
        return toListing(cited, reading, {
          case: "attraction",
          value: {
            category: toTag(category),
            bestTime: words(bestTime, MAX_HIGHLIGHT_LENGTH),
            ...(price && { fee: price }),
            ...(visitDuration && { visitDuration }),
          },
        });
      }),
      reading.query.maxListingCount,
    ),
  }),
});

export const EXPERIENCES = createSubject({
  name: "experiences",
  task: "Things to do in the destination of this request by its interests: tours, classes, activities, nightlife and shopping, each of one provider or place.",
  maxItemCount: MAX_PLACE_COUNT,
  recent: false,
  dependsOn: [LANGUAGE, INTERESTS, MAX_LISTING_COUNT],
  told: interests,
  item: z.strictObject({
    ...named,
    category: optionalText.describe("one word in English, for example tour, activity, nightlife, shopping"),
    price: optionalText.describe("price per person as a search result states it"),
    duration_minutes: optionalNumber.describe("how long it takes, if a search result says so"),
    ...place,
  }),
  toFound: (items, reading) => ({
    listings: distinctListings(
      items.map((cited) => {
        const { category, price: written, duration_minutes: minutes } = cited.item;
        const price = priceOf(written, reading);
        const duration = durationOf(minutes);
        return toListing(cited, reading, {
          case: "experience",
          value: { category: toTag(category), ...(price && { price }), ...(duration && { duration }) },
        });
      }),
      reading.query.maxListingCount,
    ),
  }),
});

export const NEIGHBORHOODS = createSubject({
  name: "neighborhoods",
  task: "Districts within the destination of this request that are worth knowing for a visitor.",
  maxItemCount: 5,
  recent: false,
  dependsOn: [LANGUAGE, MAX_LISTING_COUNT],
  told: () => ({}),
  item: z.strictObject({
    ...named,
    highlights: z.array(z.string()).describe("what it is known for, at most 3, a few words each"),
    sources,
  }),
  toFound: (items, reading) => ({
    listings: distinctListings(
      items.map((cited) =>
        toListing(cited, reading, {
          case: "neighborhood",
          value: {
            highlights: cited.item.highlights
              .map((highlight) => words(highlight, MAX_HIGHLIGHT_LENGTH))
              .filter((highlight) => highlight !== "")
              .slice(0, MAX_HIGHLIGHT_COUNT),
          },
        }),
      ),
      reading.query.maxListingCount,
    ),
  }),
});
