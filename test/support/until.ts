import { setInterval } from "node:timers/promises";

/** Looks every few milliseconds until it is so; fails after a time that is long enough for a busy machine. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 8_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for await (const _ of setInterval(5)) {
    if (await condition()) return;
    if (performance.now() > endMs) throw new Error(`not so within ${timeoutMs} ms: ${condition.toString()}`);
  }
}
