import type { SettingType } from "../../../shared/config.ts";

const MICROS = 1_000_000;
const MAX_USD = 1_000_000;

/** An amount of money, read as millionths of a US dollar. 0 is an amount: nothing may be spent. */
export const usdAmount: SettingType<number> = {
  mustBe: `an amount of US dollars from 0 to ${MAX_USD} with at most 6 decimals, for example 2.50`,
  parse: (text) => {
    const [, dollars = "", decimals = ""] = /^(\d{1,7})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
    if (dollars === "") return undefined;
    const usdMicros = Number(dollars) * MICROS + Number(decimals.padEnd(6, "0"));
    return usdMicros <= MAX_USD * MICROS ? usdMicros : undefined;
  },
};

/** For people, exact: at least the cents, for example `2.50` and `0.0185`. */
export const toUsd = (usdMicros: number): string =>
  (usdMicros / MICROS).toFixed(6).replace(/(\.\d{2}\d*?)0+$/, "$1");
