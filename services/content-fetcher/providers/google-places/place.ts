import { z } from "zod";
import { readableArray } from "../readable-array.ts";

const text = z.string().nullish();
const localized = z.object({ text, languageCode: text }).nullish();

const placeSchema = z.object({
  id: z.string(),
  displayName: localized,
  formattedAddress: text,
  // JSON of Protocol Buffers leaves out a zero: the equator has no latitude.
  location: z.object({ latitude: z.number().default(0), longitude: z.number().default(0) }).nullish(),
  types: z.array(z.string()).nullish(),
  primaryType: text,
  primaryTypeDisplayName: localized,
  rating: z.number().nullish(),
  userRatingCount: z.number().int().nullish(),
  // Names of enums, to which names are added.
  priceLevel: text,
  businessStatus: text,
  googleMapsUri: text,
  websiteUri: text,
  internationalPhoneNumber: text,
  regularOpeningHours: z.object({ weekdayDescriptions: z.array(z.string()).nullish() }).nullish(),
  accessibilityOptions: z.object({ wheelchairAccessibleEntrance: z.boolean().nullish() }).nullish(),
});

export type Place = z.infer<typeof placeSchema>;

/** What can stand beside the places of an answer, or in place of them. */
const OTHER_FIELDS = ["nextPageToken", "searchUri", "routingSummaries", "contextualContents"] as const;

/** An answer with nothing in it is one: nothing was found. One with other things than these is of another API. */
export const answerSchema = z
  .looseObject({ places: readableArray(placeSchema).optional() })
  .refine(
    (answer) =>
      Object.keys(answer).length === 0 ||
      answer.places !== undefined ||
      OTHER_FIELDS.some((field) => field in answer),
  );

/**
 * The fields of a place that are asked for, all of them used. The dearest decide the price of the request: rating,
 * prices, hours and contact make it the one called Enterprise. Summaries would make it a dearer one.
 */
export const FIELD_MASK = Object.keys(placeSchema.shape)
  .map((field) => (field === "regularOpeningHours" ? `${field}.weekdayDescriptions` : field))
  .map((field) => `places.${field}`)
  .join(",");
