import { isIPv4, isIPv6 } from "node:net";
import { inspect } from "node:util";

/** A value that cannot be printed by accident. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  /** The value itself, for the one place that sends it. */
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return "[secret]";
  }
  toJSON(): string {
    return "[secret]";
  }
  [inspect.custom](): string {
    return "[secret]";
  }
}

export interface ListenAddress {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
}

/** What a setting may be: parses the text or says, as the end of the sentence "must be ...", what it must be. */
export interface SettingType<T> {
  readonly parse: (text: string) => T | undefined;
  readonly mustBe: string;
}

/** One setting. Without a default it is optional, and absent means unset. */
export interface Setting<T> {
  readonly type: SettingType<T>;
  /** As it would be written in the environment. */
  readonly default: string | undefined;
  /** One sentence with unit and range where it has them. */
  readonly description: string;
}

export type SettingTable = Readonly<Record<string, Setting<unknown>>>;

export type Settings<T extends SettingTable> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V>
    ? T[K] extends { default: string }
      ? V
      : V | undefined
    : never;
};

/** Every problem of a configuration in one message. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The configuration is invalid:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** `host:port`; an IPv6 host stands in brackets; port 0 to 65535. */
export const listenAddress: SettingType<ListenAddress> = {
  mustBe: "host:port with a port from 0 to 65535",
  parse: (text) => {
    const match = /^(?:\[([0-9a-f:]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(text);
    const host = match?.[1] ?? match?.[2];
    const port = Number(match?.[3]);
    return host !== undefined && port <= 65_535 ? { host, port } : undefined;
  },
};

const PORT = /^\d{1,5}$/;
const isPort = (text: string): boolean => PORT.test(text) && Number(text) >= 1 && Number(text) <= 65_535;

/** `host:port` with a host name, an IPv4 address or an IPv6 address in brackets. */
function isHostAndPort(text: string): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:[\]/,\s]+)):(\d+)$/.exec(text);
  if (match === null || !isPort(match[3] ?? "")) return false;
  const [, ipv6, host] = match;
  return ipv6 === undefined ? /^[a-z0-9_]([\w.-]{0,251}[a-z0-9_.])?$/i.test(host ?? "") : isIPv6(ipv6);
}

/**
 * What grpc-js resolves, always with a port: the service has none that a client could assume. `host:port`,
 * `dns:///host:port`, or several addresses as `ipv4:address:port,address:port` and `ipv6:[address]:port,[address]:port`.
 */
export const grpcTarget: SettingType<string> = {
  mustBe:
    "a gRPC target with a port: host:port, dns:///host:port, ipv4:address:port,... or ipv6:[address]:port,...",
  parse: (text) => {
    const [, scheme, rest = ""] = /^(dns:(?:\/\/[^/\s]*\/)?|ipv4:|ipv6:)(.*)$/.exec(text) ?? [];
    if (scheme === undefined || isHostAndPort(text)) return isHostAndPort(text) ? text : undefined;
    const addresses = scheme.startsWith("dns:") ? [rest] : rest.split(",");
    const valid = addresses.every((address) => {
      if (!isHostAndPort(address)) return false;
      if (scheme === "ipv4:") return isIPv4(address.split(":")[0] ?? "");
      return scheme !== "ipv6:" || address.startsWith("[");
    });
    return valid ? text : undefined;
  },
};

/** Scheme, host and port, without a slash at the end. */
export const baseUrl: SettingType<string> = {
  mustBe: "an http or https URL of scheme, host and port only",
  parse: (text) => {
    if (!URL.canParse(text)) return undefined;
    const url = new URL(text);
    const bare =
      url.pathname === "/" &&
      url.search === "" &&
      url.hash === "" &&
      url.username === "" &&
      url.password === "";
    return bare && (url.protocol === "http:" || url.protocol === "https:") ? url.origin : undefined;
  },
};

/** Text that can stand in a header. */
export const asciiText = (minLength: number, maxLength: number): SettingType<string> => ({
  mustBe: `${minLength} to ${maxLength} printable ASCII characters`,
  parse: (value) =>
    value.length >= minLength && value.length <= maxLength && /^[\x20-\x7e]*$/.test(value)
      ? value
      : undefined,
});

/** What is kept from print, and can stand in a header and in a query. */
export const secret: SettingType<Secret> = {
  mustBe: "1 to 500 visible ASCII characters without a space",
  parse: (text) => (/^[\x21-\x7e]{1,500}$/.test(text) ? new Secret(text) : undefined),
};

export const integer = (min: number, max: number): SettingType<number> => ({
  mustBe: `a whole number from ${min} to ${max}`,
  parse: (value) => {
    const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
    return number >= min && number <= max ? number : undefined;
  },
});

export const oneOf = <const T extends string>(...values: readonly T[]): SettingType<T> => ({
  mustBe: `one of ${values.join(", ")}`,
  parse: (value) => values.find((allowed) => allowed === value),
});

/**
 * Reads settings from an environment. An empty value counts as unset.
 *
 * @param contradictionsOf what is wrong with settings that are right one by one, in sentences without a value that may
 * be a secret; it is given those that could be read, unset ones as undefined
 * @throws ConfigError that names every problem at once; it never holds a value, which may be a secret
 */
export function readSettings<T extends SettingTable>(
  table: T,
  environment: Readonly<Record<string, string | undefined>>,
  contradictionsOf: (values: Readonly<Record<string, unknown>>) => readonly string[] = () => [],
): Settings<T> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const given = environment[name];
    const written = given === undefined || given === "" ? setting.default : given;
    if (written === undefined) {
      values[name] = undefined;
      continue;
    }
    const value = setting.type.parse(written);
    if (value === undefined) problems.push(`${name} must be ${setting.type.mustBe}`);
    else values[name] = value;
  }
  problems.push(...contradictionsOf(values));
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Settings<T>;
}
