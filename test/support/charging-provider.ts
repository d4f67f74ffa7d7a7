import { z } from "zod";
import type { Provider } from "../../services/content-fetcher/provider.ts";
import { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { plainOrigin, plainProvider } from "./plain-provider.ts";
import {
  startProviderServer,
  type ProviderServer,
  type ReceivedRequest,
  type Reply,
} from "./provider-server.ts";

/** The most that one request costs. */
export const WORST_USD_MICROS = 1_000;
/** What it costs when the answer does not say. */
export const LIST_USD_MICROS = 800;
export const CHARGING_KINDS = [SectionKind.OVERVIEW, SectionKind.PRACTICAL] as const;

const schema = z.object({ text: z.string(), costUsdMicros: z.number().optional() });

/** An adapter of a provider that charges each request and may say what; sends the query's day count, and its key. */
export const chargingProvider: Provider = plainProvider(
  "charging",
  {},
  {
    keySetting: "CHARGING_API_KEY",
    offerings: CHARGING_KINDS.map((kind) => ({
      kind,
      dependsOn: [],
      expectedCostUsdMicros: LIST_USD_MICROS,
      worstCostUsdMicros: WORST_USD_MICROS,
    })),
    fetch: async (_kind, { dayCount }, { http }) => {
      const { body } = await http.json(
        {
          origin: plainOrigin("charging"),
          path: "/",
          query: { call: String(dayCount) },
          key: { in: "header", name: "x-key" },
        },
        schema,
      );
      const citations = [
        { provider: "providers/charging", uri: "https://charging.test/", title: "charging" },
      ];
      return {
        state: "content",
        content: { narratives: [{ text: body.text, citations }] },
        partial: false,
        ...(body.costUsdMicros !== undefined && { costUsdMicros: body.costUsdMicros }),
      };
    },
  },
);

/**
 * How the server deals with one request. Those that charge do so before anything else; `vanish` ends the connection,
 * `hang` never answers.
 */
export type Deed =
  | { readonly kind: "told"; readonly usdMicros: number }
  | { readonly kind: "untold" }
  | { readonly kind: "spoilt" | "failed" | "vanish" | "hang" }
  | { readonly kind: "failed-free" | "busy" | "denied" };

/** What it charges for a deed. */
export function chargeOf(deed: Deed): number {
  switch (deed.kind) {
    case "told":
      return deed.usdMicros;
    case "untold":
    case "spoilt":
      return LIST_USD_MICROS;
    case "failed":
    case "vanish":
    case "hang":
      return WORST_USD_MICROS;
    case "failed-free":
    case "busy":
    case "denied":
      return 0;
  }
}

/** What a ledger has to count for it: never less, and more only where nobody told it how the request ended. */
export const countOf = (deed: Deed): number =>
  deed.kind === "failed-free" ? WORST_USD_MICROS : chargeOf(deed);

export interface ChargingServer extends ProviderServer {
  /** All that it has charged. */
  readonly chargedUsdMicros: () => number;
}

/** @param decide what to do with a request; undefined: as with a sender that is no more, nothing is charged */
export async function startChargingServer(
  decide: (request: ReceivedRequest) => Deed | undefined,
): Promise<ChargingServer> {
  let chargedUsdMicros = 0;
  const server = await startProviderServer(async (request): Promise<Reply> => {
    const deed = decide(request);
    if (deed === undefined) throw new Error("the sender is no more");
    chargedUsdMicros += chargeOf(deed);
    const text = "An old town on a river.";
    switch (deed.kind) {
      case "told":
        return { body: JSON.stringify({ text, costUsdMicros: deed.usdMicros }) };
      case "untold":
        return { body: JSON.stringify({ text }) };
      case "spoilt":
        return { body: "[]" };
      case "failed":
      case "failed-free":
        return { status: 500, body: "" };
      case "busy":
        return { status: 429, headers: { "retry-after": "0" }, body: "" };
      case "denied":
        return { status: 401, body: "" };
      case "vanish":
        throw new Error("the connection ends");
      case "hang":
        return await new Promise<never>(() => {});
    }
  });
  return { ...server, chargedUsdMicros: () => chargedUsdMicros };
}
