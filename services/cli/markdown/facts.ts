import type { Fact } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { shortDay, type CivilDay } from "./days.ts";
import { escapeMarkdown } from "./escape.ts";
import type { CitedPages } from "./cited-pages.ts";

/** Facts of so many days stand on one line; more make a table. */
const MAX_LINE_DAYS = 4;

/** One fact, or what is stated day by day under keys that differ in the date only. */
interface FactGroup {
  readonly label: string;
  readonly days: readonly { readonly day: CivilDay; readonly fact: Fact }[];
  readonly fact: Fact;
}

/** Facts as a list; those of single days together on one line, or in a table when there are many days. */
export function renderFacts(facts: readonly Fact[], pages: CitedPages): string {
  const groups = group(facts);
  const lines = groups
    .filter(({ days }) => days.length <= MAX_LINE_DAYS)
    .map((entry) =>
      `- **${escapeMarkdown(entry.label)}**: ${valueOf(entry)} ${marksOf(entry, pages)}`.trimEnd(),
    );
  const tables = groups
    .filter(({ days }) => days.length > MAX_LINE_DAYS)
    .map((entry) => tableOf(entry, pages));
  return [lines.join("\n"), ...tables].filter((part) => part !== "").join("\n\n");
}

function group(facts: readonly Fact[]): FactGroup[] {
  const groups = new Map<string, FactGroup>();
  for (const fact of facts) {
    const match = /^(.+)-(\d{4})-(\d{2})-(\d{2})$/.exec(fact.key);
    if (match === null) {
      groups.set(fact.key, { label: fact.label, days: [], fact });
      continue;
    }
    const [, key = "", year, month, day] = match;
    const known = groups.get(key);
    const entry = { day: { year: Number(year), month: Number(month), day: Number(day) }, fact };
    groups.set(key, {
      // "Sun on 2026-12-01" says the date once more.
      label: fact.label.replace(/\s+(?:on\s+)?\d{4}-\d{2}-\d{2}$/, ""),
      days: [...(known?.days ?? []), entry],
      fact,
    });
  }
  return [...groups.values()];
}

const valueOf = ({ days, fact }: FactGroup): string =>
  days.length === 0
    ? escapeMarkdown(fact.value)
    : days.map(({ day, fact: own }) => `${shortDay(day)}: ${short(own.value)}`).join("; ");

/** "Sunrise 07:35, sunset 17:15" in the room of a table. */
const short = (value: string): string =>
  escapeMarkdown(value.replace(/^Sunrise (\d\d:\d\d), sunset (\d\d:\d\d)$/, "$1–$2"));

const marksOf = ({ days, fact }: FactGroup, pages: CitedPages): string =>
  pages.numbers(days.length === 0 ? fact.citations : days.flatMap(({ fact: own }) => own.citations));

const tableOf = (entry: FactGroup, pages: CitedPages): string =>
  [
    `| Day | ${escapeMarkdown(entry.label)} ${marksOf(entry, pages)} |`,
    "|---|---|",
    ...entry.days.map(({ day, fact }) => `| ${shortDay(day)} | ${short(fact.value)} |`),
  ].join("\n");
