import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import {
  ComposeGuideResponseSchema,
  GetGuideResponseSchema,
  SearchDestinationsResponseSchema,
  StreamGuideResponseSchema,
  type GuideService,
  type StreamGuideResponse,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { REPORTING_RESERVE_MS, startDeadline, type Deadline } from "../../shared/deadline.ts";
import { ServiceError } from "../../shared/errors.ts";
import { activeTraceId } from "../../shared/telemetry/spans.ts";
import { guideKey } from "./cache/keys.ts";
import { NO_LIMITS } from "./cache/lookup.ts";
import { compose } from "./compose.ts";
import type { Call, CheckedRequest, ComposeDependencies, ComposeEvent, Counts } from "./composition.ts";
import { runDry, type DryRun } from "./dry-run.ts";
import { outlineOf } from "./guide-outline.ts";
import { planOfCached } from "./guide-plan.ts";
import { holdBytes } from "./held-guide.ts";
import { maskGuide, maskSection } from "./read-mask.ts";
import { TO_CACHE_DECISION, wholeGuideReport } from "./report.ts";
import { createPageToken } from "./page-token.ts";
import type { Search } from "./search/search.ts";
import { withGuide } from "./with-guide.ts";
import { checkCompose, checkGetGuide, checkSearch } from "./validation.ts";

/** What a call without a deadline gets. */
const DEFAULT_DEADLINE_MS = 15_000;
/** What assembling and sending a guide may take when the deadline ends the waiting for providers, milliseconds. */
const ASSEMBLY_RESERVE_MS = 130;
/** Part of a short deadline that is kept for it. */
const ASSEMBLY_SHARE = 0.1;
const DEFAULT_PAGE_SIZE = 10;
const MAX_PAGE_SIZE = 50;

/** Kept from the caller's deadline, so that what has arrived by then is still a guide in time. */
const reserveMs = (timeoutMs: number): number =>
  REPORTING_RESERVE_MS + Math.min(ASSEMBLY_RESERVE_MS, ASSEMBLY_SHARE * timeoutMs);

/** GuideService: check, delegate, answer. */
export function createGuideService(
  dependencies: ComposeDependencies,
  search: Search,
  monotonicNow: () => number,
): ServiceImpl<typeof GuideService> {
  const { now } = dependencies;

  function openCall(context: HandlerContext): { readonly call: Call; readonly close: () => void } {
    const startMs = now();
    const deadline: Deadline = startDeadline({
      timeoutMs: context.timeoutMs(),
      defaultMs: DEFAULT_DEADLINE_MS,
      reserveMs: reserveMs(context.timeoutMs() ?? DEFAULT_DEADLINE_MS),
      callerSignal: context.signal,
      now: monotonicNow,
    });
    const { signal, remainingMs, close } = deadline;
    return { call: { signal, remainingMs, traceId: activeTraceId(), startMs }, close };
  }

  async function* run(request: CheckedRequest, context: HandlerContext): AsyncGenerator<ComposeEvent> {
    const { call, close } = openCall(context);
    try {
      yield* compose(request, call, dependencies);
    } finally {
      close();
    }
  }

  async function dryRun(request: CheckedRequest, context: HandlerContext): Promise<DryRun> {
    const { call, close } = openCall(context);
    try {
      return await runDry(request, call, dependencies);
    } finally {
      close();
    }
  }

  return {
    composeGuide: async (message, context) => {
      const request = checkCompose(message, "", now());
      if (message.dryRun) {
        const { plan, report } = await dryRun(request, context);
        return create(ComposeGuideResponseSchema, { plan, report });
      }
      for await (const event of run(request, context)) {
        if (event.type !== "completion") continue;
        const { guide, report, personalization } = event;
        const response = create(ComposeGuideResponseSchema, {
          report,
          ...(personalization && { personalization }),
        });
        return withGuide(response, ComposeGuideResponseSchema.field.guide, guide, request.paths, context);
      }
      throw new Error("composing ended without a completion");
    },

    streamGuide: async function* (message, context) {
      const request = checkCompose(message.request, "request.", now());
      if (message.request?.dryRun === true) {
        const { plan, report } = await dryRun(request, context);
        yield toResponse({ case: "plan", value: plan });
        yield toResponse({ case: "completion", value: { report } });
        return;
      }
      for await (const event of run(request, context)) {
        yield* toResponses(event, request.paths);
      }
    },

    getGuide: async (message, context) => {
      checkGetGuide(message);
      const startMs = now();
      const key = guideKey(message.name);
      const found = key && (await dependencies.lookup.find(key, NO_LIMITS, context.signal));
      if (!found || found.entry === undefined) {
        throw new ServiceError("RESOURCE_NOT_FOUND", "No such guide is cached", {
          metadata: { name: message.name },
        });
      }
      const { bytes } = found.entry;
      const outline = outlineOf(bytes);
      if (context.requestMethod === "GET" && outline.expireMs !== undefined) {
        const leftSeconds = Math.max(0, Math.floor((outline.expireMs - startMs) / 1000));
        context.responseHeader.set("cache-control", `public, max-age=${leftSeconds}`);
      }
      const response = create(GetGuideResponseSchema, {
        report: wholeGuideReport(
          activeTraceId(),
          startMs,
          now(),
          outline,
          found.decisions.map((decision) => TO_CACHE_DECISION[decision]),
          dependencies.catalog.known(),
        ),
      });
      const paths = message.readMask?.paths ?? [];
      return withGuide(response, GetGuideResponseSchema.field.guide, holdBytes(bytes), paths, context);
    },

    searchDestinations: (message) => {
      const { offset, tokenInputs } = checkSearch(message);
      const countryCode = message.countryCode.toUpperCase();
      const near = message.nearLocation;
      const pageSize = message.pageSize === 0 ? DEFAULT_PAGE_SIZE : Math.min(message.pageSize, MAX_PAGE_SIZE);
      const { matches, more } = search.find({ text: message.query, countryCode, near }, offset, pageSize);
      return create(SearchDestinationsResponseSchema, {
        matches: [...matches],
        nextPageToken: more ? createPageToken(offset + pageSize, tokenInputs) : "",
      });
    },
  };
}

type StreamEvent = MessageInitShape<typeof StreamGuideResponseSchema>["event"];

const toResponse = (event: StreamEvent): StreamGuideResponse => create(StreamGuideResponseSchema, { event });

/** What the stream says of an event: nothing when the read mask leaves nothing of it. */
function* toResponses(event: ComposeEvent, paths: readonly string[]): Generator<StreamGuideResponse> {
  switch (event.type) {
    case "plan":
      yield toResponse({ case: "plan", value: event.plan });
      return;
    case "cached": {
      const guide = event.guide.message();
      yield toResponse({ case: "plan", value: planOfCached(guide) });
      for (const section of guide.sections) yield* toResponses({ type: "section", section }, paths);
      return;
    }
    case "section": {
      const section = maskSection(event.section, paths);
      if (section !== undefined) yield toResponse({ case: "section", value: section });
      return;
    }
    case "call": {
      const settled = { case: "call", value: { sectionKind: event.kind, outcome: event.outcome } } as const;
      yield toResponse({ case: "progress", value: { ...countsOf(event), settled } });
      return;
    }
    case "omission": {
      const settled = { case: "omission", value: event.omission } as const;
      yield toResponse({ case: "progress", value: { ...countsOf(event), settled } });
      return;
    }
    case "completion": {
      const { report, personalization } = event;
      const guide = maskGuide({ ...event.guide.message(), sections: [] }, paths);
      const value = { guide, report, ...(personalization && { personalization }) };
      yield toResponse({ case: "completion", value });
    }
  }
}

const countsOf = ({ counts }: { readonly counts: Counts }) => ({
  plannedSectionCount: counts.planned,
  settledSectionCount: counts.settled,
});
