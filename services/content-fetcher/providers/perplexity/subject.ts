import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ZodType } from "zod";
import type {
  ContentSchema,
  QueryAspect,
} from "../../../../shared/gen/wayfarer/content/v1/content_service_pb.ts";
import type { ResolvedQuery } from "../../provider.ts";
import { createListForm } from "../language-model/structured-answer.ts";
import type { Wishes } from "../language-model/wishes.ts";
import type { Page, Pages } from "./pages.ts";

/** What an item is made into content with. */
export interface Reading {
  readonly query: ResolvedQuery;
  readonly pages: Pages;
  readonly fetchTime: Timestamp;
}

/** What of a content an answer can fill. */
export type Found = Pick<MessageInitShape<typeof ContentSchema>, "listings" | "narratives">;

/** An item of an answer with the pages that it cites; never none. */
export interface CitedItem<T> {
  readonly item: T;
  readonly cited: readonly [Page, ...Page[]];
}

/** An answer as it was read, or why it cannot be. */
export type Parsed =
  | {
      readonly state: "read";
      readonly itemCount: number;
      readonly citedCount: number;
      readonly toFound: (reading: Reading) => Found;
    }
  | { readonly state: "unreadable"; readonly message: string; readonly path: string };

/** One section's question, and how its answer is read. */
export interface Subject {
  /** Name of the answer's schema. */
  readonly name: string;
  /** What is asked, the same for every caller. */
  readonly task: string;
  /** Most items that are asked for. */
  readonly maxItemCount: number;
  /** Whether pages older than a year say nothing of it. */
  readonly recent: boolean;
  readonly dependsOn: readonly QueryAspect[];
  /** What of the query is told, besides the destination and the language. */
  readonly told: Wishes;
  /** JSON Schema of the answer, in the subset that strict structured output takes. */
  readonly schema: object;
  readonly parse: (text: string, pages: Pages) => Parsed;
}

type Sourced = Readonly<Record<string, unknown>> & { readonly sources: readonly string[] };

/** What a subject is made from. */
export interface SubjectParts<T extends Sourced> extends Omit<Subject, "schema" | "parse"> {
  readonly item: ZodType<T>;
  readonly toFound: (items: readonly CitedItem<T>[], reading: Reading) => Found;
}

export function createSubject<T extends Sourced>({ item, toFound, ...rest }: SubjectParts<T>): Subject {
  const form = createListForm(item);
  return {
    ...rest,
    schema: form.schema,
    parse: (text, pages) => {
      const read = form.read(text);
      if (read.state === "unreadable") return read;
      const { items } = read.answer;
      const cited = items.flatMap((item) => {
        const [first, ...others] = pages.citedIn([...item.sources.map(toMark), ...stringsIn(item)]);
        return first === undefined ? [] : [{ item, cited: [first, ...others] as const }];
      });
      return {
        state: "read",
        itemCount: items.length,
        citedCount: cited.length,
        toFound: (reading) => toFound(cited, reading),
      };
    },
  };
}

/** Sources are numbers or addresses; texts write their numbers in brackets. */
const toMark = (source: string): string => (/^\s*\d{1,3}\s*$/.test(source) ? `[${source}]` : source);

const stringsIn = (item: Sourced): string[] =>
  Object.values(item).flatMap((value) => (typeof value === "string" ? [value] : []));
