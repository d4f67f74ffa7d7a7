import { Pace } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";

/** What a time of the day is for. */
export type Role = "sight" | "meal" | "evening";

/** A time of the day to fill; minutes after midnight. */
export interface Slot {
  readonly from: number;
  readonly to: number;
  readonly role: Role;
}

const slot = (fromHour: number, toHour: number, role: Role): Slot => ({
  from: fromHour * 60,
  to: toHour * 60,
  role,
});

/** Slots of a day; there are as many as the API promises at most. */
const RELAXED = [slot(10.5, 12.5, "sight"), slot(13, 14.5, "meal"), slot(15.5, 17.5, "sight")];
const MODERATE = [
  slot(10, 12, "sight"),
  slot(12.5, 14, "meal"),
  slot(14.5, 16, "sight"),
  slot(16.5, 18, "sight"),
  slot(19, 21, "meal"),
];
const PACKED = [
  slot(9, 10.5, "sight"),
  slot(10.75, 12.25, "sight"),
  slot(12.5, 13.5, "meal"),
  slot(13.75, 15, "sight"),
  slot(15.25, 16.5, "sight"),
  slot(16.75, 18, "sight"),
  slot(18.75, 20.25, "meal"),
  slot(20.75, 22.25, "evening"),
];
/** What comes after dinner for those who want to go out, in place of the last sight. */
const NIGHT = slot(21.25, 22.75, "evening");

/**
 * Slots of a day in the order of the day.
 *
 * @param goesOut whether the traveller asks for nightlife
 */
export function slotsOf(pace: Pace, goesOut: boolean): readonly Slot[] {
  if (pace === Pace.PACKED) return PACKED;
  const slots = pace === Pace.RELAXED ? RELAXED : MODERATE;
  if (!goesOut) return slots;
  const last = slots.findLastIndex(({ role }) => role === "sight");
  return [...slots.filter((_, index) => index !== last), NIGHT];
}

/** Shortest useful stay, minutes: with less it is not worth the way. */
export const MIN_STAY_MINUTES = { sight: 45, meal: 45, evening: 60 } as const satisfies Record<Role, number>;
