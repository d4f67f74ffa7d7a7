import { countries } from "countries-list";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PriceSchema } from "../../../shared/gen/wayfarer/type/v1/content_pb.ts";

type PriceInit = MessageInitShape<typeof PriceSchema>;
type MoneyInit = NonNullable<PriceInit["minAmount"]>;

/** Signs that mean one currency everywhere. */
const UNIQUE: Readonly<Record<string, string>> = {
  "€": "EUR",
  US$: "USD",
  A$: "AUD",
  AU$: "AUD",
  C$: "CAD",
  CA$: "CAD",
  NZ$: "NZD",
  S$: "SGD",
  HK$: "HKD",
  NT$: "TWD",
  R$: "BRL",
  "₹": "INR",
  "₩": "KRW",
  "₪": "ILS",
  "₫": "VND",
  "₺": "TRY",
  "₽": "RUB",
  "₴": "UAH",
  "฿": "THB",
  "₱": "PHP",
  "₦": "NGN",
  "₲": "PYG",
  "₾": "GEL",
  "₼": "AZN",
  "₸": "KZT",
  zł: "PLN",
  Kč: "CZK",
  Ft: "HUF",
};
/** Signs that several countries use, each for its own; in any other country they are not read. */
const LOCAL: Readonly<Record<string, ReadonlySet<string>>> = {
  $: new Set(
    "ARS AUD BBD BMD BND BSD BZD CAD CLP COP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD USD XCD".split(
      " ",
    ),
  ),
  "£": new Set(["GBP", "EGP", "GIP", "FKP", "SHP"]),
  "¥": new Set(["JPY", "CNY"]),
  kr: new Set(["SEK", "NOK", "DKK", "ISK"]),
  Rs: new Set(["INR", "PKR", "LKR", "NPR", "MUR", "SCR"]),
  Rp: new Set(["IDR"]),
  RM: new Set(["MYR"]),
  R: new Set(["ZAR"]),
  Fr: new Set(["CHF"]),
};
/** The first currency of each country. */
const FIRST_CURRENCY = new Map(Object.entries(countries).map(([code, { currency }]) => [code, currency[0]]));
const ISO = new Set(Intl.supportedValuesOf("currency"));

const NUMBER = String.raw`\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:[.,]\d{1,2})?`;
/** One amount or a range, the sign before or after, and words without any other digit. */
const AMOUNT = new RegExp(
  String.raw`^(?<before>[^\d]*?)(?<min>${NUMBER})(?:\s*[-–—]\s*(?<again>[^\d\s]{1,3})?(?<max>${NUMBER}))?(?![\d.,]\d)(?<after>[^\d]*)$`,
  "u",
);
const FREE =
  /^(?:free|free (?:admission|entry|entrance)|(?:admission|entry|entrance)(?: is)? free|no charge)[.!]?$/i;
/** Words that make an amount something else than what a visit costs everybody. */
const QUALIFIED =
  /\b(?:from|starting|starts|up|over|above|under|below|less|more|at least|about|around|approx\w*|child\w*|kids?|student\w*|senior\w*|concession\w*|reduced|discount\w*|free|off|donation\w*|suggested|minimum|min|plus|deposit|and|or|million)\b|[+~<>≈±*%/]/i;

/**
 * A price as it is stated, with amounts when the statement is one amount or one range in one known currency
 * and nothing else; what is qualified or has several amounts stays text.
 *
 * @param text not empty
 * @param countryCode ISO 3166-1 alpha-2, tells what `$` and its like mean; may be empty
 */
export function toPrice(text: string, countryCode: string): PriceInit {
  const local = FIRST_CURRENCY.get(countryCode);
  if (FREE.test(text) && local !== undefined) {
    const free: MoneyInit = { currencyCode: local, units: 0n };
    return { text, minAmount: free, maxAmount: free };
  }
  const { before = "", min = "", again, max = min, after = "" } = AMOUNT.exec(text)?.groups ?? {};
  const currency = currencyOf(before, after, local);
  if (min === "" || currency === undefined || QUALIFIED.test(`${before} ${after}`)) return { text };
  if (again !== undefined && currencyOf(again, "", local) !== currency) return { text };
  const [low, high] = [toMoney(min, currency), toMoney(max, currency)];
  return low.value > high.value ? { text } : { text, minAmount: low.money, maxAmount: high.money };
}

function currencyOf(before: string, after: string, local: string | undefined): string | undefined {
  const [prefix = ""] = /[^\s(]*\s*$/u.exec(before) ?? [];
  const [suffix = ""] = /^\s*[^\s),;.:]*/u.exec(after) ?? [];
  const found = [signOf(prefix.trim(), local), signOf(suffix.trim(), local)].filter(
    (code) => code !== undefined,
  );
  const [only] = found;
  // Two of them, or one elsewhere in the words, and the amount may be in another currency.
  const signs = `${before}${after}`.match(/\p{Sc}/gu) ?? [];
  return found.length === 1 && signs.length <= 1 ? only : undefined;
}

function signOf(sign: string, local: string | undefined): string | undefined {
  if (Object.hasOwn(UNIQUE, sign)) return UNIQUE[sign];
  if (ISO.has(sign)) return sign;
  return Object.hasOwn(LOCAL, sign) && local !== undefined && LOCAL[sign]?.has(local) === true
    ? local
    : undefined;
}

function toMoney(
  written: string,
  currencyCode: string,
): { readonly money: MoneyInit; readonly value: number } {
  const decimal = /^\d+,\d{1,2}$/.test(written) ? written.replace(",", ".") : written.replaceAll(",", "");
  const [units = "0", fraction = ""] = decimal.split(".");
  return {
    money: { currencyCode, units: BigInt(units), nanos: Number(fraction.padEnd(9, "0")) },
    value: Number(decimal),
  };
}
