import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { TAG_VALUES } from "../osm/tag-values.ts";

/** Server-side limit, below our attempt timeout: the server must not work on for nobody. */
const SERVER_TIMEOUT_S = 9;
/** The operators grant a small query its slot sooner; the default is 512 MiB. */
const MAX_MEMORY_BYTES = 64 << 20;

/** Elements of the well described kind that are asked for, for each of node, way and relation. */
const MAX_RICH_COUNT = 150;
/** The same for the others, over all types. */
const MAX_OTHER_COUNT = 80;

/** What one section asks of the map. */
interface Subject {
  /** How far from the destination's centre, metres. */
  readonly radiusM: number;
  /** Filters after the element type; their union is the subject. */
  readonly filters: readonly string[];
  /** Further filters of what is well described; their union comes first. */
  readonly richFilters: readonly string[];
}

const oneOf = (key: string, values: ReadonlySet<string>): string =>
  `["${key}"~"^(${[...values].join("|")})$"]["name"]`;

/** The kinds that the map answers, each with what it asks. */
const SUBJECTS: ReadonlyMap<SectionKind, Subject> = new Map<SectionKind, Subject>([
  [
    SectionKind.RESTAURANTS,
    {
      radiusM: 2_500,
      filters: [oneOf("amenity", TAG_VALUES.eateries)],
      richFilters: ['["wikidata"]', '["cuisine"]["opening_hours"]'],
    },
  ],
  [
    SectionKind.ATTRACTIONS,
    {
      radiusM: 6_000,
      filters: [
        oneOf("tourism", TAG_VALUES.tourism),
        `${oneOf("historic", TAG_VALUES.historic)}["wikidata"]`,
        `${oneOf("leisure", TAG_VALUES.greens)}["wikidata"]`,
        '["amenity"="place_of_worship"]["name"]["wikidata"]["wikipedia"]',
      ],
      richFilters: ['["wikidata"]'],
    },
  ],
  [
    SectionKind.NEIGHBORHOODS,
    {
      radiusM: 10_000,
      filters: [oneOf("place", TAG_VALUES.places)],
      richFilters: ['["wikidata"]'],
    },
  ],
  [
    SectionKind.EXPERIENCES,
    {
      radiusM: 2_500,
      filters: [oneOf("amenity", TAG_VALUES.venues), oneOf("leisure", TAG_VALUES.pastimes)],
      richFilters: ['["wikidata"]', '["website"]["opening_hours"]'],
    },
  ],
]);

/** In the order of the enum. */
export const OVERPASS_KINDS: readonly SectionKind[] = [...SUBJECTS.keys()].sort((a, b) => a - b);

/**
 * One query for all kinds asked; numbers are all that is put into it.
 *
 * `out` sorts by type and id and cuts after a number, silently. `out qt` would sort by place and keep one corner of the
 * town, so it is not used; what is well described is asked for first and by element type, so that the cut takes the
 * poorly described ones and no town loses its buildings to its nodes.
 *
 * @param latitude degrees, with at most five decimals in the query (1 m)
 */
export function buildQuery(kinds: ReadonlySet<SectionKind>, latitude: number, longitude: number): string {
  const statements = [...SUBJECTS]
    .filter(([kind]) => kinds.has(kind))
    .map(([, { radiusM, filters, richFilters }]) => {
      const around = `(around:${radiusM},${latitude.toFixed(5)},${longitude.toFixed(5)})`;
      return [
        `(${filters.map((filter) => `nwr${filter}${around};`).join("")})->.all;`,
        `(${richFilters.map((filter) => `nwr.all${filter};`).join("")})->.rich;`,
        ...["node", "way", "relation"].map((type) => `${type}.rich;out tags center ${MAX_RICH_COUNT};`),
        `(.all;-.rich;);out tags center ${MAX_OTHER_COUNT};`,
      ].join("");
    });
  return `[out:json][timeout:${SERVER_TIMEOUT_S}][maxsize:${MAX_MEMORY_BYTES}];${statements.join("")}`;
}
