export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is. Holds credentials: it stands in a `Secret` everywhere but in the code that connects. */
export interface RedisTarget {
  readonly topology:
    | { readonly mode: "standalone"; readonly address: RedisAddress }
    | { readonly mode: "sentinel"; readonly sentinels: readonly RedisAddress[]; readonly master: string }
    | { readonly mode: "cluster"; readonly nodes: readonly RedisAddress[] };
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database; 0 in a cluster, which has no other. */
  readonly database: number;
}

const FORM =
  /^(rediss?)(\+sentinel|\+cluster)?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/?#]+)(?:\/([^/?#]*))?(?:\?db=(\d{1,5}))?$/;
const DEFAULT_PORT = { "": 6379, "+sentinel": 26_379, "+cluster": 6379 } as const;

/**
 * Reads a Redis URL:
 *
 * - `redis://[user:password@]host[:port][/database]`, with TLS `rediss://`
 * - `redis+sentinel://[user:password@]host[:port],host[:port].../master[?db=database]`
 * - `redis+cluster://[user:password@]host[:port],host[:port]...`
 *
 * `rediss+sentinel` and `rediss+cluster` are the same with TLS. User and password are percent-encoded.
 *
 * @returns undefined when it is none of these
 */
export function parseRedisUrl(text: string): RedisTarget | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, scheme, kind = "", user = "", password = "", hosts = "", path = "", db] = match;
  const form = kind === "+sentinel" || kind === "+cluster" ? kind : "";
  const addresses = hosts.split(",").map((host) => parseAddress(host, DEFAULT_PORT[form]));
  const known = addresses.flatMap((address) => address ?? []);
  const [first] = known;
  const credentials = [decode(user), decode(password)];
  if (first === undefined || known.length < addresses.length || credentials.includes(undefined))
    return undefined;
  const common = {
    tls: scheme === "rediss",
    username: credentials[0] === "" ? undefined : credentials[0],
    password: credentials[1] === "" ? undefined : credentials[1],
  };
  if (form === "+sentinel") {
    if (!/^[\w.-]+$/.test(path)) return undefined;
    return {
      ...common,
      topology: { mode: "sentinel", sentinels: known, master: path },
      database: Number(db ?? 0),
    };
  }
  if (form === "+cluster") {
    if (path !== "" || db !== undefined) return undefined;
    return { ...common, topology: { mode: "cluster", nodes: known }, database: 0 };
  }
  if (known.length !== 1 || db !== undefined || !/^\d{0,5}$/.test(path)) return undefined;
  return { ...common, topology: { mode: "standalone", address: first }, database: Number(path) };
}

function parseAddress(text: string, defaultPort: number): RedisAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? defaultPort);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a stray percent sign: the URL is refused
  }
}
