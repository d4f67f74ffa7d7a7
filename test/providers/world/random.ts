/** Chance that depends on nothing but a text: the same seed, place and purpose always draw the same numbers. */

/** 32 bits of a text (FNV-1a with a final mix). */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A number from 0 up to 1. */
export const chanceOf = (text: string): number => hash32(text) / 2 ** 32;

export interface Random {
  /** A number from 0 up to 1. */
  readonly next: () => number;
  /** A whole number from `min` to `max`, both included. */
  readonly whole: (min: number, max: number) => number;
  readonly pick: <T>(choices: readonly [T, ...T[]]) => T;
  /** Whether something of this probability happens. */
  readonly happens: (probability: number) => boolean;
  /** Distance from a centre: mostly small, sometimes up to three times `spread`. */
  readonly around: (spread: number) => number;
}

/** A sequence of draws (mulberry32) that begins where the text says. */
export function createRandom(text: string): Random {
  let state = hash32(text);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    whole: (min, max) => min + Math.floor(next() * (max - min + 1)),
    pick: (choices) => choices[Math.floor(next() * choices.length)] ?? choices[0],
    happens: (probability) => next() < probability,
    around: (spread) => (next() + next() + next() - 1.5) * 2 * spread,
  };
}
