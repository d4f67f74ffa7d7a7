import type { DescField } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  ComposeGuideResponse,
  GetGuideResponse,
} from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";
import type { HeldGuide } from "./held-guide.ts";
import { maskGuide } from "./read-mask.ts";

/**
 * Puts the guide into a response. Where it is sent as protobuf and whole, its bytes are put in as they are, as a field
 * that protobuf-es writes behind the others without looking into it: to whoever decodes it there is no difference.
 *
 * @param field of the response, for the guide
 * @param paths of `Guide` to send; all when empty
 */
export function withGuide<T extends ComposeGuideResponse | GetGuideResponse>(
  response: T,
  { number }: DescField,
  guide: HeldGuide,
  paths: readonly string[],
  context: Pick<HandlerContext, "requestMethod" | "requestHeader" | "url">,
): T {
  if (paths.length === 0 && answersInProtobuf(context)) {
    const bytes = guide.bytes();
    // Not with the writer's `bytes`, which copies as its buffer grows.
    const data = Buffer.concat([new BinaryWriter().uint32(bytes.byteLength).finish(), bytes]);
    response.$unknown = [{ no: number, wireType: WireType.LengthDelimited, data }];
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
