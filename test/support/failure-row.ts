import type { Reason } from "../../shared/errors.ts";
import { ATTRIBUTE } from "../../shared/telemetry/attributes.ts";
import { fetchOnce, plain, type FailureStage, type Told } from "./failure-stage.ts";
import type { Fault } from "./provider-server.ts";

/** Attributes that a span or a metric must have, others are free. */
export type Attributes = Readonly<Record<string, string | number>>;

/** One fault: how it is made, what the caller is told, and where an operator sees it. */
export interface Row {
  readonly fault: string;
  /** Makes the fault with real parts, calls, and tells what the caller was told. */
  readonly inject: (stage: FailureStage) => Promise<Told>;
  readonly where: Told[number]["where"];
  readonly span: { readonly name: string; readonly attributes: Attributes };
  readonly metric: { readonly name: string; readonly attributes: Attributes };
}

/** An RPC that failed: its server's span and the duration of RPCs carry the reason. */
export const failedCall = (reason: Reason, name: string): Pick<Row, "where" | "span" | "metric"> => ({
  where: "error",
  span: { name, attributes: { [ATTRIBUTE.reason]: reason } },
  metric: {
    name: "rpc.server.call.duration",
    attributes: { [ATTRIBUTE.rpcMethod]: name, [ATTRIBUTE.reason]: reason },
  },
});
/** A provider call that failed or was not made: so do its span and the duration of provider calls. */
export const providerCall = (
  reason: Reason,
  outcome: "FAILED" | "SKIPPED",
  span: Row["span"] = { name: "provider call", attributes: {} },
  provider = "providers/plain",
): Pick<Row, "where" | "span" | "metric"> => {
  const attributes = { [ATTRIBUTE.provider]: provider, [ATTRIBUTE.reason]: reason };
  return {
    where: "outcome",
    span: { ...span, attributes: { ...attributes, ...span.attributes } },
    metric: {
      name: "wayfarer.provider.call.duration",
      attributes: { ...attributes, [ATTRIBUTE.outcome]: outcome },
    },
  };
};
/** The attempt that got a status. */
export const attemptWith = (status: number): Row["span"] => ({
  name: "provider attempt",
  attributes: { [ATTRIBUTE.attempt]: 1, [ATTRIBUTE.httpStatus]: status },
});
/** One call of a provider with a fault. */
export const fetchWith =
  (fault: Fault, limits: Parameters<typeof plain>[0] = {}): Row["inject"] =>
  async (stage) => {
    stage.provider.setFault(fault);
    return await fetchOnce(await stage.startFetcher([plain(limits)]));
  };

/** The kinds of answers that no adapter can use. */
export const unreadable = (fault: string, kind: "html" | "truncated" | "wrong-schema" | "empty"): Row => ({
  fault,
  inject: fetchWith({ kind }),
  ...providerCall("PROVIDER_RESPONSE_INVALID", "FAILED", {
    name: "provider attempt",
    attributes: { [ATTRIBUTE.attempt]: 1 },
  }),
});
