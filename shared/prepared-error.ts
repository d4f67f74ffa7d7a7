import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { toWire } from "./error-wire.ts";
import type { ServiceError } from "./errors.ts";

const DETAILS = "grpc-status-details-bin";
/** As long as every trace id, and none. */
const NO_TRACE_ID = "x".repeat(32);

/**
 * An error as gRPC's trailers, made once but for the trace id of each call: a server that refuses most of its calls must
 * have time left for the others. Made anew, an error costs more than all else that refusing does.
 *
 * @returns gives the trailers for a trace id of 32 characters
 */
export function prepareGrpcError(
  failure: ServiceError,
): (traceId: string) => Readonly<Record<string, string>> {
  const wire = toWire(failure, NO_TRACE_ID, () => {});
  const trailers = Object.fromEntries(setTrailerStatus(new Headers(), wire));
  const details = Buffer.from(trailers[DETAILS] ?? "", "base64");
  const at = details.indexOf(NO_TRACE_ID);
  if (at === -1) throw new Error("an error on the wire has no trace id");
  return (traceId) => {
    details.write(traceId, at, NO_TRACE_ID.length, "latin1");
    return { ...trailers, [DETAILS]: details.toString("base64") };
  };
}
