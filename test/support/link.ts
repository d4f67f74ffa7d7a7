import { z } from "zod";
import { createPool } from "../../services/content-fetcher/http/pool.ts";
import { createProviderLink, type ProviderLink } from "../../services/content-fetcher/http/provider-link.ts";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import type { CallScope } from "../../services/content-fetcher/resilience/policy.ts";
import { callScope } from "./call-scope.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";

/** Wall clock at the start of a manual clock. */
export const START_MS = Date.UTC(2026, 10, 24, 12);

/** A provider's pipeline on a clock that is turned by hand, over real sockets. */
export interface LinkUnderTest {
  readonly clock: ManualClock;
  readonly link: ProviderLink;
  /** One provider call. */
  readonly call: (scope?: Partial<CallScope>) => Promise<string>;
  readonly close: () => Promise<void>;
}

export function openLink(
  provider: Provider,
  baseUrl: string,
  options: { readonly hedging?: boolean; readonly random?: () => number } = {},
): LinkUnderTest {
  const clock = createManualClock();
  const pool = createPool({ clock, trustedOrigins: new Set([baseUrl]) });
  const origin = provider.origins[0]?.setting ?? "";
  const link = createProviderLink(provider, undefined, {
    pool,
    baseUrls: { [origin]: baseUrl },
    operatorContact: undefined,
    hedging: options.hedging ?? false,
    now: () => START_MS + clock.now(),
    clock,
    random: options.random ?? (() => 0.5),
  });
  const schema = z.object({ text: z.string() });
  return {
    clock,
    link,
    call: async (scope) =>
      (await link.open(callScope(scope)).http.json({ origin, path: "/" }, schema)).body.text,
    close: pool.close,
  };
}
