import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { GuideSchema, type Guide } from "../../shared/gen/wayfarer/guide/v1/guide_service_pb.ts";

/**
 * A guide, encoded and decoded: it is held in the form in which it came, and the other one is made once, when somebody
 * asks for it. Encoding and decoding cost more than all else that a cached guide takes. Shared: nobody may change it.
 */
export interface HeldGuide {
  /** The `Guide` in protobuf's binary form. */
  readonly bytes: () => Uint8Array;
  readonly message: () => Guide;
}

/** Of a guide that was just made. */
export function holdMessage(guide: Guide): HeldGuide {
  let bytes: Uint8Array | undefined;
  return { bytes: () => (bytes ??= toBinary(GuideSchema, guide)), message: () => guide };
}

/** Of a guide that the cache has. */
export function holdBytes(bytes: Uint8Array): HeldGuide {
  let guide: Guide | undefined;
  return { bytes: () => bytes, message: () => (guide ??= fromBinary(GuideSchema, bytes)) };
}
