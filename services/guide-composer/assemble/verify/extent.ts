import type { Listing } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { SAME_NAME_MAX_M } from "../listings/dedupe.ts";
import { NEAR_MAX_M } from "./witnesses.ts";

/** How far from each other two sources may put one place, by how large such a place is, metres. */
export interface Extent {
  /** Up to here it is the same place. */
  readonly nearM: number;
  /** From here on it is elsewhere. In between nothing is known. */
  readonly elsewhereM: number;
}

export const EXTENT = {
  /** Where one eats, drinks or is entertained: a point, but for a wrong door. */
  house: { nearM: SAME_NAME_MAX_M, elsewhereM: 1_000 },
  /** With its grounds; sources choose the gate, the middle or the ticket office. */
  sight: { nearM: SAME_NAME_MAX_M, elsewhereM: 2_000 },
  /** Districts and parks, whose middle everybody puts where it seems to be. */
  area: { nearM: NEAR_MAX_M, elsewhereM: 5_000 },
} as const satisfies Record<string, Extent>;

const AREA_CATEGORIES = new Set("park garden nature-reserve beach zoo theme-park".split(" "));

export function extentOf({ details }: Listing): Extent {
  if (details.case === "neighborhood") return EXTENT.area;
  if (details.case === "attraction")
    return AREA_CATEGORIES.has(details.value.category) ? EXTENT.area : EXTENT.sight;
  return EXTENT.house;
}
