/** Evictions that are remembered one by one: more than there are while a guide is composed. */
const MAX_COUNT = 1_000;

/** Remembers what has been evicted lately, so that what was read or loaded before is not kept afterwards. */
export interface RecentEvictions {
  /** This moment, to be asked about later. */
  readonly mark: () => number;
  readonly add: (fits: (key: string) => boolean) => void;
  /** Whether a key has been evicted since a moment; of a moment too long ago the answer is yes. */
  readonly isEvicted: (key: string, sinceMark: number) => boolean;
}

export function createRecentEvictions(): RecentEvictions {
  /** Oldest first; the last one is number `count`. */
  const evictions: ((key: string) => boolean)[] = [];
  let count = 0;
  return {
    mark: () => count,
    add: (fits) => {
      count += 1;
      evictions.push(fits);
      if (evictions.length > MAX_COUNT) evictions.shift();
    },
    isEvicted: (key, sinceMark) => {
      const newerCount = count - sinceMark;
      if (newerCount === 0) return false;
      return newerCount > evictions.length || evictions.slice(-newerCount).some((fits) => fits(key));
    },
  };
}
