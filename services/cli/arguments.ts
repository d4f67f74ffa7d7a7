import { parseArgs } from "node:util";
import { create } from "@bufbuild/protobuf";
import {
  ComposeGuideRequestSchema,
  type ComposeGuideRequest,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { BudgetLevel, Pace, SectionKind, TravelGroup } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";

export interface GuideArguments {
  readonly request: ComposeGuideRequest;
  /** Base URL of a running composer; undefined starts one. */
  readonly composer: string | undefined;
  readonly json: boolean;
  readonly timeoutMs: number;
  /** The same command line for another destination, ready to be run. */
  readonly commandFor: (destination: string) => string;
}

export type ParsedArguments =
  | { readonly state: "ok"; readonly arguments: GuideArguments }
  | { readonly state: "invalid"; readonly problems: readonly string[] }
  | { readonly state: "help" };

export const USAGE = `npm run guide -- DESTINATION [options]

A travel guide as Markdown on standard output. DESTINATION is a name ("Lisbon", "Paris, TX", "東京") or a resource name
("destinations/2267057").

  --from YYYY-MM-DD         first day (default: today there)
  --days N                  1 to 30 (default: 3)
  --budget LEVEL            economy, moderate or luxury
  --interests A,B           what you like, for example museums,seafood
  --cuisines A,B            for example portuguese,sushi
  --diet A,B                for example vegan,gluten-free
  --pace PACE               relaxed, moderate or packed
  --group GROUP             solo, couple, family or friends
  --must-see A,B            places that must be in it
  --avoid A,B               places or subjects to leave out
  --accessibility A,B       for example wheelchair
  --sections A,B            overview, weather, attractions, restaurants, neighborhoods, events, experiences, practical
  --language TAG            BCP-47, for example en
  --timeout SECONDS         1 to 300 (default: 15)
  --composer URL            use a running composer instead of starting one
  --json                    print JSON instead of Markdown
  --help

Ends with 0 and a guide, with 1 when nothing could be had, with 2 when the input is bad.
`;

const BUDGETS = {
  economy: BudgetLevel.ECONOMY,
  moderate: BudgetLevel.MODERATE,
  luxury: BudgetLevel.LUXURY,
} as const;
const PACES = { relaxed: Pace.RELAXED, moderate: Pace.MODERATE, packed: Pace.PACKED } as const;
const GROUPS = {
  solo: TravelGroup.SOLO,
  couple: TravelGroup.COUPLE,
  family: TravelGroup.FAMILY,
  friends: TravelGroup.FRIENDS,
} as const;
const KINDS = {
  overview: SectionKind.OVERVIEW,
  weather: SectionKind.WEATHER,
  attractions: SectionKind.ATTRACTIONS,
  restaurants: SectionKind.RESTAURANTS,
  neighborhoods: SectionKind.NEIGHBORHOODS,
  events: SectionKind.EVENTS,
  experiences: SectionKind.EXPERIENCES,
  practical: SectionKind.PRACTICAL,
} as const;

const TEXT = { type: "string" } as const;
const OPTIONS = {
  from: TEXT,
  days: TEXT,
  budget: TEXT,
  interests: TEXT,
  cuisines: TEXT,
  diet: TEXT,
  pace: TEXT,
  group: TEXT,
  "must-see": TEXT,
  avoid: TEXT,
  accessibility: TEXT,
  sections: TEXT,
  language: TEXT,
  timeout: TEXT,
  composer: TEXT,
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const list = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** Scheme, host and port; `http` when there is no scheme. Undefined when it is no such address. */
function toBaseUrl(text: string): string | undefined {
  const given = text.includes("://") ? text : `http://${text}`;
  if (!URL.canParse(given)) return undefined;
  const { protocol, host, pathname, search } = new URL(given);
  const isBase = /^https?:$/.test(protocol) && host !== "" && pathname === "/" && search === "";
  return isBase ? `${protocol}//${host}` : undefined;
}

/** A word of a command line as a shell reads it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** Reads the command line; all problems at once. What the service checks itself is left to it. */
export function parseGuideArguments(argv: readonly string[]): ParsedArguments {
  let parsed: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true; tokens: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true, tokens: true });
  } catch (error) {
    return {
      state: "invalid",
      problems: [error instanceof Error ? error.message : "the options cannot be read"],
    };
  }
  const { values, positionals } = parsed;
  if (values.help === true) return { state: "help" };
  const problems: string[] = [];
  const choose = <T>(
    name: string,
    given: string | undefined,
    choices: Readonly<Record<string, T>>,
  ): T | undefined => {
    if (given === undefined) return undefined;
    const choice = Object.hasOwn(choices, given) ? choices[given] : undefined;
    if (choice === undefined) problems.push(`--${name} must be one of ${Object.keys(choices).join(", ")}`);
    return choice;
  };
  const integer = (name: string, given: string | undefined, min: number, max: number): number | undefined => {
    if (given === undefined) return undefined;
    const value = /^\d+$/.test(given) ? Number(given) : Number.NaN;
    if (!(value >= min && value <= max))
      problems.push(`--${name} must be a whole number from ${min} to ${max}`);
    return value;
  };
  const composer = values.composer === undefined ? undefined : toBaseUrl(values.composer);
  if (values.composer !== undefined && composer === undefined)
    problems.push("--composer must be an address such as http://127.0.0.1:50051 or 127.0.0.1:50051");
  const destination = positionals.join(" ").trim();
  if (destination === "") problems.push("a destination is missing");
  const date = /^(\d{4})-(\d{2})-(\d{2})$/.exec(values.from ?? "");
  if (values.from !== undefined && date === null) problems.push("--from must have the form YYYY-MM-DD");
  const days = integer("days", values.days, 1, 30);
  const timeout = integer("timeout", values.timeout, 1, 300) ?? 15;
  const budgetLevel = choose("budget", values.budget, BUDGETS);
  const pace = choose("pace", values.pace, PACES);
  const travelGroup = choose("group", values.group, GROUPS);
  const sectionKinds = list(values.sections).flatMap((name) => choose("sections", name, KINDS) ?? []);
  if (problems.length > 0) return { state: "invalid", problems };
  return {
    state: "ok",
    arguments: {
      composer,
      json: values.json === true,
      timeoutMs: timeout * 1000,
      commandFor: (other) =>
        [
          "npm run guide --",
          quoted(other),
          ...parsed.tokens.flatMap((token) =>
            token.kind === "option"
              ? [token.rawName, ...(token.value === undefined ? [] : [quoted(token.value)])]
              : [],
          ),
        ].join(" "),
      request: create(ComposeGuideRequestSchema, {
        spec: {
          destination: /^destinations\/\S+$/.test(destination)
            ? { case: "destinationName", value: destination }
            : { case: "destinationQuery", value: destination },
          sectionKinds,
          languageCode: values.language ?? "",
          dayCount: days ?? 0,
          ...(date && { startDate: { year: Number(date[1]), month: Number(date[2]), day: Number(date[3]) } }),
          preferences: {
            budgetLevel: budgetLevel ?? BudgetLevel.UNSPECIFIED,
            pace: pace ?? Pace.UNSPECIFIED,
            travelGroup: travelGroup ?? TravelGroup.UNSPECIFIED,
            interests: list(values.interests),
            cuisines: list(values.cuisines),
            dietaryTags: list(values.diet),
            mustSee: list(values["must-see"]),
            avoid: list(values.avoid),
            accessibilityNeeds: list(values.accessibility),
          },
        },
      }),
    },
  };
}
