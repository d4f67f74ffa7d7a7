import type {
  Guide,
  Section,
  StreamGuideResponse,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";

/**
 * Puts a streamed guide together again: its sections came one by one, in the order in which they were done.
 *
 * @param show told of every event as it comes
 * @returns undefined when the stream ended before its completion
 * @throws what the stream throws
 */
export async function collectGuide(
  responses: AsyncIterable<StreamGuideResponse>,
  show: (response: StreamGuideResponse) => void,
): Promise<Guide | undefined> {
  const sections: Section[] = [];
  let guide: Guide | undefined;
  for await (const response of responses) {
    show(response);
    if (response.event.case === "section") sections.push(response.event.value);
    if (response.event.case === "completion") guide = response.event.value.guide;
  }
  if (guide === undefined) return undefined;
  const order = guide.spec?.sectionKinds ?? [];
  return { ...guide, sections: sections.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind)) };
}
