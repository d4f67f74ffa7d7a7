import { create } from "@bufbuild/protobuf";
import type {
  Content,
  Provider as ProviderMessage,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  DestinationSchema,
  ModelReviewSchema,
  ProviderOutcome_Kind as OutcomeKind,
  type Destination,
  type ModelReview,
  type ProviderOutcome,
  type SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { ServiceError } from "../../shared/errors.ts";
import { fetchChecked, toContent } from "./checked-content.ts";
import type { Spending } from "./cost/day-book.ts";
import type { Ledger } from "./cost/ledger.ts";
import { observeFetcher } from "./fetcher-metrics.ts";
import type { LinkOptions } from "./http/provider-link.ts";
import type { Answer, GuideToReview, Provider, ProviderSettings, ResolvedQuery } from "./provider.ts";
import { createProviderCalls, type RpcScope } from "./provider-call.ts";
import { createProviderEntry } from "./provider-entry.ts";
import { toProviderMessage } from "./provider-message.ts";

export interface FetchResult {
  readonly content: Content | undefined;
  readonly outcome: ProviderOutcome;
}

export interface ReviewResult {
  readonly review: ModelReview | undefined;
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
    scope: RpcScope,
  ) => Promise<{ readonly destinations: Destination[]; readonly outcomes: ProviderOutcome[] }>;
  /** Whether a provider can be asked to review guides. */
  readonly reviews: (resourceName: string) => boolean;
  /** Rejects as `fetch` does. */
  readonly review: (resourceName: string, guide: GuideToReview, scope: RpcScope) => Promise<ReviewResult>;
  readonly list: () => ProviderMessage[];
  /** Of the present UTC day. */
  readonly spending: () => readonly Readonly<Spending>[];
  /** For all providers together, millionths of a US dollar; undefined for none. */
  readonly dailyBudgetUsdMicros: number | undefined;
  /** Ends its metrics. */
  readonly close: () => void;
}

/**
 * @param reportDefect told of errors that are ours: the outcome says INTERNAL, the log has the cause
 */
export function createRegistry(
  providers: readonly Provider[],
  settings: ProviderSettings,
  linkOptions: LinkOptions,
  ledger: Ledger,
  reportDefect: (error: unknown) => void,
): Registry {
  const { now, clock, pool, baseUrls } = linkOptions;
  const runCall = createProviderCalls(ledger, now, clock.now, reportDefect);
  const entries = new Map(
    providers
      .map((provider) => createProviderEntry(provider, settings, linkOptions))
      .map((entry) => [entry.name, entry]),
  );
  const endMetrics = observeFetcher([...entries.values()], pool, ledger);

  return {
    has: (name) => entries.has(name),
    offers: (name, kind) =>
      entries.get(name)?.provider.offerings.some((offering) => offering.kind === kind) === true,
    fetch: async (name, kind, query, scope) => {
      const entry = entries.get(name);
      if (entry === undefined) throw new ServiceError("INTERNAL", "a target was not checked");
      const { value, outcome } = await runCall({
        entry,
        kind,
        scope,
        ask: (context) => fetchChecked(entry.provider, kind, query, context),
        kindOf: answerKind,
        costOf: ({ costUsdMicros }) => costUsdMicros,
      });
      return {
        content: value?.state === "content" ? toContent(entry.provider, kind, value, now()) : undefined,
        outcome,
      };
    },
    geocode: async (query, languageCode, maxCount, scope) => {
      const outcomes: ProviderOutcome[] = [];
      let destinations: Destination[] = [];
      for (const entry of entries.values()) {
        const { geocode } = entry.provider;
        // One whose key is not set is as if it were not there: it leaves nothing undecided.
        if (geocode === undefined || entry.missingSetting !== undefined) continue;
        const { value, outcome } = await runCall({
          entry,
          kind: undefined,
          scope,
          ask: (context) => geocode(query, languageCode, maxCount, context),
          kindOf: (found) => (found.length > 0 ? OutcomeKind.CONTENT : OutcomeKind.NOTHING_FOUND),
          costOf: () => undefined,
        });
        outcomes.push(outcome);
        const found = (value ?? []).map((place) => create(DestinationSchema, place));
        // Something that is only called alike is no answer: the next one may have what is meant.
        destinations = [...found, ...destinations];
        if (found.some(({ displayName }) => isNamed(displayName, query))) break;
      }
      return { destinations: destinations.slice(0, maxCount), outcomes };
    },
    reviews: (name) => entries.get(name)?.provider.review !== undefined,
    review: async (name, guide, scope) => {
      const entry = entries.get(name);
      const offering = entry?.provider.review;
      if (entry === undefined || offering === undefined)
        throw new ServiceError("INTERNAL", "a reviewer was not checked");
      const { value, outcome } = await runCall({
        entry,
        kind: undefined,
        priced: offering,
        scope,
        ask: (context) => offering.ask(guide, context),
        kindOf: () => OutcomeKind.CONTENT,
        costOf: ({ costUsdMicros }) => costUsdMicros,
      });
      return { review: value && create(ModelReviewSchema, value.review), outcome };
    },
    list: () => {
      const spending = ledger.today();
      return [...entries.values()].map((entry) =>
        toProviderMessage(entry, baseUrls, spending, ledger.budgets.ofProviders.get(entry.name)),
      );
    },
    spending: ledger.today,
    dailyBudgetUsdMicros: ledger.budgets.totalUsdMicros,
    close: endMetrics,
  };
}

/** Whether a place is called what the query asks for, before a comma or in all. */
function isNamed(displayName: string, query: string): boolean {
  const fold = (text: string): string =>
    text.normalize("NFKD").replaceAll(/\p{M}/gu, "").trim().toLowerCase();
  return [query, query.split(",")[0] ?? query].some((text) => fold(text) === fold(displayName));
}

const answerKind = (answer: Answer): OutcomeKind => {
  if (answer.state === "nothing-found") return OutcomeKind.NOTHING_FOUND;
  return answer.partial ? OutcomeKind.PARTIAL_CONTENT : OutcomeKind.CONTENT;
};
