import {
  asciiText,
  baseUrl,
  listenAddress,
  oneOf,
  PROCESS_SETTINGS,
  readSettings,
  type Setting,
  type SettingTable,
  type Settings,
} from "../../shared/config.ts";
import { PROVIDERS } from "./providers.ts";

const originSettings: Readonly<Record<string, Setting<string> & { readonly default: string }>> =
  Object.fromEntries(
    PROVIDERS.flatMap(({ displayName, origins }) =>
      origins.map(({ setting, defaultUrl }) => [
        setting,
        {
          type: baseUrl,
          default: defaultUrl,
          description: `Where ${displayName} is reached: scheme, host and port.`,
        },
      ]),
    ),
  );

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
  HEDGING: {
    type: oneOf("off", "free-reads"),
    default: "off",
    description:
      "Whether a read that takes longer than usual gets a second copy: off, or free-reads for providers without a key.",
  },
  ...PROCESS_SETTINGS,
} as const satisfies SettingTable;

export type FetcherSettings = Settings<typeof FETCHER_SETTINGS>;

/** One base URL per origin of the providers, by the name of the setting. */
export const ORIGIN_SETTINGS = originSettings;

export type OriginUrls = Readonly<Record<string, string>>;

/** @throws ConfigError that names every base URL that is none */
export const readOriginUrls = (environment: Readonly<Record<string, string | undefined>>): OriginUrls =>
  readSettings(ORIGIN_SETTINGS, environment);

/** Names of the providers' key settings that are set; what they hold is read where it is sent. */
export const readKeySettings = (
  environment: Readonly<Record<string, string | undefined>>,
): ReadonlySet<string> =>
  new Set(
    PROVIDERS.flatMap(({ keySetting }) =>
      keySetting !== undefined && (environment[keySetting] ?? "") !== "" ? [keySetting] : [],
    ),
  );
