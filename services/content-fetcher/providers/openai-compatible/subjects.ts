import { z, type ZodType } from "zod";
import { QueryAspect } from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import { SectionKind } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { toTag, toTags, type Details } from "../language-model/listings.ts";
import { createListForm, type ReadAnswer } from "../language-model/structured-answer.ts";
import { attractionWishes, restaurantWishes, type Wishes } from "../language-model/wishes.ts";

const { LANGUAGE, BUDGET_LEVEL, CUISINES, DIETARY_TAGS, INTERESTS, MUST_SEE, MAX_LISTING_COUNT } =
  QueryAspect;
const MAX_CUISINE_COUNT = 3;

/** A place that a model names, with what of it does not age. */
export interface NamedPlace {
  readonly name: string;
  readonly summary: string;
  readonly details: Details;
}

/** One section's question, and how its answer is read. */
export interface Subject {
  /** Name of the answer's schema. */
  readonly name: string;
  /** What is asked, the same for every caller. */
  readonly task: string;
  readonly maxItemCount: number;
  readonly dependsOn: readonly QueryAspect[];
  readonly told: Wishes;
  readonly schema: object;
  readonly read: (text: string) => ReadAnswer<readonly NamedPlace[]>;
}

const named = {
  name: z.string().describe("its own name, as it is written there"),
  summary: z.string().describe("what it is, at most 20 words"),
};

interface Parts<T> extends Omit<Subject, "schema" | "read"> {
  readonly item: ZodType<T>;
  readonly toDetails: (item: T) => Details;
}

function createSubject<T extends Pick<NamedPlace, "name" | "summary">>(parts: Parts<T>): Subject {
  const { item, toDetails, ...rest } = parts;
  const form = createListForm(item);
  return {
    ...rest,
    schema: form.schema,
    read: (text) => {
      const read = form.read(text);
      if (read.state === "unreadable") return read;
      return {
        state: "read",
        answer: read.answer.items.map((item) => ({
          name: item.name,
          summary: item.summary,
          details: toDetails(item),
        })),
      };
    },
  };
}

/** What is asked of a model's memory: places that map data can bear out, and nothing that changes. */
export const SUBJECTS: ReadonlyMap<SectionKind, Subject> = new Map([
  [
    SectionKind.ATTRACTIONS,
    createSubject({
      name: "attractions",
      task: "Sights, museums, parks and viewpoints in the destination of this request: those of its must_see that exist there first, then by its interests, then the best known.",
      maxItemCount: 8,
      dependsOn: [LANGUAGE, INTERESTS, MUST_SEE, MAX_LISTING_COUNT],
      told: attractionWishes,
      item: z.strictObject({
        ...named,
        category: z.string().describe("one word in English, for example museum, park, viewpoint"),
      }),
      toDetails: ({ category }) => ({ case: "attraction", value: { category: toTag(category) } }),
    }),
  ],
  [
    SectionKind.RESTAURANTS,
    createSubject({
      name: "restaurants",
      task: "Long-standing restaurants and cafes in the destination of this request that fit its budget, cuisines and diets; null and empty lists are no wish.",
      maxItemCount: 8,
      dependsOn: [LANGUAGE, BUDGET_LEVEL, CUISINES, DIETARY_TAGS, MAX_LISTING_COUNT],
      told: restaurantWishes,
      item: z.strictObject({
        ...named,
        cuisines: z.array(z.string()).describe("in English, in kebab-case, main one first"),
      }),
      toDetails: ({ cuisines }) => ({
        case: "restaurant",
        value: { cuisines: toTags(cuisines, MAX_CUISINE_COUNT) },
      }),
    }),
  ],
  [
    SectionKind.NEIGHBORHOODS,
    createSubject({
      name: "neighborhoods",
      task: "Districts within the destination of this request that are worth knowing for a visitor.",
      maxItemCount: 6,
      dependsOn: [LANGUAGE, MAX_LISTING_COUNT],
      told: () => ({}),
      item: z.strictObject(named),
      toDetails: () => ({ case: "neighborhood", value: { highlights: [] } }),
    }),
  ],
]);
