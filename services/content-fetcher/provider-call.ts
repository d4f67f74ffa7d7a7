import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { metrics } from "@opentelemetry/api";
import {
  ProviderOutcome_Kind as OutcomeKind,
  ProviderOutcome_KindSchema,
  ProviderOutcomeSchema,
  SectionKindSchema,
  type ProviderOutcome,
  type SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError, toErrorReason, toReason, type Reason } from "../../shared/errors.ts";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import { DURATION_BUCKETS_S } from "../../shared/telemetry/interceptors.ts";
import { inSpan, recordFailure } from "../../shared/telemetry/spans.ts";
import { openBill, type Price } from "./cost/bill.ts";
import type { Ledger } from "./cost/ledger.ts";
import { giveWay } from "./http/give-way.ts";
import { ChargedError, type FetchContext, type Offering } from "./provider.ts";
import type { ProviderEntry } from "./provider-entry.ts";
import type { CallScope } from "./resilience/policy.ts";

/** What one RPC shares between its targets. */
export interface RpcScope extends Omit<CallScope, "repeatable"> {
  /** Kinds asked of each provider, by its id. */
  readonly kindsOf: (providerId: string) => ReadonlySet<SectionKind>;
  readonly share: FetchContext["share"];
}

type Priced = Pick<Offering, "expectedCostUsdMicros" | "worstCostUsdMicros">;

/** One call of one provider: what is asked, and which outcome an answer is. */
export interface ProviderCall<T> {
  readonly entry: ProviderEntry;
  /** Undefined for geocoding and for reviews. */
  readonly kind: SectionKind | undefined;
  /** What a request costs; absent: what the offering of the kind says. */
  readonly priced?: Priced;
  readonly scope: RpcScope;
  readonly ask: (context: FetchContext) => Promise<T>;
  readonly kindOf: (value: T) => OutcomeKind;
  /** What the provider says that the call has cost, millionths of a US dollar; undefined when it does not say. */
  readonly costOf: (value: T) => number | undefined;
}

export interface CallResult<T> {
  /** Undefined when it failed or was not made. */
  readonly value: T | undefined;
  readonly outcome: ProviderOutcome;
}

/** Reasons for which a provider is not called at all; a call that had attempts before them has failed. */
const SKIPPED: ReadonlySet<Reason> = new Set<Reason>([
  "PROVIDER_OUT_OF_COVERAGE",
  "PROVIDER_NOT_CONFIGURED",
  "PROVIDER_CIRCUIT_OPEN",
  "PROVIDER_RATE_LIMITED",
  "BUDGET_EXHAUSTED",
  "OVERLOADED",
  "DEADLINE_TOO_SHORT",
]);

/** Name of an outcome without its prefix, for spans and metrics. */
const outcomeNameOf = (kind: OutcomeKind): string =>
  ProviderOutcome_KindSchema.value[kind]?.localName ?? String(kind);

/** Geocoding is free. */
function priceOf(offering: Priced | undefined): Price {
  const expectedUsdMicros = Math.ceil(offering?.expectedCostUsdMicros ?? 0);
  return { expectedUsdMicros, worstUsdMicros: Math.ceil(offering?.worstCostUsdMicros ?? expectedUsdMicros) };
}

const sectionNameOf = (kind: SectionKind): string => SectionKindSchema.value[kind]?.localName ?? String(kind);

/** Runs a provider call to its outcome; rejects only with the end of the RPC itself. */
export type RunProviderCall = <T>(call: ProviderCall<T>) => Promise<CallResult<T>>;

/**
 * @param ledger allows and counts what calls cost
 * @param now wall clock, milliseconds since the epoch
 * @param monotonicNow milliseconds
 * @param reportDefect told of errors that are ours: the outcome says INTERNAL, the log has the cause
 */
export function createProviderCalls(
  ledger: Ledger,
  now: () => number,
  monotonicNow: () => number,
  reportDefect: (error: unknown) => void,
): RunProviderCall {
  const duration = metrics.getMeter("wayfarer").createHistogram("wayfarer.provider.call.duration", {
    unit: "s",
    description: "Duration of provider calls, waiting included",
    advice: { explicitBucketBoundaries: DURATION_BUCKETS_S },
  });

  function measure(
    { name }: ProviderEntry,
    latencyMs: number,
    end: MessageInitShape<typeof ProviderOutcomeSchema>,
  ): void {
    const reason = end.reason === undefined ? undefined : toReason(end.reason);
    duration.record(latencyMs / 1000, {
      [ATTRIBUTE.provider]: name,
      [ATTRIBUTE.outcome]: outcomeNameOf(end.kind ?? OutcomeKind.UNSPECIFIED),
      ...(reason !== undefined && { [ATTRIBUTE.reason]: reason }),
    });
  }

  return async ({ entry, kind, priced, scope, ask, kindOf, costOf }) => {
    const { name, provider, link, missingSetting, switchedOn, texts } = entry;
    const section = kind === undefined ? "" : sectionNameOf(kind);
    const price = priceOf(priced ?? provider.offerings.find((offering) => offering.kind === kind));
    const bill = openBill(ledger, { provider: name, section }, price);
    const { http, attemptCount, answeredCount } = link.open(scope, bill.charge);
    const context: FetchContext = {
      http,
      signal: scope.signal,
      now,
      kinds: scope.kindsOf(provider.id),
      switchedOn,
      texts,
      share: (key, load) => scope.share(`${provider.id}/${key}`, load),
      giveWay: async () => {
        await giveWay();
        scope.signal.throwIfAborted();
      },
    };
    const startMs = monotonicNow();
    const closeBill = (read: boolean, reportedUsdMicros?: number) =>
      bill.close({ answeredCount: answeredCount(), reportedUsdMicros, read });
    const settle = (
      end: MessageInitShape<typeof ProviderOutcomeSchema>,
      reportedCost?: number,
    ): ProviderOutcome => {
      const skipped = end.kind === OutcomeKind.SKIPPED;
      const latencyMs = skipped ? 0 : monotonicNow() - startMs;
      const failed = end.kind === OutcomeKind.FAILED;
      const { usdMicros, estimated } = closeBill(true, reportedCost);
      measure(entry, latencyMs, end);
      if (!failed && !skipped && kind !== undefined) entry.latencies.get(kind)?.add(latencyMs);
      return create(ProviderOutcomeSchema, {
        ...end,
        provider: name,
        latency: durationFromMs(Math.round(latencyMs)),
        attemptCount: attemptCount(),
        costUsdMicros: BigInt(usdMicros),
        costEstimated: estimated,
      });
    };
    const attributes = {
      [ATTRIBUTE.provider]: name,
      ...(kind !== undefined && { [ATTRIBUTE.sectionKind]: section }),
    };
    return await inSpan("provider call", attributes, async (span) => {
      try {
        if (missingSetting !== undefined)
          throw new ServiceError("PROVIDER_NOT_CONFIGURED", `${missingSetting} is not set`);
        const value = await ask(context);
        const outcomeKind = kindOf(value);
        span.setAttribute(ATTRIBUTE.outcome, outcomeNameOf(outcomeKind));
        return { value, outcome: settle({ kind: outcomeKind }, costOf(value)) };
      } catch (error) {
        if (scope.signal.aborted) {
          closeBill(false);
          throw scope.signal.reason;
        }
        if (!(error instanceof ServiceError)) reportDefect(error);
        recordFailure(span, error);
        const known =
          error instanceof ServiceError ? error : new ServiceError("INTERNAL", "the adapter failed");
        const skipped = SKIPPED.has(known.reason) && attemptCount() === 0;
        if (!skipped) entry.lastFailure = { reason: known.reason, atMs: now() };
        const outcomeKind = skipped ? OutcomeKind.SKIPPED : OutcomeKind.FAILED;
        span.setAttribute(ATTRIBUTE.outcome, outcomeNameOf(outcomeKind));
        return {
          value: undefined,
          outcome: settle(
            {
              kind: outcomeKind,
              reason: toErrorReason(known.reason),
              detail: known.message,
              ...(known.retryDelayMs !== undefined && {
                retryDelay: durationFromMs(Math.ceil(known.retryDelayMs)),
              }),
            },
            known instanceof ChargedError ? known.costUsdMicros : undefined,
          ),
        };
      }
    });
  };
}
