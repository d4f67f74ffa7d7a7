import { SpanKind } from "@opentelemetry/api";
import { ATTRIBUTE } from "../../../shared/telemetry/attributes.ts";
import { keepTraceInside } from "../../../shared/telemetry/propagation.ts";
import { inSpan } from "../../../shared/telemetry/spans.ts";
import type { Provider } from "../provider.ts";
import { createAttemptTimeout } from "../resilience/attempt-timeout.ts";
import { createConcurrencyLimit } from "../resilience/concurrency-limit.ts";
import { createCooldown } from "../resilience/cooldown.ts";
import { compose } from "../resilience/policy.ts";
import { createRateLimit } from "../resilience/rate-limit.ts";
import { attempt } from "./attempt.ts";
import type { HttpClient } from "./http-client.ts";
import type { Pool } from "./pool.ts";

/** Calls of one provider that may wait for their turn. */
const MAX_QUEUED_COUNT = 100;
const VERSION = "0.1";

export interface ClientOptions {
  readonly pool: Pool;
  /** Base URL of each origin setting. */
  readonly baseUrls: Readonly<Record<string, string>>;
  /** URL or e-mail address of whoever operates this installation; providers want to know whom to write to. */
  readonly operatorContact: string | undefined;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic clock, milliseconds. */
  readonly monotonicNow: () => number;
}

/** What a provider's calls are made through, and how busy it is. */
export interface ProviderLink {
  /** A client for one provider call, which ends with the signal and counts its attempts. */
  readonly open: (signal: AbortSignal) => { readonly http: HttpClient; readonly attemptCount: () => number };
  readonly activeCount: () => number;
  readonly queuedCount: () => number;
}

/** The User-Agent that providers' rules ask for: name, version and the operator's contact. */
export const userAgent = (operatorContact: string | undefined): string =>
  operatorContact === undefined ? `Wayfarer/${VERSION}` : `Wayfarer/${VERSION} (${operatorContact})`;

/** Builds the pipeline of one provider once; all its calls share limits and pauses. */
export function createProviderLink(provider: Provider, options: ClientOptions): ProviderLink {
  const { limits } = provider;
  const perMinute =
    options.operatorContact === undefined
      ? (limits.maxCallsPerMinuteWithoutContact ?? limits.maxCallsPerMinute)
      : limits.maxCallsPerMinute;
  const concurrency = createConcurrencyLimit(Math.max(1, limits.maxConcurrentCount), MAX_QUEUED_COUNT);
  const pipeline = compose(
    createCooldown(options.monotonicNow),
    concurrency,
    ...(perMinute === undefined ? [] : [createRateLimit(perMinute, options.monotonicNow)]),
    createAttemptTimeout(limits.attemptTimeoutMs),
  );
  const agent = userAgent(options.operatorContact);
  return {
    activeCount: concurrency.activeCount,
    queuedCount: concurrency.queuedCount,
    open: (signal) => {
      let attempts = 0;
      return {
        attemptCount: () => attempts,
        http: {
          json: (request, schema) =>
            pipeline.execute((attemptSignal) => {
              const baseUrl = options.baseUrls[request.origin];
              if (baseUrl === undefined)
                throw new Error(
                  `${provider.id} asks for an origin that it does not declare: ${request.origin}`,
                );
              attempts += 1;
              return inSpan(
                "provider attempt",
                { [ATTRIBUTE.provider]: `providers/${provider.id}`, [ATTRIBUTE.attempt]: attempts },
                async (span) => {
                  const answer = await keepTraceInside(() =>
                    attempt(
                      options.pool.dispatcher,
                      { baseUrl, userAgent: agent, provider: provider.id },
                      request,
                      schema,
                      attemptSignal,
                      options.now,
                    ),
                  );
                  span.setAttribute(ATTRIBUTE.httpStatus, answer.status);
                  return answer;
                },
                SpanKind.INTERNAL,
              );
            }, signal),
        },
      };
    },
  };
}
