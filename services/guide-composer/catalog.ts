import { Provider_State, type Provider } from "../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { CatalogOffering } from "./plan.ts";

/** How long a list of providers is planned with before it is asked for again, milliseconds. */
const CATALOG_LIFE_MS = 30_000;

/** What content-fetcher offers. */
export interface Catalog {
  /**
   * Offerings of the providers that are configured, in order of preference. Waits only for the very first list;
   * later ones are renewed behind the call, and while content-fetcher is away the last one is planned with.
   */
  readonly offerings: (signal: AbortSignal) => Promise<readonly CatalogOffering[]>;
  /** The last list; empty before the first one. */
  readonly known: () => readonly CatalogOffering[];
}

export const toOfferings = (providers: readonly Provider[]): readonly CatalogOffering[] =>
  providers
    .filter(({ state }) => state !== Provider_State.DISABLED)
    .flatMap(({ name, offerings, terms, baseUris, languageModel }) =>
      offerings.map((offering) => ({
        kind: offering.sectionKind,
        provider: name,
        dependsOn: offering.dependsOn,
        medianLatencyMs: offering.medianLatency && durationMs(offering.medianLatency),
        expectedCostUsdMicros: offering.expectedCostUsdMicros,
        storable: terms?.storable === true,
        embedded: baseUris.length === 0,
        languageModel,
      })),
    );

/**
 * @param listProviders asks content-fetcher; called at most once at a time
 * @param onRenewalFailed told why a list could not be renewed; planning goes on with the last one
 */
export function createCatalog(
  listProviders: (signal: AbortSignal) => Promise<readonly Provider[]>,
  now: () => number,
  onRenewalFailed: (error: unknown) => void,
): Catalog {
  let last: { readonly offerings: readonly CatalogOffering[]; readonly atMs: number } | undefined;
  let running: Promise<readonly CatalogOffering[]> | undefined;

  function renew(): Promise<readonly CatalogOffering[]> {
    // No caller's signal: the answer serves all of them. The client gives each request its own timeout.
    running ??= listProviders(new AbortController().signal)
      .then((providers) => {
        last = { offerings: toOfferings(providers), atMs: now() };
        return last.offerings;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  return {
    offerings: async (signal) => {
      if (last === undefined) {
        return await raceSignal(renew(), signal);
      }
      if (now() - last.atMs > CATALOG_LIFE_MS) renew().catch(onRenewalFailed);
      return last.offerings;
    },
    known: () => last?.offerings ?? [],
  };
}

/** The promise's outcome, or the signal's reason when that comes first. */
export function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}
