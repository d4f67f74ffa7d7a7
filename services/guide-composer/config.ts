import {
  grpcTarget,
  integer,
  listenAddress,
  Secret,
  type SettingTable,
  type SettingType,
  type Settings,
} from "../../shared/config.ts";
import { PROCESS_SETTINGS } from "../../shared/process-settings.ts";
import { parseRedisUrl } from "./cache/redis-url.ts";

/** `REDIS_URL`: never printed, because it may hold a password. */
const redisUrl: SettingType<Secret> = {
  mustBe:
    "redis://host:port/database, redis+sentinel://host:port,.../master or redis+cluster://host:port,... (rediss for TLS)",
  parse: (value) => (parseRedisUrl(value) === undefined ? undefined : new Secret(value)),
};

const MAX_WARM_COUNT = 1_000;

/** Names of destinations, which the gazetteer must know. */
const destinationList: SettingType<readonly string[]> = {
  mustBe: `1 to ${MAX_WARM_COUNT} destinations separated by semicolons`,
  parse: (value) => {
    const names = value.split(";").map((name) => name.trim());
    return names.length <= MAX_WARM_COUNT && names.every((name) => name !== "" && name.length <= 200)
      ? names
      : undefined;
  },
};

const providerName: SettingType<string> = {
  mustBe: "the resource name of a provider, providers/{provider}",
  parse: (value) => (/^providers\/[a-z0-9-]{1,60}$/.test(value) ? value : undefined),
};

/** All settings of guide-composer. */
export const COMPOSER_SETTINGS = {
  COMPOSER_LISTEN: {
    type: listenAddress,
    default: "127.0.0.1:50051",
    description: "Where guide-composer listens, host:port; port 0 is a free one, which is logged.",
  },
  ADMIN_LISTEN: {
    type: listenAddress,
    default: "127.0.0.1:50053",
    description:
      "Where guide-composer serves GuideAdminService, which has no authentication, host:port; port 0 is a free one, which is logged.",
  },
  FETCHER_TARGET: {
    type: grpcTarget,
    default: "127.0.0.1:50052",
    description:
      "gRPC target of content-fetcher, for example dns:///content-fetcher:50052. `npm start` uses the one that it starts.",
  },
  MEMORY_CACHE_MIB: {
    type: integer(1, 65_536),
    default: "128",
    description: "Most memory that cached content and guides take in this process, MiB, 1 to 65536.",
  },
  REDIS_URL: {
    type: redisUrl,
    default: undefined,
    description:
      "Redis that composers share their cache through: redis://[user:password@]host[:port][/database], with TLS rediss://; redis+sentinel://host[:port],host[:port]/master; redis+cluster://host[:port],host[:port]. Unset: each composer has its memory only.",
  },
  SPEND_GUARD_CALLS_PER_MINUTE: {
    type: integer(1, 1_000_000),
    default: "600",
    description:
      "Most calls to providers that this process starts in any minute while Redis is configured and lost, 1 to 1000000.",
  },
  REVIEWER: {
    type: providerName,
    default: undefined,
    description:
      "Language model that reviews guides: a provider of which ListProviders says reviews_guides, for example providers/openai-compatible. Unset: none does.",
  },
  WARM_DESTINATIONS: {
    type: destinationList,
    default: undefined,
    description:
      "Destinations whose default guides are kept warm besides the popular ones, separated by semicolons, for example Lisbon; Paris, FR; destinations/1850147. At most 1000.",
  },
  WARMING_CALLS_PER_MINUTE: {
    type: integer(0, 100_000),
    default: "30",
    description:
      "Most calls to providers that warming makes in any minute, and most guides that it composes, 0 to 100000; 0: nothing is warmed.",
  },
  ...PROCESS_SETTINGS,
} as const satisfies SettingTable;

export type ComposerSettings = Settings<typeof COMPOSER_SETTINGS>;
