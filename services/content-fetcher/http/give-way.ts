import { setImmediate } from "node:timers/promises";

/**
 * Waits until the requests have left that are handed over in this turn of the event loop. undici writes on a socket that
 * was used before only a turn after it was handed a request, so what computes for milliseconds in between holds up all
 * of them: a provider's next request, and with it a whole guide.
 */
export async function giveWay(): Promise<void> {
  await setImmediate();
  // What this turn hands over behind the first wait is written behind it too.
  await setImmediate();
}
