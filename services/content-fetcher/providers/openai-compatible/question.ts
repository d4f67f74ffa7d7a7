import type { ReadAnswer } from "../language-model/structured-answer.ts";

/** What a model is asked in one request, and how its answer is read. */
export interface Question<T> {
  /** Name of the answer's schema. */
  readonly name: string;
  readonly instructions: string;
  /** Our own words, then what strangers wrote as data. */
  readonly input: string;
  /** A longer answer would not come within an attempt. */
  readonly maxOutputTokenCount: number;
  /** JSON Schema of the answer. */
  readonly schema: object;
  readonly read: (text: string) => ReadAnswer<T>;
}
