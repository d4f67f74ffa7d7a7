import { packStrings, postingOf, type NameColumns, type StringTable } from "../gazetteer-file.ts";
import type { RankedPlace } from "./rank-places.ts";

interface Name {
  readonly folded: string;
  readonly original: string;
  readonly postings: number[];
}

/** The index of all names, in the order of UTF-16 code units, which is the order of `<`. */
export function buildNames(
  places: readonly RankedPlace[],
  blockSize: number,
): NameColumns & { readonly originals: StringTable } {
  const names = new Map<string, Name>();
  for (const [place, { spellings }] of places.entries()) {
    for (const { folded, original, kind } of spellings) {
      // The spelling of the most likely meant place stands for the name.
      const name = names.get(folded) ?? { folded, original, postings: [] };
      name.postings.push(postingOf(place, kind));
      names.set(folded, name);
    }
  }
  const sorted = [...names.values()].sort((a, b) => (a.folded < b.folded ? -1 : 1));
  const unitOffsets = new Uint32Array(sorted.length + 1);
  const postingOffsets = new Uint32Array(sorted.length + 1);
  for (const [index, { folded, postings }] of sorted.entries()) {
    unitOffsets[index + 1] = (unitOffsets[index] ?? 0) + folded.length;
    postingOffsets[index + 1] = (postingOffsets[index] ?? 0) + postings.length;
  }
  const units = new Uint16Array(unitOffsets.at(-1) ?? 0);
  const postings = new Uint32Array(postingOffsets.at(-1) ?? 0);
  const blockBest = new Uint32Array(Math.ceil(sorted.length / blockSize)).fill(0xffff_ffff);
  for (const [index, name] of sorted.entries()) {
    for (let at = 0; at < name.folded.length; at += 1)
      units[(unitOffsets[index] ?? 0) + at] = name.folded.charCodeAt(at);
    postings.set(name.postings, postingOffsets[index]);
    const block = Math.floor(index / blockSize);
    blockBest[block] = Math.min(blockBest[block] ?? 0, (name.postings[0] ?? 0) >>> 2);
  }
  return {
    units,
    unitOffsets,
    postings,
    postingOffsets,
    blockBest,
    originals: packStrings(sorted.map(({ original }) => original)),
  };
}
