import { z, type ZodType } from "zod";

/** A text read as the answer that was asked for, or why it is none. */
export type ReadAnswer<T> =
  | { readonly state: "read"; readonly answer: T }
  | { readonly state: "unreadable"; readonly message: string; readonly path: string };

/** The form of an answer. */
export interface AnswerForm<T> {
  /** JSON Schema in the subset that strict structured output takes. */
  readonly schema: object;
  /** Reads a text that is the answer and nothing else; nothing of it is repaired. */
  readonly read: (text: string) => ReadAnswer<T>;
}

/** One zod schema both asks for the answer and checks it. */
export function createAnswerForm<T>(answer: ZodType<T>): AnswerForm<T> {
  const { $schema: _, ...schema } = z.toJSONSchema(answer);
  return {
    schema,
    read: (text) => {
      const json = parseJson(text);
      if (json === undefined) return { state: "unreadable", message: "the answer is not JSON", path: "" };
      const { data, error } = answer.safeParse(json.value);
      if (error === undefined) return { state: "read", answer: data };
      const [issue] = error.issues;
      const path = issue?.path.map(String).join(".") ?? "";
      const message = `unexpected ${issue?.code ?? "shape"} in the answer at "${path}"`;
      return { state: "unreadable", message, path };
    },
  };
}

/** An answer that is a list. */
export const createListForm = <T>(item: ZodType<T>): AnswerForm<{ readonly items: readonly T[] }> =>
  createAnswerForm(z.strictObject({ items: z.array(item) }));

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
