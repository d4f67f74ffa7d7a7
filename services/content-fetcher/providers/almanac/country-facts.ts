import { countries, getCountryData, languages, type TCountryCode, type TLanguageCode } from "countries-list";
import type { ResolvedQuery } from "../../provider.ts";
import { fact, type FactInit } from "./fact.ts";
import { COUNTRIES_LIST, UNICODE_CLDR } from "./citations.ts";

/** Units of account of ISO 4217 that nobody pays with, which the list has among a country's currencies. */
const FUND_CODES = new Set(["BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "USS", "UYI", "UYW"]);
/** Written forms of a language that stands in the list too. */
const WRITTEN_FORMS: Readonly<Record<string, string>> = { nb: "no", nn: "no" };
/** Reserved for it, but not in use: calls go through Italy's. */
const UNUSED_CALLING_CODES = new Set(["VA"]);
const MAX_COUNTRY_CODE_DIGITS = 3;

const isCountryCode = (code: string): code is TCountryCode => code in countries;
const isLanguageCode = (code: string): code is TLanguageCode => code in languages;

/** Facts about the country of the destination. */
export function countryFacts({ destination }: ResolvedQuery): FactInit[] {
  const code = destination.countryCode;
  if (!isCountryCode(code)) return [];
  const country = getCountryData(code);
  const facts = [fact("country", "Country", country.name, [COUNTRIES_LIST])];
  const currencies = country.currency.filter((currency) => !FUND_CODES.has(currency)).map(currencyInWords);
  if (currencies.length > 0)
    facts.push(
      fact("currency", currencies.length === 1 ? "Currency" : "Currencies", currencies.join(", "), [
        COUNTRIES_LIST,
        UNICODE_CLDR,
      ]),
    );
  const spoken = languagesInWords(country.languages);
  if (spoken.length > 0)
    facts.push(
      fact("languages", spoken.length === 1 ? "Language" : "Languages", spoken.join(", "), [
        COUNTRIES_LIST,
        UNICODE_CLDR,
      ]),
    );
  if (country.phone.length > 0 && !UNUSED_CALLING_CODES.has(code)) {
    facts.push(
      fact("calling-code", "Calling code", country.phone.map(String).map(callingCode).join(", "), [
        COUNTRIES_LIST,
      ]),
    );
  }
  return facts;
}

/** For example "Euro (EUR, €)"; without a symbol where the currency has none of its own. */
function currencyInWords(currency: string): string {
  const name = new Intl.DisplayNames("en", { type: "currency" }).of(currency) ?? currency;
  const symbol = new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
  })
    .formatToParts(0)
    .find(({ type }) => type === "currency")?.value;
  return symbol === undefined || symbol === currency
    ? `${name} (${currency})`
    : `${name} (${currency}, ${symbol})`;
}

function languagesInWords(codes: readonly string[]): string[] {
  const names = new Intl.DisplayNames("en", { type: "language", fallback: "none" });
  return codes
    .filter((code) => !codes.includes(WRITTEN_FORMS[code] ?? ""))
    .flatMap((code) => names.of(code) ?? (isLanguageCode(code) ? languages[code].name : []));
}

const COUNTRY_CALLING_CODES = new Set(
  Object.values(countries)
    .flatMap(({ phone }) => phone.map(String))
    .filter((code) => code.length <= MAX_COUNTRY_CODE_DIGITS),
);

/** With a space before the part that is an area of another country's numbers: `+1 809`, `+47 79`. */
function callingCode(digits: string): string {
  if (digits.length <= MAX_COUNTRY_CODE_DIGITS) return `+${digits}`;
  const length = [1, 2, 3].find((count) => COUNTRY_CALLING_CODES.has(digits.slice(0, count)));
  return length === undefined ? `+${digits}` : `+${digits.slice(0, length)} ${digits.slice(length)}`;
}
