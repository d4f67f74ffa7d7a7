import { create } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  FetchContentResponseSchema,
  ReviewGuideResponseSchema,
  StreamContentResponseSchema,
  type ContentService,
  type ContentTarget,
  type StreamContentResponse,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { FieldViolation } from "../../shared/errors.ts";
import { REPORTING_RESERVE_MS, startDeadline, type Deadline } from "../../shared/deadline.ts";
import type { RpcScope } from "./provider-call.ts";
import { throwIfAny } from "../../shared/field-checks.ts";
import { toBudget, toSums } from "./provider-message.ts";
import type { Registry } from "./registry.ts";
import type { Priority } from "./resilience/policy.ts";
import { checkGeocode, checkPriority, checkQuery, checkReview, checkTargets } from "./validation.ts";

/** What a call without a deadline gets: the slowest attempt timeout, twice. */
const DEFAULT_DEADLINE_MS = 20_000;
const DEFAULT_DESTINATION_COUNT = 5;
const MAX_DESTINATION_COUNT = 20;

/** ContentService over a registry: check, delegate, answer. */
export function createContentService(
  registry: Registry,
  now: () => number,
  monotonicNow: () => number,
): ServiceImpl<typeof ContentService> {
  const deadlineOf = (call: HandlerContext): Deadline =>
    startDeadline({
      timeoutMs: call.timeoutMs(),
      defaultMs: DEFAULT_DEADLINE_MS,
      reserveMs: REPORTING_RESERVE_MS,
      callerSignal: call.signal,
      now: monotonicNow,
    });

  /** One memo per RPC: a page or a combined query that several targets need is asked for once. */
  function scopeOf(targets: readonly ContentTarget[], deadline: Deadline, priority: Priority): RpcScope {
    const shared = new Map<string, Promise<unknown>>();
    return {
      signal: deadline.signal,
      endMs: monotonicNow() + deadline.remainingMs(),
      priority,
      kindsOf: (providerId) =>
        new Set(
          targets
            .filter(({ provider }) => provider === `providers/${providerId}`)
            .map(({ sectionKind }) => sectionKind),
        ),
      share: <T>(key: string, load: () => Promise<T>): Promise<T> => {
        const running = shared.get(key);
        // A key belongs to one adapter, which always loads the same type under it.
        if (running !== undefined) return running as Promise<T>;
        const started = load();
        shared.set(key, started);
        return started;
      },
    };
  }

  return {
    fetchContent: async (request, call) => {
      const problems = checkTargets(request.target ? [request.target] : [], "target", registry);
      const priority = checkPriority(request.priority, problems);
      const query = checkQuery(request.query, now(), problems);
      throwIfAny(problems);
      const deadline = deadlineOf(call);
      try {
        const [target] = request.target ? [request.target] : [];
        if (target === undefined || query === undefined)
          throw new Error("a checked request has a target and a query");
        const { content, outcome } = await registry.fetch(
          target.provider,
          target.sectionKind,
          query,
          scopeOf([target], deadline, priority),
        );
        return create(FetchContentResponseSchema, { outcome, ...(content && { content }) });
      } finally {
        deadline.close();
      }
    },

    streamContent: async function* (request, call) {
      const problems = checkTargets(request.targets, "targets", registry);
      const priority = checkPriority(request.priority, problems);
      const query = checkQuery(request.query, now(), problems);
      throwIfAny(problems);
      if (query === undefined) throw new Error("a checked request has a query");
      const deadline = deadlineOf(call);
      const scope = scopeOf(request.targets, deadline, priority);
      try {
        const pending = new Map<number, Promise<{ index: number; response: StreamContentResponse }>>(
          request.targets.map((target, index) => [
            index,
            registry
              .fetch(target.provider, target.sectionKind, query, scope)
              .then(({ content, outcome }) => ({
                index,
                response: create(StreamContentResponseSchema, {
                  target,
                  outcome,
                  ...(content && { content }),
                }),
              })),
          ]),
        );
        for (const promise of pending.values()) promise.catch(() => {});
        while (pending.size > 0) {
          const { index, response } = await Promise.race(pending.values());
          pending.delete(index);
          yield response;
        }
      } finally {
        deadline.close();
      }
    },

    geocodeDestination: async (request, call) => {
      throwIfAny(checkGeocode(request));
      const deadline = deadlineOf(call);
      try {
        const asked =
          request.maxDestinationCount === 0 ? DEFAULT_DESTINATION_COUNT : request.maxDestinationCount;
        const languageCode = request.languageCode === "" ? "en" : request.languageCode;
        return await registry.geocode(
          request.query.trim(),
          languageCode,
          Math.min(asked, MAX_DESTINATION_COUNT),
          scopeOf([], deadline, "interactive"),
        );
      } finally {
        deadline.close();
      }
    },

    reviewGuide: async (request, call) => {
      const problems: FieldViolation[] = [];
      checkReview(request, registry, problems);
      const priority = checkPriority(request.priority, problems);
      const query = checkQuery(request.query, now(), problems);
      throwIfAny(problems);
      if (query === undefined) throw new Error("a checked request has a query");
      const deadline = deadlineOf(call);
      try {
        const { review, outcome } = await registry.review(
          request.provider,
          { query, sections: request.sections },
          scopeOf([], deadline, priority),
        );
        return create(ReviewGuideResponseSchema, { outcome, ...(review && { review }) });
      } finally {
        deadline.close();
      }
    },

    listProviders: () => ({
      providers: registry.list(),
      ...toSums(registry.spending()),
      ...toBudget(registry.dailyBudgetUsdMicros),
    }),
  };
}
