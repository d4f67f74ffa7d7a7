import { wayM, type Candidate, type Position } from "./candidates.ts";
import type { PlannedStop, Stay } from "./stop.ts";
import type { Slot } from "./slots.ts";

/** Where a day begins and, when it is known, where it ends. */
export interface Ends {
  readonly start: Position | undefined;
  readonly end: Position | undefined;
}

const legM = (from: Position | undefined, to: Position | undefined): number =>
  from === undefined || to === undefined ? 0 : wayM(from, to);

/**
 * Puts sights into slots so that each is open in its slot and the way from start to end is shortest. There are at most
 * five of each, so all orders can be tried.
 *
 * @param ends undefined when any order will do
 * @returns undefined when they cannot all be open in turn
 */
export function arrange(
  sights: readonly Candidate[],
  slots: readonly Slot[],
  stays: (candidate: Candidate, slot: Slot) => Stay | undefined,
  ends: Ends | undefined,
): readonly PlannedStop[] | undefined {
  const possible = sights.map((sight) => slots.map((slot) => stays(sight, slot)));
  const placed: { readonly sight: number; readonly slot: number }[] = [];
  const taken = new Set<number>();
  let best: readonly { readonly sight: number; readonly slot: number }[] | undefined;
  let leastM = Infinity;

  /** Fills the slots from the `at`-th on, earlier slots first, and leaves out as many as there are sights too few. */
  const fill = (at: number, here: Position | undefined, wayM: number): void => {
    if (wayM >= leastM || (ends === undefined && best !== undefined)) return;
    if (placed.length === sights.length) {
      const totalM = wayM + legM(here, ends?.end);
      if (totalM < leastM) [best, leastM] = [[...placed], totalM];
      return;
    }
    if (slots.length - at < sights.length - placed.length) return;
    for (const [sight, candidate] of sights.entries()) {
      if (taken.has(sight) || possible[sight]?.[at] === undefined) continue;
      taken.add(sight);
      placed.push({ sight, slot: at });
      fill(at + 1, candidate.position ?? here, wayM + legM(here, candidate.position));
      placed.pop();
      taken.delete(sight);
    }
    fill(at + 1, here, wayM);
  };
  fill(0, ends?.start, 0);

  return best?.flatMap(({ sight, slot }) => {
    const candidate = sights[sight];
    const stay = possible[sight]?.[slot];
    return candidate && stay
      ? [{ listing: candidate.listing, from: stay[0], to: stay[1], position: candidate.position }]
      : [];
  });
}
