import { Evidence_Kind as Kind, type Listing } from "../../../../shared/gen/wayfarer/type/v1/content_pb.ts";
import { addressesAgree, addressesDiffer, toAddress } from "../listings/address.ts";
import { SIMILAR_NAME_MAX_M } from "../listings/dedupe.ts";
import { areUnlike, isTellingName, likeness, nameOf } from "../listings/names.ts";
import { EXTENT, extentOf } from "./extent.ts";
import { apartOf, areOnePlace, equallyNamed, type Match } from "./match.ts";
import type { Witnesses } from "./witnesses.ts";

/** Houses of many tenants: that another one is at the address says nothing. */
const HOUSES_OF_MANY = new Set(
  "market hall court center mall hotel arcade station shopping passage galleria".split(" "),
);
/**
 * The one place of an equal name or identifier, when it is farther away than that place is large. Several of a name say nothing, nor
 * does a restaurant at another address, which may be a branch that the map's selection lacks; and a town has several
 * churches of one saint.
 */
export function placeElsewhere(listing: Listing, witnesses: Witnesses): Match | undefined {
  const name = nameOf(listing);
  const { location } = listing;
  if (location === undefined || !isTellingName(name) || name.whole.words.includes("saint")) return undefined;
  const known = new Set([...witnesses.identified(listing), ...equallyNamed(listing, witnesses)]);
  const meant = [...known].filter(
    (witness) => witness.isMapData && !witness.gone && areOfOneKind(witness.listing, listing),
  );
  if (!areOnePlace(meant)) return undefined;
  const [nearest] = meant
    .flatMap((witness): (Match & { readonly apartM: number })[] => {
      const apartM = apartOf(listing, witness);
      return apartM === undefined ? [] : [{ kind: Kind.ELSEWHERE, witness, apartM }];
    })
    .sort((a, b) => a.apartM - b.apartM);
  if (nearest === undefined || nearest.apartM <= extentOf(nearest.witness.listing).nearM) return undefined;
  const isHouse = extentOf(nearest.witness.listing) === EXTENT.house;
  const isBranch = isHouse && addressesDiffer(toAddress(listing.address), nearest.witness.address);
  return isBranch ? undefined : nearest;
}

const EITHER: ReadonlySet<string | undefined> = new Set(["attraction", "experience"]);

/** A theatre is an attraction to one and an experience to another; a restaurant may only bear the name of a sight. */
const areOfOneKind = ({ details: a }: Listing, { details: b }: Listing): boolean =>
  a.case === b.case || (EITHER.has(a.case) && EITHER.has(b.case));

/**
 * The one tenant of the same kind that map data has at the address, under another name. Sights share addresses, and in a
 * market or a hotel there is room for many; a restaurant is followed by the next one.
 */
export function otherNamesThere(listing: Listing, witnesses: Witnesses): Match[] {
  const { details } = listing;
  if (details.case !== "restaurant" && details.case !== "experience") return [];
  const name = nameOf(listing);
  const address = toAddress(listing.address);
  const tenants = witnesses
    .housed(address)
    .flatMap((witness): Match[] => {
      const apartM = apartOf(listing, witness);
      const there =
        witness.listing.details.case === details.case &&
        addressesAgree(address, witness.address) &&
        (apartM === undefined || apartM <= SIMILAR_NAME_MAX_M);
      return there ? [{ kind: Kind.OTHER_NAME, witness, apartM }] : [];
    })
    .sort((a, b) => (a.apartM ?? 0) - (b.apartM ?? 0));
  const [first] = tenants;
  const isOne = tenants.every(
    ({ witness }) => first && likeness(first.witness.name, witness.name) !== "different",
  );
  const isOther = tenants.every(
    ({ witness }) =>
      areUnlike(name, witness.name) && !witness.name.whole.words.some((word) => HOUSES_OF_MANY.has(word)),
  );
  return isOne && isOther ? tenants : [];
}
