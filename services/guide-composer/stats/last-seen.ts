/** Contents that are compared with their last version; those seen longest ago are forgotten first. */
const MAX_COUNT = 20_000;

export type Change = "first" | "same" | "changed";

/** Remembers what each content looked like, to tell whether a refresh brought something new. */
export interface LastSeen {
  readonly see: (key: string, digest: string) => Change;
}

export const isRefreshed = (change: Change): boolean => change !== "first";

export function createLastSeen(): LastSeen {
  const digests = new Map<string, string>();
  return {
    see: (key, digest) => {
      const before = digests.get(key);
      digests.delete(key);
      digests.set(key, digest);
      if (digests.size > MAX_COUNT) {
        const [oldest] = digests.keys();
        if (oldest !== undefined) digests.delete(oldest);
      }
      if (before === undefined) return "first";
      return before === digest ? "same" : "changed";
    },
  };
}
