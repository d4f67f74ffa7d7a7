import { ConnectError } from "@connectrpc/connect";
import type { Limits, Provider } from "../../services/content-fetcher/provider.ts";
import type { FetcherOptions } from "../../services/content-fetcher/service.ts";
import { fromWire } from "../../shared/error-wire.ts";
import { toReason, type Reason } from "../../shared/errors.ts";
import type { ContentQuery } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import {
  OmittedSectionsSchema,
  type ComposeGuideRequest,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { ErrorReason } from "../../shared/gen/wayfarer/type/v1/error_reason_pb.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { lisbonQuery, startFetcherFor, type FetcherUnderTest } from "./fetcher.ts";
import { startPairFor, type PairUnderTest } from "./pair.ts";
import { PLAIN_ANSWER, plainProvider } from "./plain-provider.ts";
import { startProviderServer, type ProviderServer } from "./provider-server.ts";

/** Every reason that a caller was told, and where. */
export type Told = readonly { readonly where: "error" | "outcome" | "omission"; readonly reason: Reason }[];

/** What a failure is made with: a provider's server, and services that are started for it and end with it. */
export interface FailureStage {
  /** Answers `PLAIN_ANSWER` until it is given a fault. */
  readonly provider: ProviderServer;
  /** content-fetcher with one plain provider, or with others. */
  readonly startFetcher: (
    providers?: readonly Provider[],
    change?: Partial<FetcherOptions>,
  ) => Promise<FetcherUnderTest>;
  /** The pair with one plain provider, or with others. */
  readonly startPair: (
    providers?: readonly Provider[],
    composer?: Readonly<Record<string, string>>,
    fetcher?: Partial<FetcherOptions>,
  ) => Promise<PairUnderTest>;
  readonly close: () => Promise<void>;
}

export const plain = (limits: Partial<Limits> = {}, change: Partial<Provider> = {}): Provider =>
  plainProvider("plain", limits, change);

/** A provider that costs something, and a content-fetcher that may spend nothing on it. */
export const UNAFFORDABLE: readonly [readonly Provider[], Partial<FetcherOptions>] = [
  [plain({}, { offerings: [{ kind: SectionKind.OVERVIEW, dependsOn: [], expectedCostUsdMicros: 5_000 }] })],
  {
    providerSettings: {
      keys: new Map(),
      switchedOn: new Set<string>(),
      dailyBudgetsUsdMicros: new Map([["PLAIN_DAILY_BUDGET_USD", 0]]),
    },
  },
];

export async function openFailureStage(): Promise<FailureStage> {
  const provider = await startProviderServer(() => PLAIN_ANSWER);
  const started: { readonly close: () => Promise<void> }[] = [];
  const urlsOf = (providers: readonly Provider[]): Record<string, string> =>
    Object.fromEntries(
      providers.flatMap(({ origins }) => origins.map(({ setting }) => [setting, provider.baseUrl])),
    );
  const keep = <T extends { readonly close: () => Promise<void> }>(service: T): T => {
    started.push(service);
    return service;
  };
  return {
    provider,
    startFetcher: async (providers = [plain()], change = {}) =>
      keep(await startFetcherFor(providers, urlsOf(providers), change)),
    startPair: async (providers = [plain()], composer = {}, fetcher = {}) =>
      keep(await startPairFor(providers, urlsOf(providers), { composer, fetcher })),
    close: async () => {
      for (const service of started) await service.close();
      await provider.close();
    },
  };
}

const reasonsOf = (where: Told[number]["where"], reasons: readonly (ErrorReason | undefined)[]): Told =>
  reasons.flatMap((value) => {
    const reason = value === undefined ? undefined : toReason(value);
    return reason === undefined ? [] : [{ where, reason }];
  });

/** What an error tells: its own reason, and those of the sections that it lists. */
export const toldOf = (error: unknown): Told => [
  { where: "error", reason: fromWire(error).reason },
  ...reasonsOf(
    "omission",
    ConnectError.from(error)
      .findDetails(OmittedSectionsSchema)
      .flatMap(({ omissions }) => omissions.map(({ reason }) => reason)),
  ),
];

/** One FetchContent of the plain provider. */
export async function fetchOnce(
  fetcher: FetcherUnderTest,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  query: ContentQuery = lisbonQuery(),
  provider = "providers/plain",
  sectionKind: SectionKind = SectionKind.OVERVIEW,
): Promise<Told> {
  try {
    const { outcome } = await fetcher.client.fetchContent(
      { target: { provider, sectionKind }, query },
      options,
    );
    return reasonsOf("outcome", [outcome?.reason]);
  } catch (error) {
    return toldOf(error);
  }
}

/** One ComposeGuide of all sections, or of some. */
export async function composeOnce(
  pair: PairUnderTest,
  query: string,
  request: Partial<Pick<ComposeGuideRequest, "cacheMode" | "requiredSectionKinds">> = {},
  sectionKinds: SectionKind[] = [],
): Promise<Told> {
  try {
    const { guide } = await pair.client.composeGuide({
      ...request,
      spec: { destination: { case: "destinationQuery", value: query }, sectionKinds },
    });
    return reasonsOf("omission", guide?.omissions.map(({ reason }) => reason) ?? []);
  } catch (error) {
    return toldOf(error);
  }
}
