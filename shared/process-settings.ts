import { integer, oneOf, type SettingTable } from "./config.ts";

/** Settings that every process of Wayfarer has. */
export const PROCESS_SETTINGS = {
  MAX_CONCURRENT_CALLS: {
    type: integer(1, 1_000_000),
    default: "1000",
    description:
      "Most calls that a process works on at a time, 1 to 1000000; fewer while its event loop is late. The others are refused with OVERLOADED.",
  },
  LOG_LEVEL: {
    type: oneOf("trace", "debug", "info", "warn", "error", "silent"),
    default: "info",
    description: "Least severe log line that is written: trace, debug, info, warn, error or silent.",
  },
  SHUTDOWN_DELAY_MS: {
    type: integer(0, 600_000),
    default: "0",
    description:
      "Time between telling NOT_SERVING and refusing calls after SIGTERM, so that balancers notice first, milliseconds, 0 to 600000.",
  },
  SHUTDOWN_GRACE_MS: {
    type: integer(0, 600_000),
    default: "10000",
    description: "Longest time that calls in flight get after that to finish, milliseconds, 0 to 600000.",
  },
} as const satisfies SettingTable;
