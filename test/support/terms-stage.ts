import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import {
  GuideAdminService,
  type WarmGuidesResponse_Outcome as WarmOutcome,
} from "../../shared/gen/wayfarer/guide/v1/guide_admin_service_pb.ts";
import type {
  CacheDecision,
  ComposeGuideResponse,
  Guide,
  GuideSpec,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { startPairFor, type PairUnderTest } from "./pair.ts";
import { plainOrigin, plainProvider } from "./plain-provider.ts";
import { startProviderServer, type ProviderServer } from "./provider-server.ts";

export const KEPT_TEXT = "A town that may be kept.";
export const UNKEPT_TEXT = "A canary that may not be kept.";
export const BOTH_TEXTS = [UNKEPT_TEXT, KEPT_TEXT];

/** A plain provider whose terms do not let its content be kept. */
export const unkeptProvider = (change: Partial<Provider> = {}): Provider => {
  const plain = plainProvider("unkept", {}, change);
  return { ...plain, terms: { ...plain.terms, storable: false } };
};

/** All texts of a guide, in order. */
export const textsOf = (guide: Guide | undefined): readonly string[] =>
  (guide?.sections ?? []).flatMap(({ narratives }) => narratives.map(({ text }) => text)).toSorted();

/** The decisions on the contents of a guide, by provider; for guides of one section. */
export const decisionsOf = ({
  report,
}: ComposeGuideResponse): Readonly<Record<string, readonly CacheDecision[]>> =>
  Object.fromEntries(
    (report?.sectionReports ?? []).flatMap(({ lookups }) =>
      lookups.map(({ provider, decisions }) => [provider, decisions]),
    ),
  );

/** The pair with a provider whose content may be kept and one whose content may not, each behind a server of its own. */
export interface TermsStage {
  readonly kept: ProviderServer;
  readonly unkept: ProviderServer;
  readonly pair: PairUnderTest;
  readonly admin: Client<typeof GuideAdminService>;
  readonly nowMs: () => number;
  readonly advance: (ms: number) => void;
  readonly compose: (spec: GuideSpec) => Promise<ComposeGuideResponse>;
  readonly warm: (spec: GuideSpec) => Promise<WarmOutcome | undefined>;
  readonly requestCounts: () => readonly [kept: number, unkept: number];
  readonly close: () => Promise<void>;
}

export async function openTermsStage(
  provider: Provider,
  composer: Readonly<Record<string, string>> = {},
): Promise<TermsStage> {
  const kept = await startProviderServer(() => ({ body: JSON.stringify({ text: KEPT_TEXT }) }));
  const unkept = await startProviderServer(() => ({ body: JSON.stringify({ text: UNKEPT_TEXT }) }));
  let nowMs = Date.now();
  const now = (): number => nowMs;
  const pair = await startPairFor(
    [plainProvider("kept"), provider],
    { [plainOrigin("kept")]: kept.baseUrl, [plainOrigin("unkept")]: unkept.baseUrl },
    { composer: { WARMING_CALLS_PER_MINUTE: "0", ...composer }, fetcher: { now }, composerOptions: { now } },
  );
  const admin = createClient(GuideAdminService, createGrpcTransport({ baseUrl: `http://${pair.admin}` }));
  return {
    kept,
    unkept,
    pair,
    admin,
    nowMs: now,
    advance: (ms) => void (nowMs += ms),
    compose: (spec) => pair.client.composeGuide({ spec, explain: true }),
    warm: async (spec) => {
      let outcome: WarmOutcome | undefined;
      for await (const response of admin.warmGuides({ specs: [spec] })) outcome = response.outcome;
      return outcome;
    },
    requestCounts: () => [kept.requestCount(), unkept.requestCount()],
    close: async () => {
      await pair.close();
      await kept.close();
      await unkept.close();
    },
  };
}
