import type { Ledger, Reservation } from "./ledger.ts";
import type { Subject } from "./day-book.ts";

/** What a request costs by published prices, whole millionths of a US dollar; 0 when it is free. */
export interface Price {
  readonly expectedUsdMicros: number;
  /** At most; what is reserved, and what counts where nobody knows. */
  readonly worstUsdMicros: number;
}

/**
 * How far an attempt has come: nothing was sent; the provider refused it unserved; it answered in full; or it was sent
 * and nobody knows what has become of it.
 */
export type AttemptEnd = "unsent" | "refused" | "answered" | "unknown";

/**
 * Sets aside what an attempt can cost, before it is sent.
 *
 * @returns to be told how the attempt ended, once
 * @throws ServiceError as `Ledger.reserve` does
 */
export type ChargeAttempt = (signal: AbortSignal) => Promise<(end: AttemptEnd) => void>;

/** How a provider call ended, as far as its cost is concerned. */
export interface CallEnd {
  /** Attempts that were answered in full. */
  readonly answeredCount: number;
  /** What the provider says that the call has cost; undefined when it does not say. */
  readonly reportedUsdMicros: number | undefined;
  /** Whether that was read: not when the caller left before. */
  readonly read: boolean;
}

/** What one provider call costs, attempt by attempt. */
export interface Bill {
  /** Undefined when its requests are free. */
  readonly charge: ChargeAttempt | undefined;
  /** Ends the call. An attempt that is still under way then is booked when it ends, and is in no report. */
  readonly close: (end: CallEnd) => { readonly usdMicros: number; readonly estimated: boolean };
}

export function openBill(ledger: Ledger, subject: Subject, price: Price): Bill {
  const { expectedUsdMicros, worstUsdMicros } = price;
  const answered: Reservation[] = [];
  /** Of attempts that nobody knows the end of. */
  let unknownUsdMicros = 0;
  let closed = false;

  const charge: ChargeAttempt = async (signal) => {
    const reservation = await ledger.reserve(subject, worstUsdMicros, signal);
    return (end) => {
      switch (end) {
        case "unsent":
        case "refused":
          return reservation.release();
        case "answered":
          // What it cost is known when the call has ended.
          if (!closed) return void answered.push(reservation);
          return reservation.settle(worstUsdMicros, true);
        case "unknown":
          unknownUsdMicros += worstUsdMicros;
          return reservation.settle(worstUsdMicros, true);
      }
    };
  };

  return {
    charge: worstUsdMicros > 0 ? charge : undefined,
    close: ({ answeredCount, reportedUsdMicros, read }) => {
      closed = true;
      // A request that several kinds share is on the bill of the one that sent it.
      const usdMicros = Math.round(reportedUsdMicros ?? -1);
      if (answeredCount > 0 && Number.isSafeInteger(usdMicros) && usdMicros >= 0) {
        const [first, ...others] = answered;
        if (first === undefined) ledger.add(subject, usdMicros);
        else first.settle(usdMicros, false);
        for (const other of others) other.settle(0, false);
        return { usdMicros: usdMicros + unknownUsdMicros, estimated: unknownUsdMicros > 0 };
      }
      const each = read ? expectedUsdMicros : worstUsdMicros;
      for (const reservation of answered) reservation.settle(each, true);
      const listedUsdMicros = answered.length * each + unknownUsdMicros;
      return { usdMicros: listedUsdMicros, estimated: listedUsdMicros > 0 };
    },
  };
}
