import {
  asciiText,
  baseUrl,
  integer,
  listenAddress,
  oneOf,
  readSettings,
  secret,
  type Secret,
  type Setting,
  type SettingTable,
  type SettingType,
  type Settings,
} from "../../shared/config.ts";
import { usdAmount } from "./cost/usd.ts";
import { PROCESS_SETTINGS } from "../../shared/process-settings.ts";
import type { Provider, ProviderSettings } from "./provider.ts";
import { PROVIDERS } from "./providers.ts";

type Table<T> = Readonly<Record<string, Setting<T>>>;

const OFF_AND_ON = ["off", "on"] as const;

const keySettingsOf = ({ displayName, keySetting }: Provider): Table<Secret> =>
  keySetting === undefined
    ? {}
    : {
        [keySetting]: {
          type: secret,
          default: undefined,
          description: `API key of ${displayName}. Unset: it is not asked.`,
        },
      };

const switchSettingsOf = ({ switches = [] }: Provider): Table<string> =>
  Object.fromEntries(
    switches.map(({ setting, values: [off, on] = OFF_AND_ON, description }) => [
      setting,
      { type: oneOf(off, on), default: off, description },
    ]),
  );

const textSettingsOf = ({ textSettings = [] }: Provider): Table<string> =>
  Object.fromEntries(
    textSettings.map(({ setting, defaultText, description }) => [
      setting,
      { type: asciiText(1, 100), default: defaultText, description },
    ]),
  );

const concurrencySettingsOf = ({
  displayName,
  limits: { concurrencySetting, maxConcurrentCount = 1 },
}: Provider): Table<number> =>
  concurrencySetting === undefined
    ? {}
    : {
        [concurrencySetting]: {
          type: integer(1, 100),
          default: String(maxConcurrentCount),
          description: `Most calls to ${displayName} at the same time, 1 to 100.`,
        },
      };

const originSettingsOf = ({
  displayName,
  origins,
}: Provider): Readonly<Record<string, Setting<string> & { readonly default: string }>> =>
  Object.fromEntries(
    origins.map(({ setting, defaultUrl }) => [
      setting,
      {
        type: baseUrl,
        default: defaultUrl,
        description: `Where ${displayName} is reached: scheme, host and port.`,
      },
    ]),
  );

/** Whether one of its calls costs something by its published prices. */
const isPriced = ({ offerings }: Provider): boolean =>
  offerings.some(({ expectedCostUsdMicros = 0, worstCostUsdMicros = 0 }) =>
    [expectedCostUsdMicros, worstCostUsdMicros].some((usdMicros) => usdMicros > 0),
  );

/** Setting of a provider's daily budget; undefined when it is free. */
export const budgetSettingOf = (provider: Provider): string | undefined =>
  isPriced(provider) ? `${provider.id.toUpperCase().replaceAll("-", "_")}_DAILY_BUDGET_USD` : undefined;

const budgetSettingsOf = (provider: Provider): Table<number> => {
  const setting = budgetSettingOf(provider);
  return setting === undefined
    ? {}
    : {
        [setting]: {
          type: usdAmount,
          default: undefined,
          description: `Most that calls to ${provider.displayName} may cost in a UTC day, US dollars, 0 to 1000000. Unset: no limit of its own.`,
        },
      };
};

/** The tables of all providers in one. */
const tableOf = <T>(
  settingsOf: (provider: Provider) => Readonly<Record<string, T>>,
): Readonly<Record<string, T>> =>
  Object.fromEntries(PROVIDERS.flatMap((provider) => Object.entries(settingsOf(provider))));

const filePath: SettingType<string> = {
  mustBe: "a path of 1 to 1000 characters",
  parse: (text) => (/^[^\0]{1,1000}$/.test(text) ? text : undefined),
};

/** All settings of content-fetcher. */
export const FETCHER_SETTINGS = {
  FETCHER_LISTEN: {
    type: listenAddress,
    default: "127.0.0.1:50052",
    description: "Where content-fetcher listens, host:port; port 0 is a free one, which is logged.",
  },
  OPERATOR_CONTACT: {
    type: asciiText(3, 200),
    default: undefined,
    description:
      "URL or e-mail address of whoever operates this installation, sent to providers in the User-Agent. Unset: Wikimedia allows 10 calls a minute instead of 200, and MET Norway may refuse.",
  },
  COMMERCIAL_USE: {
    type: oneOf("off", "on"),
    default: "off",
    description:
      "Whether this installation is used commercially, off or on: on, a provider's base URL that is for non-commercial use only stops the start, and has to be set to a service that may be used.",
  },
  HEDGING: {
    type: oneOf("off", "free-reads"),
    default: "off",
    description:
      "Whether a read that takes longer than usual gets a second copy: off, or free-reads for providers without a key.",
  },
  COST_LEDGER_FILE: {
    type: filePath,
    default: undefined,
    description:
      "File in which this process keeps what calls to providers cost, so that budgets survive its end; no other process may use it. Unset: what is counted ends with the process, and no budget may be set.",
  },
  DAILY_BUDGET_USD: {
    type: usdAmount,
    default: undefined,
    description:
      "Most that calls to all providers together may cost in a UTC day, US dollars, 0 to 1000000. Unset: no limit.",
  },
  ...PROCESS_SETTINGS,
} as const satisfies SettingTable;

export type FetcherSettings = Settings<typeof FETCHER_SETTINGS>;

/** All settings of the providers: of each its key, where it is reached, and what can be switched on. */
export const PROVIDER_SETTINGS: SettingTable = tableOf<Setting<unknown>>((provider) => ({
  ...keySettingsOf(provider),
  ...originSettingsOf(provider),
  ...switchSettingsOf(provider),
  ...textSettingsOf(provider),
  ...concurrencySettingsOf(provider),
  ...budgetSettingsOf(provider),
}));

/** Where the providers are reached. */
export const ORIGIN_SETTINGS = tableOf(originSettingsOf);
const KEY_SETTINGS = tableOf(keySettingsOf);
const SWITCH_SETTINGS = tableOf(switchSettingsOf);
const TEXT_SETTINGS = tableOf(textSettingsOf);
const CONCURRENCY_SETTINGS = tableOf(concurrencySettingsOf);
const BUDGET_SETTINGS = tableOf(budgetSettingsOf);

/** What the settings, or the providers' terms, do not allow together. */
export function contradictionsOf(values: Readonly<Record<string, unknown>>): readonly string[] {
  const commercial = values["COMMERCIAL_USE"] === "on";
  const budgets = ["DAILY_BUDGET_USD", ...Object.keys(BUDGET_SETTINGS)].filter(
    (setting) => values[setting] !== undefined,
  );
  const unkept = "COST_LEDGER_FILE" in values && values["COST_LEDGER_FILE"] === undefined ? budgets : [];
  const ofBudgets = unkept.map(
    (setting) => `${setting} is set, and COST_LEDGER_FILE is not: a restart would begin the budget anew`,
  );
  const ofProviders = PROVIDERS.flatMap(({ displayName, origins, keySetting, switches = [] }) => [
    ...origins
      .filter(
        ({ setting, defaultUrl, use }) => commercial && use !== undefined && values[setting] === defaultUrl,
      )
      .map(
        ({ setting, defaultUrl }) =>
          `${setting} is ${defaultUrl}, which the terms of ${displayName} keep for non-commercial use, and COMMERCIAL_USE is on`,
      ),
    ...switches
      .filter(
        ({ setting, values: [, on] = OFF_AND_ON }) =>
          values[setting] === on &&
          keySetting !== undefined &&
          keySetting in values &&
          values[keySetting] === undefined,
      )
      .map(({ setting, values: [, on] = OFF_AND_ON }) => `${setting} is ${on}, and ${keySetting} is not set`),
  ]);
  return [...ofBudgets, ...ofProviders];
}

/** One base URL per origin of the providers, by the name of the setting. */
export type OriginUrls = Readonly<Record<string, string>>;

/** @throws ConfigError that names every base URL that is none */
export const readOriginUrls = (environment: Readonly<Record<string, string | undefined>>): OriginUrls =>
  readSettings(ORIGIN_SETTINGS, environment);

/** @throws ConfigError that names every setting that is none of its values */
export function readProviderSettings(
  environment: Readonly<Record<string, string | undefined>>,
): ProviderSettings {
  const switches = Object.entries(readSettings(SWITCH_SETTINGS, environment));
  return {
    keys: valuesIn(readSettings(KEY_SETTINGS, environment)),
    switchedOn: new Set(
      switches.flatMap(([name, value]) => (value === SWITCH_SETTINGS[name]?.default ? [] : [name])),
    ),
    texts: valuesIn(readSettings(TEXT_SETTINGS, environment)),
    concurrentCounts: valuesIn(readSettings(CONCURRENCY_SETTINGS, environment)),
    dailyBudgetsUsdMicros: valuesIn(readSettings(BUDGET_SETTINGS, environment)),
  };
}

/** Those settings that have a value. */
const valuesIn = <T>(settings: Readonly<Record<string, T | undefined>>): ReadonlyMap<string, T> =>
  new Map(Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
