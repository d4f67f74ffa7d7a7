import { metrics, SpanKind } from "@opentelemetry/api";
import type { ZodType } from "zod";
import type { Secret } from "../../../shared/config.ts";
import { ServiceError, type Reason } from "../../../shared/errors.ts";
import { ATTRIBUTE } from "../../../shared/telemetry/attributes.ts";
import { DURATION_BUCKETS_S } from "../../../shared/telemetry/interceptors.ts";
import { keepTraceInside } from "../../../shared/telemetry/propagation.ts";
import { inSpan } from "../../../shared/telemetry/spans.ts";
import type { ChargeAttempt } from "../cost/bill.ts";
import type { Provider } from "../provider.ts";
import type { Clock } from "../resilience/clock.ts";
import { createPipeline, type PipelineStatus } from "../resilience/pipeline.ts";
import type { CallScope } from "../resilience/policy.ts";
import { attempt, type AttemptTarget } from "./attempt.ts";
import type { HttpAnswer, HttpClient, HttpRequest } from "./http-client.ts";
import { tryPaid, UnpaidAttempt } from "./paid-attempt.ts";
import type { Pool } from "./pool.ts";
import { parseRateHeaders } from "./rate-headers.ts";

const VERSION = "0.1";

export interface LinkOptions {
  readonly pool: Pool;
  /** Base URL of each origin setting. */
  readonly baseUrls: Readonly<Record<string, string>>;
  /** URL or e-mail address of whoever operates this installation; providers want to know whom to write to. */
  readonly operatorContact: string | undefined;
  /** Whether slow reads get a second copy, where that costs nothing. */
  readonly hedging: boolean;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

/** What a provider's calls are made through, and how it is. */
export interface ProviderLink {
  /**
   * A client for one provider call, which ends with the scope and counts its attempts.
   *
   * @param charge asked before each attempt, and told how it ended; undefined when they are free
   */
  readonly open: (
    scope: Omit<CallScope, "repeatable">,
    charge?: ChargeAttempt,
  ) => {
    readonly http: HttpClient;
    readonly attemptCount: () => number;
    /** Of those attempts, the ones that the provider answered with a success. */
    readonly answeredCount: () => number;
  };
  readonly status: () => PipelineStatus;
}

/** What an adapter asked for, and of whom. */
interface Ask<T> {
  readonly target: AttemptTarget;
  readonly request: HttpRequest;
  readonly schema: ZodType<T>;
  readonly judge: ((answer: HttpAnswer<T>) => void) | undefined;
}

/** The User-Agent that providers' rules ask for: name, version and the operator's contact. */
export const userAgent = (operatorContact: string | undefined): string =>
  operatorContact === undefined ? `Wayfarer/${VERSION}` : `Wayfarer/${VERSION} (${operatorContact})`;

/**
 * Builds the pipeline of one provider once; all its calls share limits, pauses and circuits.
 *
 * @param key undefined when the provider needs none, or none is set
 */
export function createProviderLink(
  provider: Provider,
  key: Secret | undefined,
  options: LinkOptions,
): ProviderLink {
  const { limits } = provider;
  const { pool, now, clock } = options;
  const name = `providers/${provider.id}`;
  const maxCallsPerMinute =
    options.operatorContact === undefined
      ? (limits.maxCallsPerMinuteWithoutContact ?? limits.maxCallsPerMinute)
      : limits.maxCallsPerMinute;
  const pipeline = createPipeline({
    origins: provider.origins.map(({ setting }) => setting),
    attemptTimeoutMs: limits.attemptTimeoutMs,
    maxConcurrentCount: limits.maxConcurrentCount,
    maxCallsPerMinute,
    maxBurstCount: limits.maxBurstCount ?? Math.max(1, maxCallsPerMinute ?? 1),
    hedged: options.hedging && provider.keySetting === undefined,
    clock,
    random: options.random,
  });
  const identity = { userAgent: userAgent(options.operatorContact), provider: provider.id, key };
  const duration = metrics.getMeter("wayfarer").createHistogram("wayfarer.provider.attempt.duration", {
    unit: "s",
    description: "Duration of attempts, waiting for a socket included",
    advice: { explicitBucketBoundaries: DURATION_BUCKETS_S },
  });

  const measure = (startMs: number, reason?: Reason): void =>
    duration.record((clock.now() - startMs) / 1000, {
      [ATTRIBUTE.provider]: name,
      ...(reason !== undefined && { [ATTRIBUTE.reason]: reason }),
    });

  /** One attempt in a span of its own; `number` counts from 1 within the provider call. */
  const tryOnce = <T>(number: number, ask: Ask<T>, scope: CallScope): Promise<HttpAnswer<T>> =>
    inSpan(
      "provider attempt",
      { [ATTRIBUTE.provider]: name, [ATTRIBUTE.attempt]: number },
      async (span) => {
        const startMs = clock.now();
        try {
          const answer = await pool.withSocket(ask.target.baseUrl, scope, (dispatcher) =>
            keepTraceInside(() =>
              attempt(dispatcher, ask.target, ask.request, ask.schema, scope.signal, now),
            ),
          );
          span.setAttribute(ATTRIBUTE.httpStatus, answer.status);
          ask.judge?.(answer);
          measure(startMs);
          return answer;
        } catch (error) {
          measure(startMs, error instanceof ServiceError ? error.reason : "INTERNAL");
          throw error;
        }
      },
      SpanKind.INTERNAL,
    );

  return {
    status: pipeline.status,
    open: (scope, charge) => {
      let attemptCount = 0;
      let answeredCount = 0;
      const onAnswer: AttemptTarget["onAnswer"] = (status, headers) => {
        if (status >= 200 && status < 300) answeredCount += 1;
        const seen = parseRateHeaders(headers, now());
        if (seen !== undefined) pipeline.observeQuota(seen);
      };

      function tryNext<T>(
        ask: Omit<Ask<T>, "target">,
        target: Pick<AttemptTarget, "baseUrl" | "onSend" | "onAnswer">,
        attemptScope: CallScope,
      ): Promise<HttpAnswer<T>> {
        attemptCount += 1;
        return tryOnce(attemptCount, { ...ask, target: { ...identity, ...target } }, attemptScope);
      }

      return {
        attemptCount: () => attemptCount,
        answeredCount: () => answeredCount,
        http: {
          json: async (request, schema, judge) => {
            const baseUrl = options.baseUrls[request.origin];
            if (baseUrl === undefined)
              throw new Error(`${provider.id} asks for an origin that has no base URL: ${request.origin}`);
            const ask = { request, schema, judge };
            try {
              return await pipeline
                .to(request.origin)
                .execute(
                  (attemptScope) =>
                    charge === undefined
                      ? tryNext(ask, { baseUrl, onAnswer }, attemptScope)
                      : tryPaid(
                          { charge, callSignal: scope.signal, onAnswer },
                          attemptScope.signal,
                          (watch) => tryNext(ask, { baseUrl, ...watch }, attemptScope),
                        ),
                  { ...scope, repeatable: request.repeatable ?? true },
                );
            } catch (error) {
              throw error instanceof UnpaidAttempt ? error.cause : error;
            }
          },
        },
      };
    },
  };
}
