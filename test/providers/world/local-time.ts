/** Civil times of places, as the test providers write them. */

const formats = new Map<string, Intl.DateTimeFormat>();

function partsAt(atMs: number, timeZone: string): Readonly<Record<string, string>> {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-CA", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
  formats.set(timeZone, format);
  return Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
}

/** `YYYY-MM-DD` at the place. */
export function isoDayAt(atMs: number, timeZone: string): string {
  const { year, month, day } = partsAt(atMs, timeZone);
  return `${year}-${month}-${day}`;
}

/** `YYYY-MM-DDTHH:MM` at the place, without an offset. */
export function localIso(atMs: number, timeZone: string): string {
  const { year, month, day, hour, minute } = partsAt(atMs, timeZone);
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

/** Seconds that the place is ahead of UTC at that time. */
export function offsetSeconds(atMs: number, timeZone: string): number {
  const { year, month, day, hour, minute, second } = partsAt(atMs, timeZone);
  return Math.round(
    (Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) - Math.floor(atMs / 1000) * 1000) /
      1000,
  );
}

/** All days from the first to the last. */
export function isoDaysFrom(first: string, last: string): string[] {
  const days: string[] = [];
  for (let atMs = Date.parse(first); atMs <= Date.parse(last); atMs += 86_400_000)
    days.push(new Date(atMs).toISOString().slice(0, 10));
  return days;
}
