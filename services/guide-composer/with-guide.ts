import type { DescField } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  ComposeGuideResponse,
  GetGuideResponse,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import { spliceField } from "../../shared/spliced-field.ts";
import type { HeldGuide } from "./held-guide.ts";
import { maskGuide } from "./read-mask.ts";

/**
 * Puts the guide into a response. Where it is sent as protobuf and whole, its bytes are put in as they are.
 *
 * @param field of the response, for the guide
 * @param paths of `Guide` to send; all when empty
 */
export function withGuide<T extends ComposeGuideResponse | GetGuideResponse>(
  response: T,
  field: DescField,
  guide: HeldGuide,
  paths: readonly string[],
  context: Pick<HandlerContext, "requestMethod" | "requestHeader" | "url">,
): T {
  if (paths.length === 0 && answersInProtobuf(context)) {
    spliceField(response, field, guide.bytes());
  } else {
    response.guide = maskGuide(guide.message(), paths);
  }
  return response;
}

/** Whether the answer is protobuf, and not JSON: in all protocols that is as it is in the request. */
function answersInProtobuf({
  requestMethod,
  requestHeader,
  url,
}: Pick<HandlerContext, "requestMethod" | "requestHeader" | "url">): boolean {
  if (requestMethod === "GET") return new URL(url).searchParams.get("encoding") === "proto";
  return !/json/i.test(requestHeader.get("content-type") ?? "json");
}
