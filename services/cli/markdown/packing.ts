import type { Guide, PackingItem } from "../../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { dayList } from "./days.ts";
import { escapeMarkdown } from "./escape.ts";

/** Values that call for something, as a traveller says them. */
const REASONS: Readonly<Record<string, (value: number) => string>> = {
  precipitation_probability: (value) => `chance of rain up to ${Math.round(value * 100)} %`,
  precipitation_mm: (value) => `up to ${value} mm of rain`,
  min_temperature_celsius: (value) => `down to ${value} °C`,
  max_temperature_celsius: (value) => `up to ${value} °C`,
  max_wind_speed_mps: (value) => `wind up to ${value} m/s`,
  max_uv_index: (value) => `UV index up to ${value}`,
};

/** "max_uv_index 6.5 >= 3 (typical values)" in words; as it is when it has another form. */
function reasonInWords(rule: string): string {
  if (rule.startsWith("condition = snow")) return rule.replace("condition = snow", "snow");
  const match = /^(\w+) (-?[\d.]+) [<>]= -?[\d.]+(.*)$/.exec(rule);
  const [, name = "", value, rest = ""] = match ?? [];
  const say = Object.hasOwn(REASONS, name) ? REASONS[name] : undefined;
  return say === undefined ? rule : `${say(Number(value))}${rest}`;
}

/** What to pack, on which days, and the weather that calls for it. */
export function renderPacking({ packingItems, spec }: Guide): string {
  if (packingItems.length === 0) return "";
  const dayCount = spec?.dayCount ?? 0;
  return ["## What to pack", packingItems.map((item) => renderItem(item, dayCount)).join("\n")].join("\n\n");
}

function renderItem({ item, rule, dates }: PackingItem, dayCount: number): string {
  const days = dates.length === dayCount ? "every day" : dayList(dates);
  return `- **${escapeMarkdown(item.replaceAll("-", " "))}** ${days}: ${escapeMarkdown(reasonInWords(rule))}`;
}
