import { SectionKindSchema } from "../../shared/gen/wayfarer/type/v1/content_pb.ts";
import type { StreamGuideResponse } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";

/** One line on a terminal, rewritten with each event. */
export interface ProgressDisplay {
  readonly show: (response: StreamGuideResponse) => void;
  /** Removes the line. */
  readonly close: () => void;
}

/** @param write undefined when there is no terminal: then nothing is shown */
export function createProgressDisplay(write: ((text: string) => void) | undefined): ProgressDisplay {
  let total = 0;
  let settled = 0;
  let latest = "";
  return {
    show: ({ event }) => {
      if (event.case === "plan") total = event.value.sections.length;
      if (event.case === "section") {
        settled += 1;
        latest = SectionKindSchema.value[event.value.kind]?.localName.toLowerCase() ?? "";
      }
      if (event.case === "progress" && event.value.settled.case === "omission") settled += 1;
      write?.(`\r\u001B[K${settled} of ${total} sections ${latest}`);
    },
    close: () => write?.("\r\u001B[K"),
  };
}
