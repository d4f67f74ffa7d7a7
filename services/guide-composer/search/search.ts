import type { Destination } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { foldName } from "../destination/fold-name.ts";
import type { Gazetteer, NameRange } from "../destination/gazetteer.ts";
import { oneEditAway } from "../destination/one-edit-away.ts";

export interface SearchQuery {
  readonly text: string;
  /** ISO 3166-1 alpha-2; empty for all countries. */
  readonly countryCode: string;
  readonly near: { readonly latitude: number; readonly longitude: number } | undefined;
}

export interface Match {
  readonly destination: Destination;
  readonly matchedName: string;
  /** In (0, 1]; comparable within one answer. */
  readonly score: number;
}

/** Beyond this many matches nobody pages. */
const MAX_MATCH_COUNT = 500;
/** Names looked at per typing error: the most a page can use. */
const MAX_NAMES_PER_VARIANT = 20;
/** Distance at which nearness counts half. */
const NEAR_KM = 200;

interface Scored {
  readonly place: number;
  readonly name: number;
  readonly score: number;
}

/** Destinations whose name begins so; when there are few, also those that a typing error away begin so. Best first. */
export function searchDestinations(
  gazetteer: Gazetteer,
  query: SearchQuery,
  fewCount: number,
): readonly Match[] {
  const folded = foldName(query.text);
  if (folded === "") return [];
  const best = new Map<number, Scored>();
  collect(gazetteer, gazetteer.withPrefix(folded), folded, 1, query, Infinity, best);
  if (best.size < fewCount) {
    for (const variant of oneEditAway(folded)) {
      collect(gazetteer, gazetteer.withPrefix(variant), variant, 0.5, query, MAX_NAMES_PER_VARIANT, best);
    }
  }
  return [...best.values()]
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .slice(0, MAX_MATCH_COUNT)
    .map(({ place, name, score }) => ({
      destination: gazetteer.toDestination(place),
      matchedName: gazetteer.originalOf(name),
      score,
    }));
}

function collect(
  gazetteer: Gazetteer,
  range: NameRange,
  prefix: string,
  quality: number,
  query: SearchQuery,
  maxNameCount: number,
  best: Map<number, Scored>,
): void {
  const prefixBytes = Buffer.byteLength(prefix);
  const to = Math.min(range.to, range.from + maxNameCount);
  for (let name = range.from; name < to; name += 1) {
    const exact = gazetteer.foldedLength(name) === prefixBytes;
    for (const { place, own } of gazetteer.matchesOf(name)) {
      if (query.countryCode !== "" && gazetteer.countryCode(place) !== query.countryCode) continue;
      // Inhabitants on a log scale: ten million make 1.
      const size = Math.log10(Math.max(1, gazetteer.population(place))) / 7;
      const score =
        quality *
        (0.5 * Math.min(1, size) +
          (exact ? 0.3 : 0) +
          (own ? 0.1 : 0) +
          0.1 * nearness(gazetteer, place, query.near));
      const known = best.get(place);
      if (known === undefined || score > known.score) best.set(place, { place, name, score });
    }
  }
}

function nearness(gazetteer: Gazetteer, place: number, near: SearchQuery["near"]): number {
  if (near === undefined) return 0;
  const there = gazetteer.location(place);
  const turn = ((there.longitude - near.longitude + 540) % 360) - 180;
  const km =
    111.2 * Math.hypot(there.latitude - near.latitude, turn * Math.cos((near.latitude * Math.PI) / 180));
  return NEAR_KM / (NEAR_KM + km);
}
