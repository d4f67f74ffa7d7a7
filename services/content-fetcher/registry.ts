import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { metrics, type Histogram } from "@opentelemetry/api";
import {
  ContentSchema,
  Provider_State,
  ProviderSchema,
  type Content,
  type Provider as ProviderMessage,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  DestinationSchema,
  ProviderOutcome_Kind as OutcomeKind,
  ProviderOutcome_KindSchema,
  ProviderOutcomeSchema,
  SectionKindSchema,
  type Destination,
  type ProviderOutcome,
  type SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError, toErrorReason, toReason, type Reason } from "../../shared/errors.ts";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import { DURATION_BUCKETS_S } from "../../shared/telemetry/interceptors.ts";
import { inSpan, recordFailure } from "../../shared/telemetry/spans.ts";
import { createProviderLink, type ClientOptions, type ProviderLink } from "./http/clients.ts";
import { createLatencyWindow, type LatencyWindow } from "./latency-window.ts";
import type { Answer, FetchContext, Provider, ResolvedQuery } from "./provider.ts";

/** What one RPC shares between its targets. */
export interface RpcScope {
  readonly signal: AbortSignal;
  /** Kinds asked of each provider, by its id. */
  readonly kindsOf: (providerId: string) => ReadonlySet<SectionKind>;
  readonly share: FetchContext["share"];
}

export interface FetchResult {
  readonly content: Content | undefined;
  readonly outcome: ProviderOutcome;
}

/** The providers of this server, and the one way to call them: what a provider does becomes data here. */
export interface Registry {
  readonly offers: (resourceName: string, kind: SectionKind) => boolean;
  readonly has: (resourceName: string) => boolean;
  /** Never rejects for what a provider did; rejects with CALLER_GONE or DEADLINE_EXPIRED when the call is over. */
  readonly fetch: (
    resourceName: string,
    kind: SectionKind,
    query: ResolvedQuery,
    scope: RpcScope,
  ) => Promise<FetchResult>;
  readonly geocode: (
    query: string,
    languageCode: string,
    maxCount: number,
    signal: AbortSignal,
  ) => Promise<{ readonly destinations: Destination[]; readonly outcomes: ProviderOutcome[] }>;
  readonly list: () => ProviderMessage[];
}

/** Reasons for which a provider was not called at all. */
const SKIPPED: ReadonlySet<Reason> = new Set<Reason>([
  "PROVIDER_OUT_OF_COVERAGE",
  "PROVIDER_NOT_CONFIGURED",
  "PROVIDER_CIRCUIT_OPEN",
  "BUDGET_EXHAUSTED",
  "DEADLINE_TOO_SHORT",
]);

interface Entry {
  readonly provider: Provider;
  readonly link: ProviderLink;
  readonly latencies: ReadonlyMap<SectionKind, LatencyWindow>;
}

/** @param reportDefect told of errors that are ours: the outcome says INTERNAL, the log has the cause */
export function createRegistry(
  providers: readonly Provider[],
  clientOptions: ClientOptions,
  reportDefect: (error: unknown) => void,
): Registry {
  const { now, monotonicNow } = clientOptions;
  const duration = metrics.getMeter("wayfarer").createHistogram("wayfarer.provider.call.duration", {
    unit: "s",
    description: "Duration of provider calls, waiting included",
    advice: { explicitBucketBoundaries: DURATION_BUCKETS_S },
  });
  const entries = new Map<string, Entry>(
    providers.map((provider) => [
      `providers/${provider.id}`,
      {
        provider,
        link: createProviderLink(provider, clientOptions),
        latencies: new Map(provider.offerings.map(({ kind }) => [kind, createLatencyWindow(monotonicNow)])),
      },
    ]),
  );

  function contextOf(entry: Entry, scope: RpcScope): { context: FetchContext; attemptCount: () => number } {
    const { http, attemptCount } = entry.link.open(scope.signal);
    const { id } = entry.provider;
    const context: FetchContext = {
      http,
      signal: scope.signal,
      now,
      kinds: scope.kindsOf(id),
      share: (key, load) => scope.share(`${id}/${key}`, load),
    };
    return { context, attemptCount };
  }

  /** Runs a provider call to its outcome, measures it, and lets only the end of the RPC itself through as an error. */
  async function run<T>(
    name: string,
    entry: Entry,
    kind: SectionKind | undefined,
    scope: RpcScope,
    call: (context: FetchContext) => Promise<T>,
    kindOf: (value: T) => OutcomeKind,
  ): Promise<{ value: T | undefined; outcome: ProviderOutcome }> {
    const { context, attemptCount } = contextOf(entry, scope);
    const startMs = monotonicNow();
    const settle = (end: MessageInitShape<typeof ProviderOutcomeSchema>): ProviderOutcome => {
      const skipped = end.kind === OutcomeKind.SKIPPED;
      const latencyMs = skipped ? 0 : monotonicNow() - startMs;
      measure(duration, name, latencyMs, end);
      if (end.kind !== OutcomeKind.FAILED && !skipped && kind !== undefined)
        entry.latencies.get(kind)?.add(latencyMs);
      return create(ProviderOutcomeSchema, {
        ...end,
        provider: name,
        latency: durationFromMs(Math.round(latencyMs)),
        attemptCount: attemptCount(),
      });
    };
    return await inSpan(
      "provider call",
      {
        [ATTRIBUTE.provider]: name,
        ...(kind !== undefined && {
          [ATTRIBUTE.sectionKind]: SectionKindSchema.value[kind]?.localName ?? String(kind),
        }),
      },
      async (span) => {
        try {
          const value = await call(context);
          const outcomeKind = kindOf(value);
          span.setAttribute(ATTRIBUTE.outcome, outcomeNameOf(outcomeKind));
          return { value, outcome: settle({ kind: outcomeKind }) };
        } catch (error) {
          if (scope.signal.aborted) throw scope.signal.reason;
          if (!(error instanceof ServiceError)) reportDefect(error);
          recordFailure(span, error);
          const known =
            error instanceof ServiceError ? error : new ServiceError("INTERNAL", "the adapter failed");
          const outcomeKind =
            SKIPPED.has(known.reason) || (known.reason === "PROVIDER_RATE_LIMITED" && attemptCount() === 0)
              ? OutcomeKind.SKIPPED
              : OutcomeKind.FAILED;
          span.setAttribute(ATTRIBUTE.outcome, outcomeNameOf(outcomeKind));
          return {
            value: undefined,
            outcome: settle({
              kind: outcomeKind,
              reason: toErrorReason(known.reason),
              detail: known.message,
              ...(known.retryDelayMs !== undefined && {
                retryDelay: durationFromMs(Math.ceil(known.retryDelayMs)),
              }),
            }),
          };
        }
      },
    );
  }

  return {
    has: (name) => entries.has(name),
    offers: (name, kind) =>
      entries.get(name)?.provider.offerings.some((offering) => offering.kind === kind) === true,
    fetch: async (name, kind, query, scope) => {
      const entry = entries.get(name);
      if (entry === undefined) throw new ServiceError("INTERNAL", "a target was not checked");
      const { value, outcome } = await run(
        name,
        entry,
        kind,
        scope,
        (context) => fetchChecked(entry.provider, kind, query, context),
        answerKind,
      );
      return {
        content: value?.state === "content" ? toContent(entry.provider, kind, value, now()) : undefined,
        outcome,
      };
    },
    geocode: async (query, languageCode, maxCount, signal) => {
      const outcomes: ProviderOutcome[] = [];
      for (const [name, entry] of entries) {
        const { geocode } = entry.provider;
        if (geocode === undefined) continue;
        const scope: RpcScope = { signal, kindsOf: () => new Set(), share: (_key, load) => load() };
        const { value, outcome } = await run(
          name,
          entry,
          undefined,
          scope,
          (context) => geocode(query, languageCode, maxCount, context),
          (found) => (found.length > 0 ? OutcomeKind.CONTENT : OutcomeKind.NOTHING_FOUND),
        );
        outcomes.push(outcome);
        if (value !== undefined && value.length > 0) {
          return {
            destinations: value.slice(0, maxCount).map((found) => create(DestinationSchema, found)),
            outcomes,
          };
        }
      }
      return { destinations: [], outcomes };
    },
    list: () => [...entries].map(([name, entry]) => toMessage(name, entry, clientOptions.baseUrls)),
  };
}

function measure(
  duration: Histogram,
  provider: string,
  latencyMs: number,
  end: MessageInitShape<typeof ProviderOutcomeSchema>,
): void {
  const reason = end.reason === undefined ? undefined : toReason(end.reason);
  duration.record(latencyMs / 1000, {
    [ATTRIBUTE.provider]: provider,
    [ATTRIBUTE.outcome]: outcomeNameOf(end.kind ?? OutcomeKind.UNSPECIFIED),
    ...(reason !== undefined && { [ATTRIBUTE.reason]: reason }),
  });
}

/** Name of an outcome without its prefix, for spans and metrics. */
const outcomeNameOf = (kind: OutcomeKind): string =>
  ProviderOutcome_KindSchema.value[kind]?.localName ?? String(kind);

const answerKind = (answer: Answer): OutcomeKind => {
  if (answer.state === "nothing-found") return OutcomeKind.NOTHING_FOUND;
  return answer.partial ? OutcomeKind.PARTIAL_CONTENT : OutcomeKind.CONTENT;
};

/** Holds every adapter to the promise that no text is without a source. */
async function fetchChecked(
  provider: Provider,
  kind: SectionKind,
  query: ResolvedQuery,
  context: FetchContext,
): Promise<Answer> {
  const answer = await provider.fetch(kind, query, context);
  if (answer.state === "nothing-found") return answer;
  const { narratives = [], facts = [], listings = [], forecasts = [] } = answer.content;
  const items = [...narratives, ...facts, ...listings, ...forecasts];
  if (items.length === 0) return { state: "nothing-found" };
  if (items.some(({ citations }) => citations === undefined || citations.length === 0)) {
    throw new Error(`${provider.id} returned an item without a citation`);
  }
  if (
    narratives.some(({ text }) => text === undefined || text.trim() === "") ||
    listings.some(({ title }) => title === undefined || title.trim() === "")
  ) {
    throw new Error(`${provider.id} returned an item without text`);
  }
  return answer;
}

function toContent(
  provider: Provider,
  kind: SectionKind,
  answer: Answer & { state: "content" },
  nowMs: number,
): Content {
  const { terms } = provider;
  const content = create(ContentSchema, answer.content);
  content.provider = `providers/${provider.id}`;
  content.sectionKind = kind;
  content.fetchTime ??= timestampFromMs(nowMs);
  if (content.attribution === undefined && terms.attribution !== "") {
    content.attribution = {
      $typeName: "wayfarer.type.v1.Attribution",
      provider: content.provider,
      text: terms.attribution,
      uri: terms.uri,
      license: terms.license,
    };
  }
  const fetchMs = timestampMs(content.fetchTime);
  const ends = [
    ...(terms.storable ? [] : [fetchMs]),
    ...(terms.maxStorageMs === undefined ? [] : [fetchMs + terms.maxStorageMs]),
    ...(content.storeUntilTime === undefined ? [] : [timestampMs(content.storeUntilTime)]),
  ];
  if (ends.length > 0) content.storeUntilTime = timestampFromMs(Math.min(...ends));
  return content;
}

function toMessage(
  name: string,
  { provider, link, latencies }: Entry,
  baseUrls: Readonly<Record<string, string>>,
): ProviderMessage {
  return create(ProviderSchema, {
    name,
    displayName: provider.displayName,
    offerings: provider.offerings.map(({ kind, dependsOn }) => {
      const medianMs = latencies.get(kind)?.medianMs();
      return {
        sectionKind: kind,
        dependsOn: [...dependsOn],
        ...(medianMs !== undefined && { medianLatency: durationFromMs(Math.round(medianMs)) }),
      };
    }),
    terms: {
      license: provider.terms.license,
      uri: provider.terms.uri,
      attribution: provider.terms.attribution,
      storable: provider.terms.storable,
      ...(provider.terms.maxStorageMs !== undefined && {
        maxStorageDuration: durationFromMs(provider.terms.maxStorageMs),
      }),
    },
    state: Provider_State.ACTIVE,
    activeCallCount: link.activeCount(),
    queuedCallCount: link.queuedCount(),
    baseUris: provider.origins.flatMap(({ setting }) => baseUrls[setting] ?? []),
  });
}
