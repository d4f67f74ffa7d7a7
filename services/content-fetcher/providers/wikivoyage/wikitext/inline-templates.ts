import type { Node, Template } from "./parse-wikitext.ts";
import { measureText } from "./units.ts";

/** What a template puts into running text. */
export type ShowTemplate = (template: Template) => readonly Node[];

/** Templates that show one of their parameters as it is, by the names of the parameters in order of preference. */
const SHOWN_PARAMETER: Readonly<Record<string, readonly string[]>> = {
  phone: ["1"],
  nowrap: ["1"],
  nobr: ["1"],
  small: ["1"],
  smaller: ["1"],
  big: ["1"],
  larger: ["1"],
  sup: ["1"],
  sub: ["1"],
  abbr: ["1"],
  tooltip: ["1"],
  ipa: ["1"],
  pron: ["1"],
  unicode: ["1"],
  quote: ["1", "text"],
  cquote: ["1", "text"],
  cautionbox: ["1", "text"],
  warningbox: ["1", "text"],
  caution: ["1"],
  warning: ["1"],
  lang: ["2"],
  color: ["2"],
  station: ["1"],
  marker: ["name"],
};

/** Templates that stand for characters. */
const CHARACTERS: Readonly<Record<string, string>> = {
  "!": "|",
  "=": "=",
  "'": "'",
  "'s": "'s",
  mdash: "—",
  "—": "—",
  ndash: "–",
  "–": "–",
  "spaced ndash": " – ",
  snd: " – ",
  nbsp: " ",
  space: " ",
  "·": " · ",
  bull: " • ",
  "•": " • ",
  circa: "c. ",
};

/** Codes with a label in front, as the page shows them. */
const LABELLED: Readonly<Record<string, string>> = { iata: "IATA", icao: "ICAO", "faa lid": "FAA LID" };

/** Symbols for the currencies whose symbol means no other. */
const SYMBOLS: Readonly<Record<string, string>> = {
  EUR: "€",
  GBP: "£",
  INR: "₹",
  KRW: "₩",
  ILS: "₪",
  VND: "₫",
};
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

/**
 * What a template shows in running text: units, currencies, codes, characters, foreign words. Everything else is
 * navigation, a mark for editors, an icon or a box beside the text, and shows nothing.
 *
 * @param textOf plain text of a parameter
 */
export function showInline(template: Template, textOf: (nodes: readonly Node[]) => string): readonly Node[] {
  const { name, writtenName, parameters } = template;
  const parameter = (key: string): readonly Node[] => parameters.get(key) ?? [];
  if (Object.hasOwn(CHARACTERS, name)) return [CHARACTERS[name] ?? ""];
  if (Object.hasOwn(LABELLED, name)) {
    const code = textOf(parameter("1"));
    return code === "" ? [] : [`${LABELLED[name]}: ${code}`];
  }
  if (Object.hasOwn(SHOWN_PARAMETER, name)) {
    const key = SHOWN_PARAMETER[name]?.find((each) => parameter(each).length > 0);
    return key === undefined ? [] : parameter(key);
  }
  if (name === "nihongo") {
    const aside = [textOf(parameter("2")), textOf(parameter("3"))].filter((text) => text !== "").join(", ");
    return aside === "" ? parameter("1") : [...parameter("1"), ` (${aside})`];
  }
  if (name.startsWith("lang-")) return parameter("1");
  if (name.startsWith("formatnum:")) return [name.slice("formatnum:".length).trim()];
  if (name === "convert")
    return shown(measureText(textOf(parameter("2")).toLowerCase(), textOf(parameter("1"))));
  if (CURRENCIES.has(writtenName)) {
    const amount = textOf(parameter("1"));
    return amount === "" ? [] : [`${SYMBOLS[writtenName] ?? `${writtenName} `}${amount}`];
  }
  const amount = textOf(parameter("1"));
  return amount === "" ? [] : shown(measureText(name, amount));
}

const shown = (text: string | undefined): readonly Node[] => (text === undefined ? [] : [text]);
