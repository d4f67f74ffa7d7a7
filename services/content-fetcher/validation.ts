import { create } from "@bufbuild/protobuf";
import {
  Priority as PriorityField,
  type ContentQuery,
  type ContentTarget,
  type GeocodeDestinationRequest,
  type ReviewGuideRequest,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { DateSchema } from "../../shared/gen/google/type/date_pb.ts";
import { SectionKindSchema } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { FieldViolation } from "../../shared/errors.ts";
import {
  checkCivilDate,
  checkInteger,
  checkLanguage,
  checkLocation,
  checkPreferences,
  checkText,
  isTimeZone,
} from "../../shared/field-checks.ts";
import type { ResolvedQuery } from "./provider.ts";
import type { Registry } from "./registry.ts";
import type { Priority } from "./resilience/policy.ts";

const MAX_TARGET_COUNT = 64;
const MAX_DAY_COUNT = 30;
const DEFAULT_DAY_COUNT = 3;
const DEFAULT_LISTING_COUNT = 20;
const MAX_LISTING_COUNT = 100;
const DAY_MS = 86_400_000;
const MAX_DAYS_AHEAD = 731;
const MAX_REVIEWED_SECTION_COUNT = 16;
const MAX_REVIEWED_TEXT_COUNT = 30;

export function checkTargets(
  targets: readonly ContentTarget[],
  field: string,
  registry: Pick<Registry, "has" | "offers">,
): FieldViolation[] {
  const found: FieldViolation[] = [];
  const report = (name: string, description: string): void => void found.push({ field: name, description });
  if (targets.length === 0 || targets.length > MAX_TARGET_COUNT) {
    report(field, field === "target" ? "must be set" : `must hold 1 to ${MAX_TARGET_COUNT} targets`);
  }
  const seen = new Set<string>();
  for (const [index, target] of targets.slice(0, MAX_TARGET_COUNT).entries()) {
    const path = field === "target" ? field : `${field}[${index}]`;
    const key = `${target.sectionKind} ${target.provider}`;
    if (target.sectionKind === 0 || SectionKindSchema.value[target.sectionKind] === undefined) {
      report(`${path}.section_kind`, "must be a known section kind");
    } else if (!registry.has(target.provider)) {
      report(`${path}.provider`, "must name a provider of ListProviders, as providers/{provider}");
    } else if (!registry.offers(target.provider, target.sectionKind)) {
      report(path, "that provider does not offer that section");
    } else if (seen.has(key)) {
      report(path, "must differ from the other targets");
    }
    seen.add(key);
  }
  return found;
}

/** Checks what is to be reviewed, and by whom; adds to `found`. */
export function checkReview(
  { provider, sections }: ReviewGuideRequest,
  registry: Pick<Registry, "reviews">,
  found: FieldViolation[],
): void {
  const report = (field: string, description: string): void => void found.push({ field, description });
  if (!registry.reviews(provider))
    report("provider", "must name a provider that reviews guides, as providers/{provider}");
  if (sections.length === 0 || sections.length > MAX_REVIEWED_SECTION_COUNT)
    report("sections", `must hold 1 to ${MAX_REVIEWED_SECTION_COUNT} sections`);
  const checked = sections.slice(0, MAX_REVIEWED_SECTION_COUNT);
  for (const [index, { sectionKind, texts }] of checked.entries()) {
    const path = `sections[${index}]`;
    if (sectionKind === 0 || SectionKindSchema.value[sectionKind] === undefined)
      report(`${path}.section_kind`, "must be a known section kind");
    else if (checked.slice(0, index).some((before) => before.sectionKind === sectionKind))
      report(`${path}.section_kind`, "must differ from the other sections");
    if (texts.length > MAX_REVIEWED_TEXT_COUNT)
      report(`${path}.texts`, `must hold at most ${MAX_REVIEWED_TEXT_COUNT} texts`);
    for (const [position, { title, summary }] of texts.slice(0, MAX_REVIEWED_TEXT_COUNT).entries()) {
      checkText(title, `${path}.texts[${position}].title`, 1, 200, found);
      checkText(summary, `${path}.texts[${position}].summary`, 0, 600, found);
    }
  }
}

const PRIORITY = {
  [PriorityField.UNSPECIFIED]: "interactive",
  [PriorityField.INTERACTIVE]: "interactive",
  [PriorityField.REFRESH]: "refresh",
  [PriorityField.WARMING]: "warming",
} as const satisfies Record<(typeof PriorityField)[keyof typeof PriorityField], Priority>;

const isPriority = (field: number): field is keyof typeof PRIORITY => field in PRIORITY;

/** Adds to `found` for a priority that nobody knows. */
export function checkPriority(field: PriorityField, found: FieldViolation[]): Priority {
  if (isPriority(field)) return PRIORITY[field];
  found.push({ field: "priority", description: "must be a known priority" });
  return PRIORITY[PriorityField.UNSPECIFIED];
}

/** Adds to `found`; undefined exactly when something was added for the query. */
export function checkQuery(
  query: ContentQuery | undefined,
  nowMs: number,
  found: FieldViolation[],
): ResolvedQuery | undefined {
  const before = found.length;
  if (query === undefined) {
    found.push({ field: "query", description: "must be set" });
    return undefined;
  }
  const { destination } = query;
  if (destination === undefined) {
    found.push({ field: "query.destination", description: "must be set" });
  } else {
    checkText(destination.displayName, "query.destination.display_name", 1, 200, found);
    checkText(destination.name, "query.destination.name", 1, 200, found);
    if (destination.location === undefined)
      found.push({ field: "query.destination.location", description: "must be set" });
    else checkLocation(destination.location, "query.destination.location", found);
    if (!isTimeZone(destination.timeZone)) {
      found.push({ field: "query.destination.time_zone", description: "must be an IANA time zone" });
    }
    checkText(destination.region, "query.destination.region", 0, 200, found);
    checkInteger(destination.population, "query.destination.population", 0, 2 ** 31 - 1, found);
    checkInteger(destination.geonamesId, "query.destination.geonames_id", 0, 2 ** 31 - 1, found);
    if (!/^([A-Z]{2})?$/.test(destination.countryCode)) {
      found.push({
        field: "query.destination.country_code",
        description: "must be empty or two capital letters",
      });
    }
  }
  checkLanguage(query.languageCode, "query.language_code", found);
  checkInteger(query.dayCount, "query.day_count", 0, MAX_DAY_COUNT, found);
  if (query.maxListingCount < 0)
    found.push({ field: "query.max_listing_count", description: "must not be negative" });
  if (query.startDate !== undefined) {
    // A day of tolerance on either side: what "today" is depends on the time zone.
    checkCivilDate(
      query.startDate,
      "query.start_date",
      nowMs - 2 * DAY_MS,
      nowMs + MAX_DAYS_AHEAD * DAY_MS,
      found,
    );
  }
  checkPreferences(query.preferences, "query.preferences", found);
  if (found.length > before || destination === undefined) return undefined;
  return {
    ...query,
    destination,
    languageCode: query.languageCode === "" ? "en" : query.languageCode,
    startDate: query.startDate ?? create(DateSchema, civilDayAt(nowMs, destination.timeZone)),
    dayCount: query.dayCount === 0 ? DEFAULT_DAY_COUNT : query.dayCount,
    maxListingCount:
      query.maxListingCount === 0
        ? DEFAULT_LISTING_COUNT
        : Math.min(query.maxListingCount, MAX_LISTING_COUNT),
  };
}

function civilDayAt(epochMs: number, timeZone: string): { year: number; month: number; day: number } {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone }).format(epochMs);
  const [year = 0, month = 0, dayOfMonth = 0] = day.split("-").map(Number);
  return { year, month, day: dayOfMonth };
}

export function checkGeocode(request: GeocodeDestinationRequest): FieldViolation[] {
  const found: FieldViolation[] = [];
  checkText(request.query.trim(), "query", 1, 200, found);
  checkLanguage(request.languageCode, "language_code", found);
  if (request.maxDestinationCount < 0)
    found.push({ field: "max_destination_count", description: "must not be negative" });
  return found;
}
