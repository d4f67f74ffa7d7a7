import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CitationSchema, FactSchema } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";

export type FactInit = MessageInitShape<typeof FactSchema>;

export const fact = (
  key: string,
  label: string,
  value: string,
  citations: MessageInitShape<typeof CitationSchema>[],
): FactInit => ({ key, label, value, citations });

const wholeNumbers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** Whole numbers with thousands set apart, as English writes them. */
export const wholeNumber = (value: number): string => wholeNumbers.format(value);
