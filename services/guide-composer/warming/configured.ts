import { ConfigError } from "../../../shared/config.ts";
import type { Gazetteer } from "../destination/gazetteer.ts";
import { resolveByName, resolveQuery } from "../destination/resolve.ts";

/**
 * Resource names of the destinations of `WARM_DESTINATIONS`.
 *
 * @throws ConfigError that names every one that the gazetteer does not know, or knows several of
 */
export function resolveConfigured(gazetteer: Gazetteer, queries: readonly string[]): readonly string[] {
  const problems: string[] = [];
  const names = queries.flatMap((query) => {
    const named = resolveByName(gazetteer, query);
    if (named !== undefined) return named.name;
    const answer = resolveQuery(gazetteer, query);
    if (answer.state === "resolved") return answer.destination.name;
    const problem = answer.state === "ambiguous" ? "is ambiguous" : "is unknown to the gazetteer";
    problems.push(`WARM_DESTINATIONS must name destinations: ${JSON.stringify(query)} ${problem}`);
    return [];
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return names;
}
