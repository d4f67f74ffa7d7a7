/** What money is spent on. */
export interface Subject {
  /** `providers/{provider}`. */
  readonly provider: string;
  /** Name of the section kind; empty for geocoding and for reviews of guides. */
  readonly section: string;
}

/** What was spent on a subject on one day, millionths of a US dollar. */
export interface Spending extends Subject {
  spentUsdMicros: number;
  /** Part of it that no provider has reported. */
  estimatedUsdMicros: number;
  /** For requests under way: the most that they can cost. */
  reservedUsdMicros: number;
}

/** The account of one day. */
export interface DayBook {
  /** The line of a subject, for whoever books on it. */
  readonly line: (subject: Subject) => Spending;
  readonly lines: () => readonly Readonly<Spending>[];
  /** Of one provider, or of all. */
  readonly sum: (provider?: string) => Pick<Spending, "spentUsdMicros" | "reservedUsdMicros">;
}

export function createDayBook(): DayBook {
  const lines = new Map<string, Spending>();
  return {
    line: ({ provider, section }) => {
      const key = `${provider} ${section}`;
      const line = lines.get(key) ?? {
        provider,
        section,
        spentUsdMicros: 0,
        estimatedUsdMicros: 0,
        reservedUsdMicros: 0,
      };
      lines.set(key, line);
      return line;
    },
    lines: () => [...lines.values()],
    sum: (provider) => {
      const sum = { spentUsdMicros: 0, reservedUsdMicros: 0 };
      for (const line of lines.values()) {
        if (provider !== undefined && line.provider !== provider) continue;
        sum.spentUsdMicros += line.spentUsdMicros;
        sum.reservedUsdMicros += line.reservedUsdMicros;
      }
      return sum;
    },
  };
}

const DAY_MS = 86_400_000;

/** The UTC day of an instant, for example `2026-11-24`. */
export const dayOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 10);

/** The oldest day whose account is still of use: clocks that are set right go back a little, over midnight as well. */
export const oldestDayOf = (nowMs: number): string => dayOf(nowMs - DAY_MS);

export const msToNextDay = (nowMs: number): number => DAY_MS - (nowMs % DAY_MS);
