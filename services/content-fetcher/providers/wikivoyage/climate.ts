import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FactSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { ResolvedQuery } from "../../provider.ts";
import { toCivil, tripDays } from "../civil-days.ts";
import type { Article } from "./article.ts";
import { citationOf } from "./citation.ts";
import { templatesOf, type Template } from "./wikitext/parse-wikitext.ts";
import { plainText } from "./wikitext/runs.ts";

export type FactInit = MessageInitShape<typeof FactSchema>;

const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];
const MM_PER_INCH = 25.4;

/**
 * The article's climate table for the months of the trip, as facts.
 *
 * They are no `DailyForecast`: its typical days are averages over the same day of a number of past years, and the table
 * has means of whole months over a time that it does not state; a month's rain says nothing of a day's. As facts of the
 * months they say what the table says.
 */
export function climateFacts(article: Article, query: ResolvedQuery): FactInit[] {
  const table = article.sections
    .filter(({ path }) => path.length === 0 || path.includes("climate") || path[0] === "understand")
    .flatMap(({ nodes }) => templatesOf(nodes()))
    .find(({ name }) => name === "climate");
  if (table === undefined) return [];
  const months = new Set(tripDays(query).map((day) => toCivil(day).month));
  return [...months].flatMap((month) => {
    const name = MONTHS[month - 1] ?? "";
    const value = monthText(table, name.slice(0, 3));
    const label = `Climate in ${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return value === "" ? [] : [{ key: `climate-${name}`, label, value, citations: [citationOf(article)] }];
  });
}

function monthText(table: Template, month: string): string {
  const text = (name: string): string => plainText(table.parameters.get(name) ?? []);
  const imperial = /^imperial$/i.test(text("units"));
  const read = (name: string): number | undefined => {
    const written = text(`${month}${name}`).replace("−", "-");
    return /^-?\d{1,4}(?:\.\d+)?$/.test(written) ? Number(written) : undefined;
  };
  const degrees = (value: number): string => {
    const [celsius, fahrenheit] = imperial ? [((value - 32) * 5) / 9, value] : [value, (value * 9) / 5 + 32];
    return `${rounded(celsius, 1)} °C (${rounded(fahrenheit, 0)} °F)`;
  };
  const [high, low, rain, snow] = [read("high"), read("low"), read("precip"), read("snow")];
  const parts = [
    high === undefined ? "" : `daily highs ${degrees(high)}`,
    low === undefined ? "" : `nightly lows ${degrees(low)}`,
    rain === undefined ? "" : `precipitation ${millimetres(rain, imperial)}`,
    snow === undefined || snow === 0 ? "" : `snowfall ${centimetres(snow, imperial)}`,
  ].filter((part) => part !== "");
  const joined = parts.join(", ");
  return joined.charAt(0).toUpperCase() + joined.slice(1);
}

const rounded = (value: number, decimals: number): string =>
  // Negative zero is written without its sign.
  String(Number(value.toFixed(decimals)) || 0);

function millimetres(value: number, imperial: boolean): string {
  const [mm, inches] = imperial ? [value * MM_PER_INCH, value] : [value, value / MM_PER_INCH];
  return `${rounded(mm, 0)} mm (${rounded(inches, 1)} in)`;
}

/** The table has snow in inches or in centimetres. */
function centimetres(value: number, imperial: boolean): string {
  const [cm, inches] = imperial ? [(value * MM_PER_INCH) / 10, value] : [value, (value * 10) / MM_PER_INCH];
  return `${rounded(cm, 0)} cm (${rounded(inches, 1)} in)`;
}
