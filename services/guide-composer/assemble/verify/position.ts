import { create } from "@bufbuild/protobuf";
import {
  Evidence_Kind as Kind,
  EvidenceSchema,
  type Destination,
  type Evidence,
  type Listing,
} from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { distanceM } from "../distance.ts";
import { fold, splitWords } from "../words.ts";
import { OUTSIDE_M, type Witnesses } from "./witnesses.ts";

/** Where the place lies; undefined when that is not known, or near the edge. */
export function placeInDestination(
  listing: Listing,
  { insideM, town }: Witnesses,
  destination: Destination,
): Evidence | undefined {
  const { location, address } = listing;
  const evidence = (kind: Kind, apartM?: number): Evidence =>
    create(EvidenceSchema, {
      kind,
      reference: destination.name,
      ...(apartM !== undefined && { distanceM: apartM }),
    });
  if (location !== undefined) {
    if (destination.location === undefined || insideM === undefined) return undefined;
    const apartM = distanceM(location, destination.location);
    if (apartM > OUTSIDE_M) return evidence(Kind.OUTSIDE_DESTINATION, apartM);
    return apartM <= insideM ? evidence(Kind.INSIDE_DESTINATION, apartM) : undefined;
  }
  const words = splitWords(fold(address.split(",").slice(1).join(" ")));
  const names = [town, splitWords(fold(destination.displayName))];
  return names.some((name) => name.length > 0 && name.every((word) => words.includes(word)))
    ? evidence(Kind.INSIDE_DESTINATION)
    : undefined;
}
