import { create, fromBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  ContentQuerySchema,
  Priority,
  StreamContentResponseSchema,
  type Content,
  type ContentQuery,
  type StreamContentResponse,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { ErrorReason } from "../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { ProviderOutcomeSchema, ProviderOutcome_Kind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { MIN_USEFUL_MS } from "../../shared/deadline.ts";
import { ServiceError, toErrorReason } from "../../shared/errors.ts";
import { visibleDigest } from "./assemble/digest.ts";
import type { Entry } from "./cache/store.ts";
import type { Found } from "./cache/lookup.ts";
import type { LoadBatch, Loaded, Settled } from "./cache/loads.ts";
import { budgetExhausted } from "./cost/budget-exhausted.ts";
import type { Purpose, SpendGuard } from "./cost/spend-guard.ts";
import type { ContentClient, ReceivedContent } from "./fetch/content-client.ts";
import type { Memo } from "./memo.ts";
import { kindNameOf } from "./sections.ts";
import { MAX_LISTING_COUNT, type PlannedContent, type ResolvedSpec, type SettledContent } from "./plan.ts";

/**
 * How long "nothing there" is believed, milliseconds: shorter than content, because what a provider lacks today it may
 * have tomorrow, and long enough that an empty answer is not asked for by every caller.
 */
const NEGATIVE_LIFE_MS = 3_600_000;

const toQuery = (resolved: ResolvedSpec): ContentQuery =>
  create(ContentQuerySchema, {
    destination: resolved.destination,
    languageCode: resolved.languageCode,
    startDate: resolved.startDate,
    dayCount: resolved.dayCount,
    preferences: resolved.preferences,
    maxListingCount: MAX_LISTING_COUNT,
  });

/**
 * What the cache keeps of one provider's answer: the whole message, so that the outcome of the call stays with the
 * content that came of it. Failures and cut answers are shared with the callers that wait, and never stored.
 */
export function toLoaded(
  planned: PlannedContent,
  { response: { content, outcome }, bytes }: ReceivedContent,
  nowMs: number,
): Loaded {
  const kept = { bytes, negative: false, forbidden: false, origin: "here", inRedis: false } as const;
  if (outcome?.kind === ProviderOutcome_Kind.NOTHING_FOUND) {
    // Holds nothing of the provider's: terms that forbid to store its content do not reach it.
    const expireMs = nowMs + Math.min(planned.lifeMs, NEGATIVE_LIFE_MS);
    return { ...kept, negative: true, storedMs: nowMs, expireMs, storable: true };
  }
  if (content?.fetchTime === undefined) return { ...kept, storedMs: nowMs, expireMs: nowMs, storable: false };
  const fetchMs = timestampMs(content.fetchTime);
  // Embedded data carries the date of its data set; what ages in the cache is our copy of it.
  const fromMs = Math.max(fetchMs, nowMs - planned.lifeMs);
  const termsMs = content.storeUntilTime === undefined ? Infinity : timestampMs(content.storeUntilTime);
  const expireMs = Math.min(fromMs + planned.lifeMs, termsMs);
  const complete = outcome?.kind === ProviderOutcome_Kind.CONTENT;
  return {
    ...kept,
    storedMs: fetchMs,
    expireMs: Math.max(expireMs, fetchMs),
    storable: complete && expireMs > nowMs,
    forbidden: termsMs <= fetchMs,
  };
}

/** Where calls for a purpose stand in the queues of content-fetcher. */
export const PRIORITY = {
  caller: Priority.INTERACTIVE,
  refresh: Priority.REFRESH,
  warming: Priority.WARMING,
} as const satisfies Record<Purpose, Priority>;

/** Told of every content that came from its provider, with a digest of what a traveller can see in it, behind the load. */
export type ContentLoaded = (kind: string, key: string, digest: string) => void;

export interface ContentLoadOptions {
  readonly client: ContentClient;
  readonly guard: SpendGuard;
  readonly now: () => number;
  readonly contentLoaded: ContentLoaded;
  readonly memos: { readonly contents: Memo<SettledContent> };
}

/**
 * Loads contents of one plan over one server stream.
 *
 * @param purpose for whom: callers go before refreshes, and those before warming
 * @param remainingMs what the starting caller's deadline leaves, passed on over the hop
 * @throws ServiceError from the batch: BUDGET_EXHAUSTED from the spend guard; what the client throws
 */
export const createContentLoad =
  (
    options: ContentLoadOptions,
    resolved: ResolvedSpec,
    contents: readonly PlannedContent[],
    purpose: Purpose,
    remainingMs: () => number,
  ): LoadBatch =>
  (keys, signal) =>
    loadContents(
      options,
      resolved,
      contents.filter(({ key }) => keys.includes(key)),
      purpose,
      remainingMs,
      signal,
    );

/** A function of the module: V8 keeps what a generator function refers to until a full collection. */
async function* loadContents(
  { client, guard, now, contentLoaded, memos }: ContentLoadOptions,
  resolved: ResolvedSpec,
  wanted: readonly PlannedContent[],
  purpose: Purpose,
  remainingMs: () => number,
  signal: AbortSignal,
): AsyncGenerator<readonly [string, Settled]> {
  const callCount = wanted.filter(({ embedded }) => !embedded).length;
  const waitMs = callCount === 0 ? undefined : guard.take(callCount, purpose);
  if (waitMs !== undefined) throw budgetExhausted(waitMs);
  const unsettled = new Set(wanted);
  const contentsByPlanned = new Map<PlannedContent, Content>();
  /** Nothing that ends now was given the time that another caller may have. */
  const isLate = (): boolean => remainingMs() < MIN_USEFUL_MS;
  try {
    for await (const received of client.stream(
      wanted,
      toQuery(resolved),
      PRIORITY[purpose],
      remainingMs(),
      signal,
    )) {
      const { response } = received;
      const planned = wanted.find(
        ({ kind, provider }) =>
          kind === response.target?.sectionKind && provider === response.target.provider,
      );
      if (planned === undefined)
        throw new ServiceError("INTERNAL", "content-fetcher settled a target that it was not asked for");
      unsettled.delete(planned);
      const loaded = toLoaded(planned, received, now());
      const { content } = response;
      if (content !== undefined && !loaded.forbidden) contentsByPlanned.set(planned, content);
      // Decoded once: those who wait for it find it here.
      memos.contents.of(planned.key, [loaded.bytes], () => settledOf(planned, response, loaded));
      const cutShort = !loaded.storable && !loaded.forbidden && isLate();
      yield [planned.key, { state: "loaded", loaded, cutShort } satisfies Settled];
    }
  } catch (error) {
    if (!(error instanceof ServiceError && error.reason === "DEADLINE_EXPIRED")) throw error;
    for (const { key } of unsettled)
      yield [key, { state: "failed", error, cutShort: true } satisfies Settled];
  } finally {
    // Behind the last content: whoever has one does not wait for a digest.
    for (const [planned, content] of contentsByPlanned)
      contentLoaded(kindNameOf(planned.kind), planned.key, digestOf(content));
  }
}

const digestOf = ({ narratives, facts, listings, forecasts }: Content): string =>
  visibleDigest([narratives, facts, listings, forecasts]);

function settledOf(
  planned: PlannedContent,
  { content, outcome }: StreamContentResponse,
  { bytes, expireMs }: Pick<Entry, "bytes" | "expireMs">,
): SettledContent {
  if (outcome === undefined) throw new ServiceError("INTERNAL", "a content has no outcome");
  return { planned, content, outcome, expireMs, source: bytes };
}

/** Reads a cache entry back as what assembly works on. */
const fromEntry = (planned: PlannedContent, entry: Entry): SettledContent =>
  settledOf(planned, fromBinary(StreamContentResponseSchema, entry.bytes), entry);

/** What a lookup found, as assembly sees it: a failure of ours stands there with our reason. */
export function toSettled(
  planned: PlannedContent,
  found: Found,
  nowMs: number,
  memo: Memo<SettledContent>,
): SettledContent {
  switch (found.state) {
    case "found":
      return memo.of(planned.key, [found.entry.bytes], () => fromEntry(planned, found.entry));
    case "not-fetched":
      return missing(
        planned,
        ProviderOutcome_Kind.SKIPPED,
        ErrorReason.NOT_CACHED,
        undefined,
        "only the cache was asked",
        nowMs,
        found,
      );
    case "failed": {
      const error =
        found.error instanceof ServiceError
          ? found.error
          : new ServiceError("INTERNAL", "the load failed", { cause: found.error });
      return missing(
        planned,
        ProviderOutcome_Kind.FAILED,
        toErrorReason(error.reason),
        error.retryDelayMs,
        error.message,
        nowMs,
        error,
      );
    }
  }
}

const missing = (
  planned: PlannedContent,
  kind: ProviderOutcome_Kind,
  reason: ErrorReason,
  retryDelayMs: number | undefined,
  detail: string,
  nowMs: number,
  source: object,
): SettledContent => ({
  planned,
  content: undefined,
  outcome: create(ProviderOutcomeSchema, {
    provider: planned.provider,
    kind,
    reason,
    detail,
    latency: durationFromMs(0),
    ...(retryDelayMs !== undefined && { retryDelay: durationFromMs(Math.ceil(retryDelayMs)) }),
  }),
  expireMs: nowMs,
  source,
});
