interface Unit {
  readonly symbol: string;
  readonly other: string;
  /** What the same measure is in the other unit. */
  readonly convert: (amount: number) => number;
}

const times =
  (factor: number) =>
  (amount: number): number =>
    amount * factor;

/** Wikivoyage's unit templates: each shows the amount and, in parentheses, the same in the other system. */
const UNITS: Readonly<Record<string, Unit>> = {
  mi: { symbol: "mi", other: "km", convert: times(1.609344) },
  km: { symbol: "km", other: "mi", convert: times(1 / 1.609344) },
  ft: { symbol: "ft", other: "m", convert: times(0.3048) },
  m: { symbol: "m", other: "ft", convert: times(1 / 0.3048) },
  yd: { symbol: "yd", other: "m", convert: times(0.9144) },
  in: { symbol: "in", other: "cm", convert: times(2.54) },
  cm: { symbol: "cm", other: "in", convert: times(1 / 2.54) },
  mm: { symbol: "mm", other: "in", convert: times(1 / 25.4) },
  lb: { symbol: "lb", other: "kg", convert: times(0.45359237) },
  oz: { symbol: "oz", other: "g", convert: times(28.349523125) },
  kg: { symbol: "kg", other: "lb", convert: times(1 / 0.45359237) },
  mph: { symbol: "mph", other: "km/h", convert: times(1.609344) },
  kph: { symbol: "km/h", other: "mph", convert: times(1 / 1.609344) },
  "km/h": { symbol: "km/h", other: "mph", convert: times(1 / 1.609344) },
  sqmi: { symbol: "sq mi", other: "km²", convert: times(2.589988) },
  sqkm: { symbol: "km²", other: "sq mi", convert: times(1 / 2.589988) },
  km2: { symbol: "km²", other: "sq mi", convert: times(1 / 2.589988) },
  acre: { symbol: "acres", other: "ha", convert: times(0.40468564) },
  ha: { symbol: "ha", other: "acres", convert: times(1 / 0.40468564) },
  gal: { symbol: "gal", other: "L", convert: times(3.785411784) },
  l: { symbol: "L", other: "US gal", convert: times(1 / 3.785411784) },
  f: { symbol: "°F", other: "°C", convert: (amount) => ((amount - 32) * 5) / 9 },
  c: { symbol: "°C", other: "°F", convert: (amount) => (amount * 9) / 5 + 32 },
};

/** More than any amount has, and what `toPrecision` takes. */
const MAX_DIGITS = 21;
const NUMBERS = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });

/** An amount, or two with what stands between them. */
const AMOUNTS = /^([-−]?\d[\d,]*(?:\.\d+)?)(?:(\s*(?:[-–—]|to)\s*)([-−]?\d[\d,]*(?:\.\d+)?))?$/;

/**
 * What a unit template shows: "100 mi (160 km)", "5–10 ft (1.5–3 m)". Converted lengths and weights have as many
 * significant digits as the amount, at least two; temperatures are whole degrees.
 *
 * @param name of the template or of the unit, in lower case
 * @param amount as written
 * @returns undefined when there is no such unit
 */
export function measureText(name: string, amount: string): string | undefined {
  const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined;
  if (unit === undefined) return undefined;
  const written = amount.trim();
  const match = AMOUNTS.exec(written);
  if (match === null) return `${written} ${unit.symbol}`;
  const [, from = "", between = "", to] = match;
  const other = [convert(unit, from), ...(to === undefined ? [] : [convert(unit, to)])].join(between);
  return `${written} ${unit.symbol} (${other} ${unit.other})`;
}

function convert(unit: Unit, written: string): string {
  const digits = written.replaceAll(/[^\d.]/g, "");
  const value = unit.convert(Number(written.replaceAll(",", "").replace("−", "-")));
  if (unit.other.startsWith("°")) return String(Math.round(value));
  const significant = digits.replace(".", "").replace(/^0+/, "").replace(/0+$/, "").length;
  return NUMBERS.format(Number(value.toPrecision(Math.min(MAX_DIGITS, Math.max(2, significant)))));
}
