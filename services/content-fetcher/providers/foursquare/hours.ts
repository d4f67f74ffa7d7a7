import { oneLine } from "../plain-text.ts";

/** Opening hours as Foursquare states them. */
export interface StatedHours {
  /** In words; often of the moment, such as "Open until 10:00 PM". */
  readonly display?: string | null | undefined;
  readonly regular?:
    | readonly {
        /** From 1, Monday, to 7. */
        readonly day?: number | null | undefined;
        /** `HHMM`; a `+` before it means the day after. */
        readonly open?: string | null | undefined;
        readonly close?: string | null | undefined;
      }[]
    | null
    | undefined;
}

const DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] as const;
/** What is true of the moment of the answer only. */
const MOMENTARY = /\b(?:until|now|today|tomorrow|soon)\b|^(?:open|opens|closed|closes)(?: at .*)?$/i;

/** On one line, for example `Mo-Fr 12:00-15:00,19:00-23:00; Sa 12:00-24:00`; empty when they are not known. */
export function hoursOf(hours: StatedHours | null | undefined): string {
  const regular = weekOf(hours?.regular ?? []);
  if (regular !== "") return regular;
  const display = oneLine(hours?.display);
  return MOMENTARY.test(display) ? "" : display;
}

/** Empty when any of it cannot be read: the rest would state too much. */
function weekOf(regular: NonNullable<StatedHours["regular"]>): string {
  const spans = DAYS.map((): string[] => []);
  for (const { day, open, close } of regular) {
    const span = spanOf(open, close);
    const ofDay = spans[(day ?? 0) - 1];
    if (ofDay === undefined || span === undefined) return "";
    if (!ofDay.includes(span)) ofDay.push(span);
  }
  const texts = spans.map((ofDay) => ofDay.sort().join(","));
  const rules: string[] = [];
  for (let first = 0; first < DAYS.length;) {
    const text = texts[first] ?? "";
    let last = first;
    while (last + 1 < DAYS.length && texts[last + 1] === text) last += 1;
    if (text !== "") rules.push(`${DAYS[first]}${last > first ? `-${DAYS[last]}` : ""} ${text}`);
    first = last + 1;
  }
  return rules.join("; ");
}

function spanOf(open: string | null | undefined, close: string | null | undefined): string | undefined {
  const from = clockOf(open);
  const to = clockOf(close);
  if (from === undefined || to === undefined || from === "24:00") return undefined;
  // A day ends where the next one begins.
  return `${from}-${to === "00:00" ? "24:00" : to}`;
}

/** `HH:MM` of `HHMM`. */
function clockOf(text: string | null | undefined): string | undefined {
  const match = /^\+?(\d{2}):?(\d{2})$/.exec(text ?? "");
  if (match === null) return undefined;
  const clock = `${match[1]}:${match[2]}`;
  return /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(clock) ? clock : undefined;
}
