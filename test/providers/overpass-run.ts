import type { OverpassQuery, Statement } from "./overpass-ql.ts";
import { distanceM, type OsmElement } from "./world/world.ts";

/** All elements of an answer, in the order of the query's `out` statements. */
export function runOverpassQuery(
  { statements }: OverpassQuery,
  elementsAt: (lat: number, lon: number) => readonly OsmElement[],
): object[] {
  const sets = new Map<string, readonly OsmElement[]>();
  const printed: object[] = [];
  function evaluate(statement: Statement): readonly OsmElement[] {
    switch (statement.kind) {
      case "query": {
        const around = statement.filters.find((filter) => filter.kind === "around");
        // Without a place a true server would search the planet; nobody asks that of a test server.
        const pool =
          statement.from !== undefined
            ? (sets.get(statement.from) ?? [])
            : around === undefined
              ? []
              : elementsAt(around.lat, around.lon);
        return pool.filter(
          (element) =>
            statement.types.has(element.type) &&
            statement.filters.every((filter) =>
              filter.kind === "tag"
                ? filter.matches(element.tags)
                : distanceM(filter.lat, filter.lon, element.lat, element.lon) <= filter.radiusM,
            ),
        );
      }
      case "union":
        return [...new Set(statement.parts.flatMap((part) => run(part)))];
      case "difference": {
        const without = new Set(run(statement.without));
        return run(statement.whole).filter((element) => !without.has(element));
      }
      case "set":
        return sets.get(statement.from) ?? [];
      case "out":
        return [];
    }
  }
  function run(statement: Statement): readonly OsmElement[] {
    if (statement.kind === "out") {
      printed.push(...print(sets.get(statement.from) ?? [], statement.modes, statement.maxCount));
      return [];
    }
    const found = evaluate(statement);
    sets.set(statement.into, found);
    return found;
  }
  for (const statement of statements) run(statement);
  return printed;
}

const TYPE_ORDER = { node: 0, way: 1, relation: 2 } as const;

function print(elements: readonly OsmElement[], modes: ReadonlySet<string>, maxCount: number): object[] {
  if (modes.has("count")) {
    const count = (type: OsmElement["type"]): string =>
      String(elements.filter((element) => element.type === type).length);
    return [
      {
        type: "count",
        id: 0,
        tags: {
          nodes: count("node"),
          ways: count("way"),
          relations: count("relation"),
          total: String(elements.length),
        },
      },
    ];
  }
  const located = modes.has("center") || modes.has("geom") || modes.has("bb");
  const bare = modes.has("tags") || modes.has("ids");
  return elements
    .map((element) => ({ element, rank: modes.has("qt") ? quadtile(element) : element.id }))
    .sort((a, b) => TYPE_ORDER[a.element.type] - TYPE_ORDER[b.element.type] || a.rank - b.rank)
    .slice(0, maxCount)
    .map(({ element: { type, id, lat, lon, tags } }) => ({
      type,
      id,
      // `out tags` alone gives a node no position; `center` gives every element one.
      ...(type === "node" && (located || !bare) && { lat, lon }),
      ...(type !== "node" && modes.has("center") && { center: { lat, lon } }),
      ...(!modes.has("ids") && !modes.has("skel") && Object.keys(tags).length > 0 && { tags }),
    }));
}

/** Position on a curve that keeps near places together, as `qt` sorts. */
function quadtile({ lat, lon }: OsmElement): number {
  const x = Math.floor(((lon + 180) / 360) * 65_535);
  const y = Math.floor(((lat + 90) / 180) * 65_535);
  let rank = 0;
  for (let bit = 15; bit >= 0; bit -= 1) rank = rank * 4 + ((x >> bit) & 1) * 2 + ((y >> bit) & 1);
  return rank;
}
