import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Evidence_Kind as Kind, type Listing } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { addressesAgree, addressesDiffer, toAddress } from "../listings/address.ts";
import { SAME_ID_MAX_M, sharesContact, SIMILAR_NAME_MAX_M } from "../listings/dedupe.ts";
import { isMisspelt, isNamed, isTellingName, likeness, nameOf, type Name } from "../listings/names.ts";
import { extentOf } from "./extent.ts";
import { apartOf, areOnePlace, equallyNamed, type Match } from "./match.ts";
import { NEAR_MAX_M, type Witness, type Witnesses } from "./witnesses.ts";

const HOUR_MS = 3_600_000;

/** Witnesses that have the place: those of map data first, then the surest and nearest; one for each of their listings. */
export function samePlaces(listing: Listing, witnesses: Witnesses): Match[] {
  const found = new Map<Witness, Match>();
  const add = (kind: Kind, witness: Witness, apartM: number | undefined): void => {
    if (!found.has(witness)) found.set(witness, { kind, witness, apartM });
  };
  for (const witness of witnesses.identified(listing)) {
    const apartM = apartOf(listing, witness);
    if (apartM === undefined || apartM <= SAME_ID_MAX_M) add(Kind.SAME_IDENTIFIER, witness, apartM);
  }
  if (listing.location === undefined) {
    for (const witness of [...onlyOneNamed(listing, witnesses), ...namedAtAddress(listing, witnesses)])
      add(Kind.SAME_NAME_NEARBY, witness, undefined);
  } else {
    for (const { witness, apartM } of witnesses.near(listing.location)) {
      if (apartM <= SIMILAR_NAME_MAX_M && sharesContact(listing, witness.listing))
        add(Kind.SAME_IDENTIFIER, witness, apartM);
      else if (isSameName(listing, witness, apartM)) add(Kind.SAME_NAME_NEARBY, witness, apartM);
    }
  }
  return [...found.values()].sort(
    (a, b) =>
      Number(b.witness.isMapData) - Number(a.witness.isMapData) ||
      a.kind - b.kind ||
      (a.apartM ?? 0) - (b.apartM ?? 0),
  );
}

function isSameName(listing: Listing, witness: Witness, apartM: number): boolean {
  if (!areComparable(listing, witness.listing)) return false;
  const name = nameOf(listing);
  const alike = likeness(name, witness.name);
  if (alike === "equal") return apartM <= extentOf(witness.listing).nearM;
  if (apartM > SIMILAR_NAME_MAX_M) return false;
  // A district's name stands in those of its hotels and its tower, and what has closed leaves its name to a neighbour.
  return (
    alike === "similar" ||
    (!witness.gone &&
      listing.details.case === witness.listing.details.case &&
      isFullerOrMisspelt(name, witness.name))
  );
}

const isFullerOrMisspelt = (a: Name, b: Name): boolean => isNamed(a, b) || isNamed(b, a) || isMisspelt(a, b);

/** A restaurant may be an attraction to another; a district is no restaurant that bears its name. */
const areComparable = ({ details: a }: Listing, { details: b }: Listing): boolean =>
  a.case === b.case ||
  (a.case === "neighborhood"
    ? b.case === "attraction"
    : b.case === "neighborhood"
      ? a.case === "attraction"
      : true);

/** Without a position an equal address says where it is. */
function namedAtAddress(listing: Listing, witnesses: Witnesses): readonly Witness[] {
  const name = nameOf(listing);
  const address = toAddress(listing.address);
  return witnesses
    .housed(address)
    .filter(
      (witness) =>
        witness.listing.details.case === listing.details.case &&
        addressesAgree(address, witness.address) &&
        isFullerOrMisspelt(name, witness.name),
    );
}

/** Places of an equal name, when all of them are one place; empty when there are several, or none. */
function onlyOneNamed(listing: Listing, witnesses: Witnesses): readonly Witness[] {
  const address = toAddress(listing.address);
  const named = equallyNamed(listing, witnesses).filter(
    (witness) => areComparable(listing, witness.listing) && !addressesDiffer(address, witness.address),
  );
  // What has moved has closed where it was.
  const open = named.filter(({ gone }) => !gone);
  const meant = open.length > 0 ? open : named;
  return isTellingName(nameOf(listing)) && areOnePlace(meant) ? meant : [];
}

/** Events of an alike name that begin together. Where they are is often stated by one source only. */
export function sameEvents(listing: Listing, { events }: Witnesses): Match[] {
  const name = nameOf(listing);
  return events
    .filter(
      (witness) =>
        beginTogether(listing, witness.listing) &&
        (likeness(name, witness.name) !== "different" || isNamed(witness.name, name)),
    )
    .map((witness) => ({ kind: Kind.SAME_NAME_NEARBY, witness, apartM: apartOf(listing, witness) }))
    .filter(({ apartM }) => apartM === undefined || apartM <= NEAR_MAX_M)
    .sort((a, b) => Number(b.witness.isMapData) - Number(a.witness.isMapData));
}

function beginTogether({ details: a }: Listing, { details: b }: Listing): boolean {
  if (a.case !== "event" || b.case !== "event") return false;
  const [left, right] = [a.value.window, b.value.window];
  if (left?.startTime === undefined || right?.startTime === undefined) return false;
  const toleranceMs = left.allDay || right.allDay ? 24 * HOUR_MS : HOUR_MS;
  return Math.abs(timestampMs(left.startTime) - timestampMs(right.startTime)) < toleranceMs;
}
