import { ServiceError } from "../../../shared/errors.ts";
import type { AttemptEnd, ChargeAttempt } from "../cost/bill.ts";
import type { AttemptTarget } from "./attempt.ts";

/** An attempt that was not made for its cost: nothing that retry, circuit and limits may learn of the provider. */
export class UnpaidAttempt extends Error {}

/** Of the statuses that blame the request, those of one that may have been worked on all the same. */
const WORKED_ON_STATUSES: ReadonlySet<number> = new Set([408, 424, 499]);

/** @param status of the whole answer; undefined when none came */
function attemptEndOf(sent: boolean, status: number | undefined): AttemptEnd {
  if (!sent) return "unsent";
  if (status === undefined) return "unknown";
  if (status >= 200 && status < 300) return "answered";
  return status >= 400 && status < 500 && !WORKED_ON_STATUSES.has(status) ? "refused" : "unknown";
}

export interface PaidCall {
  readonly charge: ChargeAttempt;
  /** Ends the call, not only the attempt. */
  readonly callSignal: AbortSignal;
  readonly onAnswer: AttemptTarget["onAnswer"];
}

/**
 * Pays for an attempt before it is made, and tells afterwards how far it came.
 *
 * @param signal ends the attempt
 * @throws UnpaidAttempt with the reason as its cause; the reason of the call's signal; what `run` throws
 */
export async function tryPaid<T>(
  { charge, callSignal, onAnswer }: PaidCall,
  signal: AbortSignal,
  run: (watch: Pick<Required<AttemptTarget>, "onSend" | "onAnswer">) => Promise<T>,
): Promise<T> {
  const end = await charge(signal).catch((error: unknown) => {
    if (callSignal.aborted) throw error;
    // The attempt's own timeout is for the provider.
    const cause = signal.aborted
      ? new ServiceError("PROVIDER_UNAVAILABLE", "the cost ledger takes too long to write")
      : error;
    throw new UnpaidAttempt("not made", { cause });
  });
  let sent = false;
  let answerStatus: number | undefined;
  try {
    return await run({
      onSend: () => (sent = true),
      onAnswer: (status, headers) => {
        answerStatus = status;
        onAnswer(status, headers);
      },
    });
  } finally {
    end(attemptEndOf(sent, answerStatus));
  }
}
