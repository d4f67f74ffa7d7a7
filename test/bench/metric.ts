import { GOALS, type MetricName } from "./goals.ts";

/** One figure of a run, with what each of its rounds gave. */
export interface Metric {
  readonly name: MetricName | BaselineName;
  readonly unit: string;
  /** At least one; the figure is their median. */
  readonly rounds: readonly number[];
}

/** What ratios are measured against: told beside them, without a goal of its own. */
export type BaselineName = `baseline.${string}`;

/** Metrics that are measured together, in one file. */
export interface Group {
  /** All names that it can give. */
  readonly names: readonly MetricName[];
  /** What is measured how: load generator, payload, rounds. Stands in the environment of the JSON file. */
  readonly method: string;
  /** @param isWanted whether a figure is asked for; a group may give more than that */
  readonly run: (isWanted: (name: MetricName) => boolean) => Promise<readonly Metric[]>;
}

/** Value at a share of the sorted values: 0.5 is the median, 0.99 the 99th percentile (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new Error("no values were measured");
  return found;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** Rounds of several figures, collected one round after the other. */
export function createRounds<Name extends Metric["name"]>(units: Readonly<Record<Name, string>>) {
  const rounds = new Map<Name, number[]>();
  return {
    add: (name: Name, value: number): void => {
      const known = rounds.get(name) ?? [];
      rounds.set(name, [...known, value]);
    },
    metrics: (): Metric[] =>
      [...rounds].map(([name, values]) => ({ name, unit: units[name], rounds: values })),
  };
}

/** Whether a figure meets its goal; undefined when it has none. */
export function meetsGoal(name: string, value: number): boolean | undefined {
  const goal = Object.entries(GOALS).find(([other]) => other === name)?.[1];
  if (goal === undefined) return undefined;
  return "atMost" in goal ? value <= goal.atMost : value >= goal.atLeast;
}
