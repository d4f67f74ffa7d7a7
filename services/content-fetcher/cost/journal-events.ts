import { z } from "zod";

const usdMicros = z.int().min(0);
const day = z.iso.date();
/** What money is spent on. */
const subject = { provider: z.string().min(1), section: z.string() };

const eventSchema = z.discriminatedUnion("event", [
  // Before a request is sent: the most that it can cost.
  z.strictObject({ event: z.literal("reserved"), id: z.int().min(1), day, ...subject, usdMicros }),
  // What it did cost; estimated when the provider did not say.
  z.strictObject({ event: z.literal("settled"), id: z.int().min(1), usdMicros, estimated: z.boolean() }),
  // It cannot have cost anything.
  z.strictObject({ event: z.literal("released"), id: z.int().min(1) }),
  // A sum of what was spent without a reservation, or before the file was written anew.
  z.strictObject({ event: z.literal("spent"), day, ...subject, usdMicros, estimatedUsdMicros: usdMicros }),
]);

/** One line of the journal. Days are UTC. */
export type JournalEvent = z.infer<typeof eventSchema>;
export type Reserved = Extract<JournalEvent, { event: "reserved" }>;
export type Spent = Extract<JournalEvent, { event: "spent" }>;

export const toLine = (event: JournalEvent): string => `${JSON.stringify(event)}\n`;

/** A journal that is not one of ours, or is damaged elsewhere than at its end. */
export class UnreadableJournal extends Error {
  constructor(lineNumber: number, problem: string) {
    super(`line ${lineNumber} ${problem}`);
    this.name = "UnreadableJournal";
  }
}

/**
 * What was spent by a journal. A reservation without an end counts as spent, and as estimated: the process ended while
 * its request was under way. A last line without its end was being written then: nothing was sent yet that needed it.
 *
 * @throws UnreadableJournal
 */
export function sumUp(text: string): Spent[] {
  const lines = text.split("\n");
  const torn = lines.pop() ?? "";
  const open = new Map<number, Reserved>();
  const sums = new Map<string, Spent>();

  function add({ day, provider, section }: Reserved | Spent, amount: number, estimatedAmount: number): void {
    const key = `${day} ${provider} ${section}`;
    const sum = sums.get(key) ?? {
      event: "spent",
      day,
      provider,
      section,
      usdMicros: 0,
      estimatedUsdMicros: 0,
    };
    sum.usdMicros += amount;
    sum.estimatedUsdMicros += estimatedAmount;
    sums.set(key, sum);
  }

  function close(id: number, lineNumber: number): Reserved {
    const reserved = open.get(id);
    if (reserved === undefined)
      throw new UnreadableJournal(lineNumber, "ends a reservation that is not open");
    open.delete(id);
    return reserved;
  }

  function take(event: JournalEvent, lineNumber: number): void {
    switch (event.event) {
      case "reserved":
        if (open.has(event.id)) throw new UnreadableJournal(lineNumber, "opens a reservation twice");
        open.set(event.id, event);
        return;
      case "settled":
        return add(close(event.id, lineNumber), event.usdMicros, event.estimated ? event.usdMicros : 0);
      case "released":
        close(event.id, lineNumber);
        return;
      case "spent":
        return add(event, event.usdMicros, event.estimatedUsdMicros);
    }
  }

  for (const [index, line] of lines.entries()) {
    const event = parse(line);
    if (event === undefined) throw new UnreadableJournal(index + 1, "is no entry of a cost ledger");
    take(event, index + 1);
  }
  const last = parse(torn);
  if (last !== undefined) take(last, lines.length + 1);
  for (const reserved of open.values()) add(reserved, reserved.usdMicros, reserved.usdMicros);
  return [...sums.values()];
}

function parse(line: string): JournalEvent | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
