import { countries } from "countries-list";
import { foldName } from "./fold-name.ts";

export interface CountryNames {
  /** ISO 3166-1 alpha-2 code of a folded country name, English or its own. */
  readonly codeOf: (folded: string) => string | undefined;
}

/** What people write besides the official names. */
const COMMON: Readonly<Record<string, string>> = {
  usa: "US",
  "united states of america": "US",
  uk: "GB",
  england: "GB",
  scotland: "GB",
  wales: "GB",
};

export function createCountryNames(): CountryNames {
  const english = new Intl.DisplayNames("en", { type: "region" });
  const codes = new Map<string, string>(Object.entries(COMMON));
  for (const [code, { name, native }] of Object.entries(countries)) {
    for (const text of [name, native, english.of(code) ?? ""]) codes.set(foldName(text), code);
  }
  return { codeOf: (folded) => codes.get(folded) };
}
