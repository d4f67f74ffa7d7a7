import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, type Duration } from "@bufbuild/protobuf/wkt";
import {
  Provider_State,
  ProviderSchema,
  type Provider as ProviderMessage,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKindSchema } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toErrorReason } from "../../shared/errors.ts";
import type { Spending } from "./cost/day-book.ts";
import type { Terms } from "./provider.ts";
import type { ProviderEntry } from "./provider-entry.ts";
import type { CircuitState } from "./resilience/breaker.ts";

const STATE = {
  closed: Provider_State.ACTIVE,
  "half-open": Provider_State.RECOVERING,
  open: Provider_State.SUSPENDED,
} as const satisfies Record<CircuitState, Provider_State>;

const toDuration = (ms: number | undefined): Duration | undefined =>
  ms === undefined ? undefined : durationFromMs(Math.round(ms));

/** Sums of what was spent and what is reserved, as messages have them. */
export const toSums = (spending: readonly Readonly<Spending>[]) => ({
  spentTodayUsdMicros: BigInt(spending.reduce((sum, { spentUsdMicros }) => sum + spentUsdMicros, 0)),
  reservedUsdMicros: BigInt(spending.reduce((sum, { reservedUsdMicros }) => sum + reservedUsdMicros, 0)),
});

/** Absent without a budget. */
export const toBudget = (usdMicros: number | undefined) =>
  usdMicros === undefined ? {} : { dailyBudgetUsdMicros: BigInt(usdMicros) };

/**
 * What ListProviders says of a provider: what it offers on which terms, how it is now, and what it has cost.
 *
 * @param spending of today, on all providers
 */
export function toProviderMessage(
  { name, provider, link, latencies, missingSetting, lastFailure }: ProviderEntry,
  baseUrls: Readonly<Record<string, string>>,
  spending: readonly Readonly<Spending>[],
  dailyBudgetUsdMicros: number | undefined,
): ProviderMessage {
  const status = link.status();
  const own = spending.filter((line) => line.provider === name);
  return create(ProviderSchema, {
    name,
    displayName: provider.displayName,
    offerings: provider.offerings.map(({ kind, dependsOn, expectedCostUsdMicros = 0 }) => ({
      sectionKind: kind,
      dependsOn: [...dependsOn],
      expectedCostUsdMicros: BigInt(expectedCostUsdMicros),
      medianLatency: toDuration(latencies.get(kind)?.quantileMs(0.5)),
      ...toSums(own.filter(({ section }) => section === SectionKindSchema.value[kind]?.localName)),
    })),
    ...toSums(own),
    ...toBudget(dailyBudgetUsdMicros),
    terms: toTerms(provider.terms),
    state: missingSetting === undefined ? STATE[status.circuit] : Provider_State.DISABLED,
    missingSetting: missingSetting ?? "",
    languageModel: provider.languageModel ?? false,
    reviewsGuides: provider.review !== undefined,
    activeCallCount: status.activeCount,
    queuedCallCount: status.queuedCount,
    baseUris: provider.origins.flatMap(({ setting }) => baseUrls[setting] ?? []),
    concurrencyLimit: provider.origins.length === 0 ? 0 : status.concurrencyLimitCount,
    quotaHeadroomCount: status.quotaHeadroomCount,
    medianAttemptLatency: toDuration(status.attemptMedianMs),
    p95AttemptLatency: toDuration(status.attemptP95Ms),
    ...(lastFailure !== undefined && {
      lastErrorReason: toErrorReason(lastFailure.reason),
      lastErrorTime: timestampFromMs(lastFailure.atMs),
    }),
  });
}

const toTerms = ({ license, uri, attribution, storable, maxStorageMs }: Terms) => ({
  license,
  uri,
  attribution,
  storable,
  maxStorageDuration: toDuration(maxStorageMs),
});
