import { countries } from "countries-list";
import { foldName } from "../fold-name.ts";

/** What people write besides the official names. */
const COMMON: Readonly<Record<string, readonly string[]>> = {
  US: ["usa", "united states of america", "america"],
  GB: ["uk", "great britain", "britain"],
  AE: ["uae"],
  CZ: ["czech republic"],
  NL: ["holland"],
  TR: ["turkey"],
  MK: ["macedonia"],
};

/** Languages whose names of countries are known: those that most guides are asked for in. */
const LANGUAGES = (
  "en de fr es pt it nl sv da nb fi is et lv lt pl cs sk hu ro bg el tr ru uk hr sl sr ca he ar fa hi bn th vi id ms " +
  "ja ko zh zh-Hant"
).split(" ");

const displayNames = LANGUAGES.map((language) => new Intl.DisplayNames(language, { type: "region" }));

const tidy = (names: readonly string[], code: string): string[] =>
  [...new Set(names.map(foldName))].filter((name) => name !== "" && name !== code.toLowerCase());

const listed = (code: string) => Object.entries(countries).find(([other]) => other === code)?.[1];

/** Folded English names of a country: "hong kong sar china", "hong kong". */
export const englishNamesOf = (code: string): string[] =>
  tidy([displayNames[0]?.of(code) ?? "", listed(code)?.name ?? "", ...(COMMON[code] ?? [])], code);

/** Folded names of a country in other languages, its own among them. */
export function foreignNamesOf(code: string): string[] {
  const english = new Set(englishNamesOf(code));
  const names = tidy(
    [...displayNames.map((names) => names.of(code) ?? ""), listed(code)?.native ?? ""],
    code,
  );
  return names.filter((name) => !english.has(name));
}
