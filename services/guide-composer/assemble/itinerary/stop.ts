import type { Listing } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { Span } from "../hours/hours.ts";
import type { Position } from "./candidates.ts";

export interface PlannedStop {
  readonly listing: Listing;
  /** Minutes after midnight. */
  readonly from: number;
  readonly to: number;
  readonly position: Position | undefined;
}

/** A time at a place that is within its slot and, where the hours are known, within them. */
export type Stay = Span;
