import type { SectionKind } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { StreamGuideResponse } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { oneLine } from "./markdown/escape.ts";
import { sectionName } from "./words.ts";

/** One line on a terminal, rewritten with each event. */
export interface ProgressDisplay {
  readonly show: (response: StreamGuideResponse) => void;
  /** Removes the line. */
  readonly close: () => void;
}

/** Back to the start of the line, and clear it. */
const CLEAR_LINE = "\r\u001B[K";

/**
 * @param write undefined when there is no terminal: then nothing is shown
 * @param columnCount width of the terminal; a longer line could not be cleared
 */
export function createProgressDisplay(
  write: ((text: string) => void) | undefined,
  columnCount: number,
): ProgressDisplay {
  let place = "";
  const waiting = new Set<SectionKind>();
  let total = 0;
  const settle = (kind: SectionKind): void => void waiting.delete(kind);
  return {
    show: ({ event }) => {
      if (event.case === "plan") {
        place = oneLine(event.value.destination?.displayName ?? "");
        total = event.value.sections.length;
        for (const { kind } of event.value.sections) waiting.add(kind);
      }
      if (event.case === "section") settle(event.value.kind);
      if (event.case === "progress" && event.value.settled.case === "omission")
        settle(event.value.settled.value.kind);
      const left = [...waiting].map((kind) => sectionName(kind).toLowerCase());
      const line = `${place}: ${total - left.length} of ${total} sections${left.length > 0 ? `, waiting for ${left.join(", ")}` : ""}`;
      write?.(`${CLEAR_LINE}${line.slice(0, Math.max(0, columnCount - 1))}`);
    },
    close: () => write?.(CLEAR_LINE),
  };
}
