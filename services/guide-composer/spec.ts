import { create } from "@bufbuild/protobuf";
import { DateSchema } from "../../shared/gen/google/type/date_pb.ts";
import { GuideSpecSchema, type GuideSpec } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  PreferencesSchema,
  Verification_Verdict as Verdict,
  type Destination,
  type Preferences,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../shared/errors.ts";
import { civilDayAt } from "./assemble/civil-time.ts";
import type { ResolvedSpec } from "./plan.ts";
import { SECTION_KINDS } from "./sections.ts";

const DEFAULT_DAY_COUNT = 3;
const DEFAULT_LANGUAGE = "en";

/** How far ahead a trip may start. */
export const MAX_YEARS_AHEAD = 2;

/** Days since the epoch; orders civil dates and counts between them. */
export const toDayNumber = (date: { year: number; month: number; day: number }): number =>
  Math.floor(Date.UTC(date.year, date.month - 1, date.day) / 86_400_000);

/** Kebab-case words without doubles, in a fixed order: the order in which a caller lists wishes means nothing. */
const tidy = (words: readonly string[]): string[] =>
  [...new Set(words.map((word) => word.normalize("NFC").trim().toLowerCase().replaceAll(/\s+/g, "-")))]
    .filter((word) => word !== "")
    .sort();

/** Names keep their case and spaces, because they are compared with titles. */
const tidyNames = (names: readonly string[]): string[] =>
  [...new Set(names.map((name) => name.normalize("NFC").trim().replaceAll(/\s+/g, " ")))]
    .filter((name) => name !== "")
    .sort();

const tidyPreferences = (preferences: Preferences | undefined): Preferences => {
  const given = preferences ?? create(PreferencesSchema);
  return create(PreferencesSchema, {
    budgetLevel: given.budgetLevel,
    cuisines: tidy(given.cuisines),
    dietaryTags: tidy(given.dietaryTags),
    interests: tidy(given.interests),
    pace: given.pace,
    travelGroup: given.travelGroup,
    accessibilityNeeds: tidy(given.accessibilityNeeds),
    mustSee: tidyNames(given.mustSee),
    avoid: tidyNames(given.avoid),
  });
};

/**
 * Fills in every default of a spec whose destination is known.
 *
 * @param nowMs wall clock, milliseconds since the epoch; decides what "today there" is
 * @param specPath path of the spec in the message that carried it, for violations
 * @throws ServiceError REQUEST_INVALID when the trip starts before today there or too far ahead
 */
export function resolveSpec(
  spec: GuideSpec,
  destination: Destination,
  nowMs: number,
  specPath = "spec",
): ResolvedSpec {
  const today = create(DateSchema, civilDayAt(nowMs, destination.timeZone));
  const startDate = spec.startDate ?? today;
  const start = toDayNumber(startDate);
  if (start < toDayNumber(today) || start > toDayNumber({ ...today, year: today.year + MAX_YEARS_AHEAD })) {
    throw new ServiceError(
      "REQUEST_INVALID",
      "The trip starts outside the range that guides are composed for",
      {
        violations: [
          {
            field: `${specPath}.start_date`,
            description: `must lie between today at the destination and ${MAX_YEARS_AHEAD} years ahead`,
          },
        ],
      },
    );
  }
  const sectionKinds = spec.sectionKinds.length === 0 ? [...SECTION_KINDS] : [...new Set(spec.sectionKinds)];
  const languageCode =
    spec.languageCode === ""
      ? DEFAULT_LANGUAGE
      : (Intl.getCanonicalLocales(spec.languageCode)[0] ?? DEFAULT_LANGUAGE);
  const dayCount = spec.dayCount === 0 ? DEFAULT_DAY_COUNT : spec.dayCount;
  const preferences = tidyPreferences(spec.preferences);
  return {
    destination,
    spec: create(GuideSpecSchema, {
      destination: { case: "destinationName", value: destination.name },
      sectionKinds,
      languageCode,
      startDate,
      dayCount,
      preferences,
      minVerification: spec.minVerification || Verdict.UNVERIFIABLE,
    }),
    sectionKinds,
    languageCode,
    startDate,
    dayCount,
    preferences,
  };
}
