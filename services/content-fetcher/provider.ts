import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ContentQuery,
  ContentSchema,
  QueryAspect,
  ReviewedSection,
} from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type {
  Destination,
  DestinationSchema,
  ModelReviewSchema,
  SectionKind,
} from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Secret } from "../../shared/config.ts";
import { ServiceError } from "../../shared/errors.ts";
import type { HttpClient } from "./http/http-client.ts";

/** What a provider allows. Stated in its adapter, from its published terms. */
export interface Terms {
  /** SPDX expression; empty when the terms are not a licence. */
  readonly license: string;
  /** Page with the terms. */
  readonly uri: string;
  /** Text that must be shown with its content; empty when none is required. */
  readonly attribution: string;
  readonly storable: boolean;
  /** Longest time that content may be stored; undefined when the terms set no limit. */
  readonly maxStorageMs: number | undefined;
}

/** What a provider asks of its clients. All of a provider's origins share these. */
export interface Limits {
  /** From asking for a socket to the last byte of the body. 0 for embedded data. */
  readonly attemptTimeoutMs: number;
  /**
   * Calls at the same time; undefined when it publishes no limit, which is then found by their latency. 0 for embedded
   * data, which has none.
   */
  readonly maxConcurrentCount: number | undefined;
  /** Setting that takes its place, for providers whose keys allow different numbers; its default is that number. */
  readonly concurrencySetting?: string;
  /** Calls a minute that the provider's rules allow; undefined when it publishes none. */
  readonly maxCallsPerMinute: number | undefined;
  /** The same while no operator contact is configured, where the provider allows such clients less. */
  readonly maxCallsPerMinuteWithoutContact?: number;
  /** Calls at once after a rest; absent: those of one minute. */
  readonly maxBurstCount?: number;
}

/** A section that a provider can answer. */
export interface Offering {
  readonly kind: SectionKind;
  /** What the answer depends on besides the destination: exactly these enter the content's cache key. */
  readonly dependsOn: readonly QueryAspect[];
  /** What one answered request costs by its published prices, millionths of a US dollar; absent when it is free. */
  readonly expectedCostUsdMicros?: number;
  /** The most that one request can cost, where that varies; absent: what is expected. */
  readonly worstCostUsdMicros?: number;
}

/** A setting that overrides where a provider is reached: scheme, host and port; the paths stay the provider's. */
export interface Origin {
  /** Name of the setting, for example `OVERPASS_BASE_URL`. */
  readonly setting: string;
  /** For example `https://overpass-api.de`. */
  readonly defaultUrl: string;
  /** What its terms allow the default URL to be used for; absent: for anything. */
  readonly use?: "non-commercial";
}

/** What is off until the operator sets it to `on`, for example what another subscription of the provider allows. */
export interface Switch {
  /** Name of the setting. */
  readonly setting: string;
  /** What the setting is when it is off, the default, and when it is on; absent: `off` and `on`. */
  readonly values?: readonly [off: string, on: string];
  /** One sentence: what it switches on, and what it takes. */
  readonly description: string;
}

/** A word that only the operator can say, for example the name of a model. */
export interface TextSetting {
  /** Name of the setting. */
  readonly setting: string;
  /** Absent: the provider is not asked until it is set. */
  readonly defaultText?: string;
  /** One sentence. */
  readonly description: string;
}

/** What the operator has set for the providers, by the names of the settings. */
export interface ProviderSettings {
  /** Of the keys, those that are set. */
  readonly keys: ReadonlyMap<string, Secret>;
  /** Of the switches, those that are on. */
  readonly switchedOn: ReadonlySet<string>;
  /** Of the text settings, those that have a value. */
  readonly texts?: ReadonlyMap<string, string>;
  /** Calls at the same time that are allowed, where the operator says so. */
  readonly concurrentCounts?: ReadonlyMap<string, number>;
  /** Of the daily budgets, those that are set, millionths of a US dollar; absent: none. */
  readonly dailyBudgetsUsdMicros?: ReadonlyMap<string, number>;
}

/** What an adapter is handed for one provider call. */
export interface FetchContext {
  readonly http: HttpClient;
  /** Ends the call: the caller's deadline, or nobody waits any more. */
  readonly signal: AbortSignal;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** The kinds that this RPC asks of this provider, so that one request can answer several. */
  readonly kinds: ReadonlySet<SectionKind>;
  /** Those of the provider's switches that are on. */
  readonly switchedOn: ReadonlySet<string>;
  /** The provider's text settings, each with its value. */
  readonly texts: ReadonlyMap<string, string>;
  /**
   * Runs `load` once per RPC and key and hands the same promise to every kind that asks: how one page or one
   * combined query serves several sections. A rejected load is shared as well.
   */
  readonly share: <T>(key: string, load: () => Promise<T>) => Promise<T>;
  /**
   * To be awaited before work of milliseconds: it begins when the requests have left that were handed over before or
   * together with it, of whatever provider. Rejects when the call has ended meanwhile.
   */
  readonly giveWay: () => Promise<void>;
}

/**
 * What a provider said. Failures are thrown as `ServiceError` with a `PROVIDER_*` reason. `costUsdMicros` is what the
 * provider says that the call has cost, millionths of a US dollar; absent when it does not say.
 */
export type Answer =
  | {
      readonly state: "content";
      /** Without `provider`, `sectionKind`, `attribution` defaults: the registry fills those from the adapter. */
      readonly content: MessageInitShape<typeof ContentSchema>;
      /** Known to be cut off: used, never cached. */
      readonly partial: boolean;
      readonly costUsdMicros?: number;
    }
  | { readonly state: "nothing-found"; readonly costUsdMicros?: number };

/** A failure that the provider charged for, and says so. */
export class ChargedError extends ServiceError {
  /** Millionths of a US dollar. */
  readonly costUsdMicros: number;

  constructor(costUsdMicros: number, ...rest: ConstructorParameters<typeof ServiceError>) {
    super(...rest);
    this.costUsdMicros = costUsdMicros;
  }
}

/** A guide to be reviewed: the `ReviewGuideRequest`, checked, with all defaults filled in. */
export interface GuideToReview {
  readonly query: ResolvedQuery;
  readonly sections: readonly ReviewedSection[];
}

/** What a provider found in a guide; `costUsdMicros` as in `Answer`. */
export interface ReviewAnswer {
  readonly review: MessageInitShape<typeof ModelReviewSchema>;
  readonly costUsdMicros?: number;
}

/** How a provider reviews guides. */
export interface ReviewOffering {
  /** As those of an `Offering`. */
  readonly expectedCostUsdMicros: number;
  readonly worstCostUsdMicros: number;
  readonly ask: (guide: GuideToReview, context: FetchContext) => Promise<ReviewAnswer>;
}

/** Candidates of a geocoding provider, best first; empty when it knows no such place. */
export type GeocodeAnswer = readonly MessageInitShape<typeof DestinationSchema>[];

/** The `ContentQuery` with all defaults filled in and everything present. */
export interface ResolvedQuery extends ContentQuery {
  readonly destination: Destination;
  readonly startDate: NonNullable<ContentQuery["startDate"]>;
}

/** A third-party source of content, or a data set embedded in the server. One constant object per adapter. */
export interface Provider {
  /** For example `open-meteo`; `providers/open-meteo` is its resource name. */
  readonly id: string;
  readonly displayName: string;
  /** Empty for embedded data. */
  readonly origins: readonly Origin[];
  /** Setting that holds its API key; absent when it needs none. */
  readonly keySetting?: string;
  readonly switches?: readonly Switch[];
  readonly textSettings?: readonly TextSetting[];
  /** Its content is written by a language model: the places that it names are checked against others'. */
  readonly languageModel?: boolean;
  readonly offerings: readonly Offering[];
  readonly terms: Terms;
  readonly limits: Limits;
  /** Loads what its answers need, before the server serves: whoever calls first must not wait for it. */
  readonly prepare?: () => void;
  readonly fetch: (kind: SectionKind, query: ResolvedQuery, context: FetchContext) => Promise<Answer>;
  /** Present on geocoding providers. */
  readonly geocode?: (
    query: string,
    languageCode: string,
    maxCount: number,
    context: FetchContext,
  ) => Promise<GeocodeAnswer>;
  /** Present on providers that can be asked to review guides. */
  readonly review?: ReviewOffering;
}
