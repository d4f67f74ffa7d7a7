import { z, type ZodType } from "zod";

/**
 * An array without those of its elements that do not fit: one odd place must not cost all the others. Where none fits,
 * the answer is of another shape, and the array does not fit either.
 */
export const readableArray = <T>(element: ZodType<T>): ZodType<readonly T[]> =>
  z.union([
    // What is wrong is told of this one, and answers without oddities are read once.
    z.array(element),
    z
      .array(z.unknown())
      .transform((values) => values.flatMap((value) => element.safeParse(value).data ?? []))
      .refine((elements) => elements.length > 0, { abort: true }),
  ]);
