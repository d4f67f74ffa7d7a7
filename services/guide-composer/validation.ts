import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  CacheModeSchema,
  CacheMode,
  GuideSchema,
  ReviewMode,
  ReviewModeSchema,
  type ComposeGuideRequest,
  type GetGuideRequest,
  type GuideSpec,
  type SearchDestinationsRequest,
  type Trip,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import {
  Verification_Verdict as Verdict,
  type SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { FieldViolation } from "../../shared/errors.ts";
import {
  checkCivilDate,
  checkDuration,
  checkInteger,
  checkLanguage,
  checkLocation,
  checkPreferences,
  checkText,
  checkTimestamp,
  throwIfAny,
} from "../../shared/field-checks.ts";
import type { LookupMode } from "./cache/lookup.ts";
import type { CheckedRequest } from "./composition.ts";
import type { ReviewTime } from "./model-review/model-reviewer.ts";
import { unknownPaths } from "./read-mask.ts";
import { PAGE_TOKEN_VIOLATION, readPageToken } from "./page-token.ts";
import { isKnownKind } from "./sections.ts";

const MAX_STALE_DAYS = 7;
const MAX_AGE_DAYS = 7;
const MAX_DAY_COUNT = 30;
const MAX_TRAVELER_COUNT = 20;
const MAX_PATH_COUNT = 100;
const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;

const MODES = {
  [CacheMode.UNSPECIFIED]: "prefer-cache",
  [CacheMode.PREFER_CACHE]: "prefer-cache",
  [CacheMode.REFRESH]: "refresh",
  [CacheMode.CACHE_ONLY]: "cache-only",
} as const satisfies Record<(typeof CacheMode)[keyof typeof CacheMode], LookupMode>;

const REVIEW_TIMES = {
  [ReviewMode.UNSPECIFIED]: "asynchronous",
  [ReviewMode.ASYNCHRONOUS]: "asynchronous",
  [ReviewMode.BLOCKING]: "blocking",
  [ReviewMode.NONE]: "none",
} as const satisfies Record<(typeof ReviewMode)[keyof typeof ReviewMode], ReviewTime>;

const isKnownReviewMode = (mode: ReviewMode): mode is keyof typeof REVIEW_TIMES =>
  ReviewModeSchema.value[mode] !== undefined;

const isKnownMode = (mode: CacheMode): mode is keyof typeof MODES =>
  CacheModeSchema.value[mode] !== undefined;

/**
 * Checks a request to compose, before anything is looked up or spent.
 *
 * @param prefix path of the request within the message that carries it
 * @throws ServiceError REQUEST_INVALID with all violations at once
 */
export function checkCompose(
  request: ComposeGuideRequest | undefined,
  prefix: string,
  nowMs: number,
): CheckedRequest {
  const found: FieldViolation[] = [];
  const spec = request?.spec;
  if (request === undefined || spec === undefined) {
    throwIfAny([
      {
        field: request === undefined ? prefix.replace(/\.$/, "") : `${prefix}spec`,
        description: "must be set",
      },
    ]);
    throw new Error("a missing spec is a violation");
  }
  checkSpec(spec, `${prefix}spec`, nowMs, found);
  if (!isKnownMode(request.cacheMode))
    found.push({ field: `${prefix}cache_mode`, description: "must be a known value" });
  const paths = request.readMask?.paths ?? [];
  checkPaths(paths, `${prefix}read_mask`, found);
  const review = isKnownReviewMode(request.reviewMode) ? REVIEW_TIMES[request.reviewMode] : undefined;
  if (review === undefined)
    found.push({ field: `${prefix}review_mode`, description: "must be a known value" });
  else if (review === "blocking" && paths.length > 0 && !paths.some(isOfQualityReview))
    found.push({
      field: `${prefix}review_mode`,
      description: "needs quality_review in read_mask, which has the verdict that it waits for",
    });
  checkKinds(request.requiredSectionKinds, `${prefix}required_section_kinds`, found);
  if (
    spec.sectionKinds.length > 0 &&
    request.requiredSectionKinds.some((kind) => !spec.sectionKinds.includes(kind))
  ) {
    found.push({ field: `${prefix}required_section_kinds`, description: "must be among spec.section_kinds" });
  }
  const { maxStale, maxAge } = request;
  if (maxStale !== undefined) checkDuration(maxStale, `${prefix}max_stale`, MAX_STALE_DAYS, found);
  if (maxAge !== undefined) checkDuration(maxAge, `${prefix}max_age`, MAX_AGE_DAYS, found);
  if (request.trip !== undefined) checkTrip(request.trip, `${prefix}trip`, nowMs, found);
  throwIfAny(found);
  return {
    spec,
    specPath: `${prefix}spec`,
    mode: isKnownMode(request.cacheMode) ? MODES[request.cacheMode] : "prefer-cache",
    paths,
    requiredKinds: request.requiredSectionKinds,
    maxStaleMs: maxStale === undefined ? 0 : durationMs(maxStale),
    maxAgeMs: maxAge === undefined ? Infinity : durationMs(maxAge),
    trip: request.trip,
    explain: request.explain,
    purpose: "caller",
    review: review ?? "asynchronous",
    maxLifeShare: 1,
  };
}

const isOfQualityReview = (path: string): boolean => /^quality_review(?:\.|$)/.test(path);

/** What a place may be asked to be at least. What map data contradicts cannot be asked for. */
const LEAST_VERDICTS: ReadonlySet<Verdict> = new Set<Verdict>([
  Verdict.UNSPECIFIED,
  Verdict.VERIFIED,
  Verdict.PLAUSIBLE,
  Verdict.UNVERIFIABLE,
]);

/** Checks a spec; adds its violations to `found`. */
export function checkSpec(spec: GuideSpec, field: string, nowMs: number, found: FieldViolation[]): void {
  const { destination } = spec;
  switch (destination.case) {
    case "destinationName":
      if (!/^destinations\/[\w-]{1,40}$/.test(destination.value)) {
        found.push({
          field: `${field}.destination_name`,
          description: "must have the form destinations/{destination}",
        });
      }
      break;
    case "destinationQuery":
      checkText(destination.value.trim(), `${field}.destination_query`, 1, 200, found);
      break;
    case "destinationLocation":
      checkLocation(destination.value, `${field}.destination_location`, found);
      break;
    case undefined:
      found.push({ field: `${field}.destination`, description: "exactly one of its fields must be set" });
  }
  checkKinds(spec.sectionKinds, `${field}.section_kinds`, found);
  checkLanguage(spec.languageCode, `${field}.language_code`, found);
  checkInteger(spec.dayCount, `${field}.day_count`, 0, MAX_DAY_COUNT, found);
  // What "today there" is depends on the destination; a day and a half covers every time zone.
  if (spec.startDate !== undefined)
    checkCivilDate(spec.startDate, `${field}.start_date`, nowMs - 1.5 * DAY_MS, nowMs + 732 * DAY_MS, found);
  checkPreferences(spec.preferences, `${field}.preferences`, found);
  if (!LEAST_VERDICTS.has(spec.minVerification)) {
    found.push({
      field: `${field}.min_verification`,
      description: "must be VERDICT_VERIFIED, VERDICT_PLAUSIBLE or VERDICT_UNVERIFIABLE",
    });
  }
}

function checkKinds(kinds: readonly SectionKind[], field: string, found: FieldViolation[]): void {
  for (const [index, kind] of kinds.slice(0, 32).entries()) {
    if (kind === 0 || !isKnownKind(kind))
      found.push({ field: `${field}[${index}]`, description: "must be a known section kind" });
  }
  if (new Set(kinds).size < kinds.length) found.push({ field, description: "must not repeat a kind" });
}

function checkPaths(paths: readonly string[], field: string, found: FieldViolation[]): void {
  if (paths.length > MAX_PATH_COUNT)
    found.push({ field, description: `must have at most ${MAX_PATH_COUNT} paths` });
  else if (unknownPaths(GuideSchema, paths).length > 0)
    found.push({ field, description: "must hold paths of Guide only" });
}

function checkTrip(trip: Trip, field: string, nowMs: number, found: FieldViolation[]): void {
  const { lodging, arrivalTime, departureTime } = trip;
  if (lodging !== undefined) {
    checkText(lodging.displayName, `${field}.lodging.display_name`, 0, 200, found);
    if (lodging.location !== undefined) checkLocation(lodging.location, `${field}.lodging.location`, found);
  }
  for (const [name, time] of [
    ["arrival_time", arrivalTime],
    ["departure_time", departureTime],
  ] as const) {
    if (time !== undefined)
      checkTimestamp(time, `${field}.${name}`, nowMs - YEAR_MS, nowMs + 3 * YEAR_MS, found);
  }
  if (
    arrivalTime !== undefined &&
    departureTime !== undefined &&
    (departureTime.seconds < arrivalTime.seconds ||
      (departureTime.seconds === arrivalTime.seconds && departureTime.nanos < arrivalTime.nanos))
  ) {
    found.push({ field: `${field}.departure_time`, description: "must not be before arrival_time" });
  }
  if (trip.travelerNames.length > MAX_TRAVELER_COUNT) {
    found.push({
      field: `${field}.traveler_names`,
      description: `must have at most ${MAX_TRAVELER_COUNT} entries`,
    });
  }
  for (const [index, name] of trip.travelerNames.slice(0, MAX_TRAVELER_COUNT).entries()) {
    checkText(name.trim(), `${field}.traveler_names[${index}]`, 1, 100, found);
  }
}

export function checkGetGuide(request: GetGuideRequest): void {
  const found: FieldViolation[] = [];
  if (!/^guides\/[\w-]{1,100}$/.test(request.name))
    found.push({ field: "name", description: "must have the form guides/{guide}" });
  checkPaths(request.readMask?.paths ?? [], "read_mask", found);
  throwIfAny(found);
}

/** A checked search: where its page starts, and what the token of the next one is bound to. */
export interface CheckedSearch {
  readonly offset: number;
  readonly tokenInputs: readonly string[];
}

/** @throws ServiceError REQUEST_INVALID with all violations at once */
export function checkSearch(request: SearchDestinationsRequest): CheckedSearch {
  const found: FieldViolation[] = [];
  const { query, languageCode, countryCode, nearLocation, pageSize, pageToken } = request;
  checkText(query.trim(), "query", 1, 200, found);
  checkLanguage(languageCode, "language_code", found);
  if (!/^([A-Za-z]{2})?$/.test(countryCode))
    found.push({ field: "country_code", description: "must be empty or two letters" });
  if (nearLocation !== undefined) checkLocation(nearLocation, "near_location", found);
  if (pageSize < 0) found.push({ field: "page_size", description: "must not be negative" });
  const near = nearLocation === undefined ? "" : `${nearLocation.latitude},${nearLocation.longitude}`;
  const tokenInputs = [query, languageCode, countryCode.toUpperCase(), near];
  const offset = readPageToken(pageToken, tokenInputs);
  if (offset === undefined) found.push(PAGE_TOKEN_VIOLATION);
  throwIfAny(found);
  return { offset: offset ?? 0, tokenInputs };
}
